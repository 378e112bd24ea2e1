// A vector grows while a loop walks over it.
// cwe: 416
// rustc: E0502
pub fn repeat_even(values: &mut Vec<i32>) {
    let mut added = Vec::new();
    for value in values.iter() {
        #[cfg(misuse)]
        values.push(*value); // MISUSE
        added.push(*value);
    }
    values.append(&mut added);
}
