// An owner is copied out of a reference: two would free one block.
// cwe: 415
// rustc: E0507
pub fn twice(owner: &Box<i32>) -> i32 {
    #[cfg(misuse)]
    let second: Box<i32> = *owner; // MISUSE
    #[cfg(not(misuse))]
    let second: Box<i32> = owner.clone();
    2 * *second
}
