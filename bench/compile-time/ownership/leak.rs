// A block is allocated, used and never freed: a leak is no breach of memory safety in Rust either.
// cwe: 401
// rustc: accepts
pub fn use_it(value: i32) -> i32 {
    let block = Box::new(value);
    let result = *block;
    #[cfg(misuse)]
    std::mem::forget(block); // MISUSE
    result
}
