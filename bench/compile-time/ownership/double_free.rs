// A block is freed twice.
// cwe: 415
// rustc: E0382
pub fn release(block: Box<i32>) {
    drop(block);
    #[cfg(misuse)]
    drop(block); // MISUSE
}
