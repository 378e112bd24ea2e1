// An enum is read as what it may not hold.
// cwe: 843
// rustc: E0005
pub enum Value<'a> {
    Number(i64),
    Pointer(&'a i64),
}

pub fn use_it(value: Value) -> i64 {
    #[cfg(misuse)]
    let Value::Pointer(pointer) = value; // MISUSE
    #[cfg(not(misuse))]
    let Value::Pointer(pointer) = value
    else {
        return 0;
    };
    *pointer
}
