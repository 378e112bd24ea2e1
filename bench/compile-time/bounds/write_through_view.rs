// A slice that may only be read is written to.
// cwe: 471
// rustc: E0594
pub fn first(values: &[i32], scratch: &mut [i32]) -> i32 {
    #[cfg(misuse)]
    let () = values[0] = 1; // MISUSE
    scratch[0] = 1;
    values[0] + scratch[0]
}
