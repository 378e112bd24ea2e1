// A block is read after another function freed it.
// cwe: 416
// rustc: E0382
pub fn release(block: Box<i32>) {
    drop(block);
}

pub fn use_it(block: Box<i32>) -> i32 {
    let _value = *block;
    release(block);
    #[cfg(misuse)]
    return *block; // MISUSE
    #[cfg(not(misuse))]
    _value
}
