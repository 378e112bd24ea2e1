// A lock is copied: two threads would take one each.
// cwe: 821
// rustc: E0507
use std::sync::Mutex;

pub fn use_it(count: &Mutex<i32>) -> i32 {
    #[cfg(misuse)]
    let mine = *count; // MISUSE
    #[cfg(not(misuse))]
    let mine = count;
    let value = *mine.lock().unwrap();
    value
}
