// Numbers of 32 and 64 bits are exchanged.
// cwe: 197
// rustc: E0308
pub fn order(from: &mut u64, to: &mut u64, narrow: &mut u32) {
    *narrow = 0;
    #[cfg(misuse)]
    std::mem::swap(from, narrow); // MISUSE
    #[cfg(not(misuse))]
    std::mem::swap(from, to);
    *to += 1;
}
