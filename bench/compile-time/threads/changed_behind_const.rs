// A value that changes behind a reference to what is constant is lent to two threads.
// cwe: 362
// rustc: E0277
use std::cell::Cell;

pub fn use_it(cache: &Cell<i32>) -> i32 {
    #[cfg(not(misuse))]
    let cache = cache.get();
    std::thread::scope(|scope| {
        scope.spawn(|| read(&cache)); // MISUSE
    });
    read(&cache)
}

#[cfg(misuse)]
fn read(cache: &Cell<i32>) -> i32 {
    cache.replace(cache.get() + 1)
}
#[cfg(not(misuse))]
fn read(cache: &i32) -> i32 {
    *cache
}
