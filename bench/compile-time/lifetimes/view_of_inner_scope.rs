// A slice outlives the scope of the string that it was taken of.
// cwe: 416
// rustc: E0597
pub fn use_it(name: fn() -> String) -> Option<usize> {
    let outer = name();
    let view: &str;
    {
        let inner = name();
        #[cfg(misuse)]
        let taken = &inner; // MISUSE
        #[cfg(not(misuse))]
        let taken = if inner.is_empty() { "" } else { &outer };
        view = taken;
    }
    view.find('x').or(outer.find('y'))
}
