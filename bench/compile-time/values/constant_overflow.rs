// A constant expression overflows an i32.
// cwe: 190
// rustc: arithmetic_overflow
pub fn use_it(value: i32) -> i32 {
    #[cfg(misuse)]
    let limit = 2_147_483_647_i32 + 1; // MISUSE
    #[cfg(not(misuse))]
    let limit = 2_147_483_646_i32 + 1;
    value.min(limit)
}
