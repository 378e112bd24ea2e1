// A struct that keeps a reference to a parameter is returned.
// cwe: 416
// rustc: E0515
pub struct Name<'a> {
    pub text: &'a str,
}

#[cfg(misuse)]
pub fn name<'a>(text: String) -> Name<'a> {
    Name { text: &text } // MISUSE
}
#[cfg(not(misuse))]
pub fn name(text: &str) -> Name<'_> {
    Name { text }
}
