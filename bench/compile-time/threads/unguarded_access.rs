// What a mutex guards is changed without it.
// cwe: 820
// rustc: E0368
use std::sync::Mutex;

pub fn add(count: &Mutex<i32>, value: i32) {
    #[cfg(misuse)]
    let () = *count += value; // MISUSE
    #[cfg(not(misuse))]
    let () = *count.lock().unwrap() += value;
}
