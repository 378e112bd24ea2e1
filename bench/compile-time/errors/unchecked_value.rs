// The value of a Result is taken although it may hold an error.
// cwe: 252
// rustc: E0308
pub fn use_it(text: &str) -> i32 {
    #[cfg(misuse)]
    let number: i32 = text.parse::<i32>(); // MISUSE
    #[cfg(not(misuse))]
    let number: i32 = text.parse::<i32>().unwrap_or(0);
    number
}
