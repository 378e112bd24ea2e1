// A reference to what a lock guards is kept, and used when the lock was given back.
// cwe: 362
// rustc: E0505
use std::sync::Mutex;

pub fn use_it(count: &Mutex<i32>) -> i32 {
    let mut guard = count.lock().unwrap();
    let kept = &mut *guard;
    #[cfg(misuse)]
    drop(guard); // MISUSE
    *kept += 1;
    *kept
}
