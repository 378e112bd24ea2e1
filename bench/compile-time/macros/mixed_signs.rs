// The lesser of a signed number and an unsigned one is asked for.
// cwe: 195
// rustc: E0308
pub fn is_small(read: i32, room: u32) -> bool {
    #[cfg(misuse)]
    return std::cmp::min(read, room) == 0; // MISUSE
    #[cfg(not(misuse))]
    {
        std::cmp::min(read as u32, room) == 0
    }
}
