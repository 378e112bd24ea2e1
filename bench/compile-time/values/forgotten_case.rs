// A match over an enumeration forgets a value.
// cwe: 478
// rustc: E0004
pub enum State {
    Open,
    Closed,
    Broken,
}

pub fn use_it(state: State) -> i32 {
    // MISUSE
    match state {
        State::Open => 1,
        State::Closed => 2,
        #[cfg(not(misuse))]
        State::Broken => 3,
    }
}
