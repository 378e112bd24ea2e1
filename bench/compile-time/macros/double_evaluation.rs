// An argument with a side effect is handed to a macro that evaluates it twice.
// cwe: 675
// rustc: accepts
macro_rules! min {
    ($a:expr, $b:expr) => {
        if $a < $b {
            $a
        } else {
            $b
        }
    };
}

pub fn granted(limits: &mut Vec<i32>, most: i32) -> Option<i32> {
    #[cfg(misuse)]
    return Some(min!(limits.pop()?, most)); // MISUSE
    #[cfg(not(misuse))]
    {
        let taken = limits.pop()?;
        Some(min!(taken, most))
    }
}
