// Nothing is passed where the function takes a reference.
// cwe: 476
// rustc: E0308
pub fn read(value: &i32) -> i32 {
    *value
}

pub fn use_it(value: &i32) -> i32 {
    #[cfg(misuse)]
    return read(None); // MISUSE
    #[cfg(not(misuse))]
    read(value)
}
