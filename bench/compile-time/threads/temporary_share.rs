// A configuration is referred to through a share that ends with the statement: an update frees it under its reader.
// cwe: 416
// rustc: E0716
use std::sync::{Arc, Mutex};

pub fn load(store: &Mutex<Arc<i32>>) -> Arc<i32> {
    store.lock().unwrap().clone()
}

pub fn use_it(store: &Mutex<Arc<i32>>) -> i32 {
    #[cfg(misuse)]
    let config: &i32 = load(store).as_ref(); // MISUSE
    #[cfg(not(misuse))]
    let config = load(store);
    let value: &i32 = &config;
    *value
}
