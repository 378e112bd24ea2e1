// A function says by its result that it failed, and nobody looks: a lint that is a warning by default.
// cwe: 252
// rustc: unused_must_use
pub fn write(value: i32) -> Result<(), i32> {
    if value < 0 {
        Err(value)
    } else {
        Ok(())
    }
}

pub fn use_it(value: i32) -> bool {
    #[cfg(misuse)]
    write(value); // MISUSE
    write(value + 1).is_ok()
}
