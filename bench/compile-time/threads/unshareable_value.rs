// A handle whose count is not atomic is handed to another thread.
// cwe: 366
// rustc: E0277
#[cfg(misuse)]
use std::rc::Rc as Handle;
#[cfg(not(misuse))]
use std::sync::Arc as Handle;

pub fn use_it(handle: Handle<i32>) {
    std::thread::spawn(move || println!("{handle}")); // MISUSE
}
