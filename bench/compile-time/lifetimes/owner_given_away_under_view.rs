// A string is given away while a slice of it is still used.
// cwe: 416
// rustc: E0505
pub fn use_it(text: String, consume: fn(String) -> usize) -> usize {
    let view: &str = &text;
    let size = view.len();
    #[cfg(misuse)]
    let consumed = consume(text); // MISUSE
    #[cfg(not(misuse))]
    let consumed = consume(view.to_string());
    consumed + view.len() + size
}
