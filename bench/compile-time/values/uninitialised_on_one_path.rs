// A variable is written on one of two paths, and read after both.
// cwe: 457
// rustc: E0381
pub fn use_it(known: bool, value: i32) -> i32 {
    let result: i32;
    if known {
        result = value;
    } else {
        #[cfg(not(misuse))]
        return 0;
    }
    result // MISUSE
}
