// A sum of numbers from outside may overflow: compiled; it panics or wraps, by profile.
// cwe: 190
// rustc: accepts
pub fn use_it(one: i32, other: i32) -> i32 {
    #[cfg(misuse)]
    return one + other; // MISUSE
    #[cfg(not(misuse))]
    one.checked_add(other).unwrap_or(0)
}
