// Offset and length are swapped: both are numbers.
// cwe: 683
// rustc: accepts
pub fn sum(values: &[i32], offset: usize, length: usize) -> i32 {
    values.iter().skip(offset).take(length).sum()
}

pub fn use_it(values: &[i32], from: usize, count: usize) -> i32 {
    #[cfg(misuse)]
    return sum(values, count, from); // MISUSE
    #[cfg(not(misuse))]
    sum(values, from, count)
}
