// A text from outside is used as a format.
// cwe: 134
// rustc: "format argument must be a string literal"
pub fn log(text: &str) {
    #[cfg(misuse)]
    println!(text); // MISUSE
    #[cfg(not(misuse))]
    println!("{}", text);
}
