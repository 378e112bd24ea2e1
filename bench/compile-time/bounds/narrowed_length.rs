// A length of 64 bits is kept in 32.
// cwe: 197
// rustc: E0308
pub fn length(bytes: u64) -> u32 {
    #[cfg(misuse)]
    let narrow: u32 = bytes; // MISUSE
    #[cfg(not(misuse))]
    let narrow: u32 = u32::try_from(bytes).unwrap_or(u32::MAX);
    narrow
}
