// An Option is read without an answer to its being empty.
// cwe: 457
// rustc: E0005
pub fn use_it(found: Option<i32>) -> i32 {
    #[cfg(misuse)]
    let Some(value) = found; // MISUSE
    #[cfg(not(misuse))]
    let Some(value) = found
    else {
        return 0;
    };
    value
}
