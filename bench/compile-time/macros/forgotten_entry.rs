// A table lacks an entry for the last value of an enumeration.
// cwe: 131
// rustc: E0308
#[derive(Clone, Copy)]
pub enum Code {
    Opened,
    Moved,
    Closed,
}

const COUNT: usize = 1 + Code::Closed as usize;

#[cfg(misuse)]
static NAMES: [&str; COUNT] = ["opened", "moved"]; // MISUSE
#[cfg(not(misuse))]
static NAMES: [&str; COUNT] = ["opened", "moved", "closed"];

pub fn name_of(code: Code) -> &'static str {
    NAMES[code as usize]
}
