// A product that becomes the size of a block overflows: compiled; it panics or wraps, by profile.
// cwe: 190
// rustc: accepts
pub fn table(rows: usize, columns: usize) -> Vec<i32> {
    #[cfg(misuse)]
    return vec![0; rows * columns]; // MISUSE
    #[cfg(not(misuse))]
    vec![0; rows.checked_mul(columns).unwrap_or(0)]
}
