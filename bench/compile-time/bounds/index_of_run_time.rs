// An index comes from outside: compiled, and checked when it runs.
// cwe: 129
// rustc: accepts
pub fn pick(values: &[i32], index: usize) -> i32 {
    #[cfg(misuse)]
    return values[index]; // MISUSE
    #[cfg(not(misuse))]
    values.get(index).copied().unwrap_or(0)
}
