// The kernel whose product overflows is evaluated at compile time.
// cwe: 190
// rustc: E0080
pub const fn factorial(n: i32) -> i32 {
    let mut product: i32 = 1;
    let mut i = 2;
    while i <= n {
        product *= i;
        i += 1;
    }
    product
}

#[cfg(misuse)]
pub const LARGE: i32 = factorial(13); // MISUSE
#[cfg(not(misuse))]
pub const LARGE: i32 = factorial(12);
