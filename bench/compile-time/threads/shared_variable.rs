// Two threads write to one variable at a time.
// cwe: 362
// rustc: E0499
pub fn use_it() -> i32 {
    let mut count = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| count += 1);
        #[cfg(misuse)]
        scope.spawn(|| count += 1); // MISUSE
    });
    count
}
