// An owner is used after it was given away.
// cwe: 476
// rustc: E0382
pub fn use_it(owner: Box<i32>) -> i32 {
    let mut value = *owner;
    drop(owner);
    #[cfg(misuse)]
    let read = *owner; // MISUSE
    #[cfg(not(misuse))]
    let read = value;
    value += read;
    value
}
