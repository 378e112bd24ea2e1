// A returned closure refers to a variable of the function that made it.
// cwe: 562
// rustc: E0373
pub fn counter(start: i32) -> impl Fn() -> i32 {
    let count = start;
    #[cfg(misuse)]
    return || count + 1; // MISUSE
    #[cfg(not(misuse))]
    move || count + 1
}
