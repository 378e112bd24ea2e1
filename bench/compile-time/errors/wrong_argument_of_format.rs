// A value is printed in a form that its type does not have.
// cwe: 686
// rustc: E0277
pub fn log(value: f64) {
    #[cfg(misuse)]
    println!("{:x}", value); // MISUSE
    #[cfg(not(misuse))]
    println!("{}", value);
}
