// A variable is read that nothing was written to.
// cwe: 457
// rustc: E0381
pub fn use_it(value: i32) -> i32 {
    let result: i32;
    #[cfg(misuse)]
    println!("{}", result); // MISUSE
    result = value;
    result
}
