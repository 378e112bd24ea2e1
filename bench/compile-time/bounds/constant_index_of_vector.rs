// A vector of four is read one past its end: compiled, and a panic when it runs.
// cwe: 125
// rustc: accepts
pub fn use_it() -> i32 {
    let values = vec![1, 2, 3, 4];
    #[cfg(misuse)]
    return values[4]; // MISUSE
    #[cfg(not(misuse))]
    values[3]
}
