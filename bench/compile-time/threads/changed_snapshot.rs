// What readers hold a share of is written to, instead of being replaced.
// cwe: 362
// rustc: E0594
use std::sync::Arc;

pub struct Config {
    pub limit: i32,
}

pub fn use_it(current: &mut Arc<Config>, limit: i32) {
    #[cfg(misuse)]
    let () = current.limit = limit; // MISUSE
    #[cfg(not(misuse))]
    let () = *current = Arc::new(Config { limit });
}
