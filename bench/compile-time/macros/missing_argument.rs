// A format asks for one argument more than there are.
// cwe: 685
// rustc: "2 positional arguments in format string"
pub fn log(value: i32) {
    #[cfg(misuse)]
    println!("{} of {}", value); // MISUSE
    #[cfg(not(misuse))]
    println!("{}", value);
}
