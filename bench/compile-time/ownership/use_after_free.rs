// A block is read through a reference after it was freed.
// cwe: 416
// rustc: E0505
pub fn use_it(block: Box<i32>) -> i32 {
    let reference: &i32 = &block;
    let value = *reference;
    #[cfg(misuse)]
    drop(block); // MISUSE
    value + *reference
}
