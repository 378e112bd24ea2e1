// A function returns a reference to its argument, which was a temporary.
// cwe: 416
// rustc: E0716
pub fn longer<'a>(one: &'a str, other: &'a str) -> &'a str {
    if one.len() < other.len() {
        other
    } else {
        one
    }
}

pub fn use_it(given: &str, name: fn() -> String) -> usize {
    let other = name();
    #[cfg(misuse)]
    let found = longer(given, &name()); // MISUSE
    #[cfg(not(misuse))]
    let found = longer(given, &other);
    found.len() + other.len()
}
