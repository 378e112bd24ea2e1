// A slice outlives the temporary string that it was taken of.
// cwe: 416
// rustc: E0716
pub fn use_it(name: fn() -> String) -> Option<usize> {
    #[cfg(misuse)]
    let view: &str = name().as_str(); // MISUSE
    #[cfg(not(misuse))]
    let kept = name();
    #[cfg(not(misuse))]
    let view: &str = kept.as_str();
    view.find('x')
}
