// Offset and length are swapped, and each is a type of its own.
// cwe: 683
// rustc: E0308
pub struct Offset(pub usize);
pub struct Length(pub usize);

pub fn sum(values: &[i32], offset: Offset, length: Length) -> i32 {
    values.iter().skip(offset.0).take(length.0).sum()
}

pub fn use_it(values: &[i32], from: Offset, count: Length) -> i32 {
    #[cfg(misuse)]
    return sum(values, count, from); // MISUSE
    #[cfg(not(misuse))]
    sum(values, from, count)
}
