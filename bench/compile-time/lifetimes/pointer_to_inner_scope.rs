// A reference outlives the scope of the variable that it points to.
// cwe: 416
// rustc: E0597
pub fn use_it(fill: fn() -> [i32; 2]) -> i32 {
    let outer = fill();
    let pointer: &[i32];
    {
        let inner = fill();
        let first = inner[0];
        println!("{first}");
        #[cfg(misuse)]
        let taken = &inner; // MISUSE
        #[cfg(not(misuse))]
        let taken = &outer;
        pointer = taken;
    }
    pointer[0] + outer[0]
}
