// An array is read one past its end, with a constant index.
// cwe: 125
// rustc: unconditional_panic
pub fn use_it(values: [i32; 4]) -> i32 {
    #[cfg(misuse)]
    return values[4]; // MISUSE
    #[cfg(not(misuse))]
    values[3]
}
