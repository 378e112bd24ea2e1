// A signed number becomes an index.
// cwe: 195
// rustc: E0277
pub fn pick(values: &[i32], offset: i32) -> i32 {
    #[cfg(misuse)]
    return values[offset]; // MISUSE
    #[cfg(not(misuse))]
    usize::try_from(offset).map_or(0, |index| values[index])
}
