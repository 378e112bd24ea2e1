// A function returns a reference to its own variable.
// cwe: 562
// rustc: E0515
pub fn largest(values: &[i32; 2]) -> &i32 {
    let local = values[0].max(values[1]);
    #[cfg(misuse)]
    return &local; // MISUSE
    #[cfg(not(misuse))]
    &values[usize::from(local == values[1])]
}
