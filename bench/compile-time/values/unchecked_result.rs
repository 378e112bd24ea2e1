// A search may find nothing, and its result is read all the same.
// cwe: 476
// rustc: E0614
pub fn use_it(find: fn(i32) -> Option<i32>) -> i32 {
    let found = find(7);
    #[cfg(misuse)]
    return *found; // MISUSE
    #[cfg(not(misuse))]
    found.unwrap_or(0)
}
