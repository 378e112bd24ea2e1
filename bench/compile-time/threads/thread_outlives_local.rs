// A thread keeps a reference to a variable of a function that returns before it ends.
// cwe: 562
// rustc: E0373
use std::thread::{spawn, JoinHandle};

pub fn start(given: i32) -> JoinHandle<i32> {
    let count = given;
    #[cfg(misuse)]
    return spawn(|| count + 1); // MISUSE
    #[cfg(not(misuse))]
    spawn(move || count + 1)
}
