// A reference to an element is used after the vector has grown.
// cwe: 416
// rustc: E0502
pub fn use_it(values: &mut Vec<i32>) -> i32 {
    let first = &values[0];
    #[cfg(misuse)]
    values.push(2); // MISUSE
    *first
}
