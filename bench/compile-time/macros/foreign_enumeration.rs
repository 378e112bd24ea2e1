// A table that belongs to one enumeration is indexed by another one, which has more values.
// cwe: 129
// rustc: accepts
#[derive(Clone, Copy)]
pub enum Severity {
    Debug,
    Warning,
    Failure,
}
#[derive(Clone, Copy)]
pub enum Code {
    Opened,
    Moved,
    Closed,
    Lost,
}

pub fn factor_of(factors: &[i32; 3], code: Code, severity: Severity) -> i32 {
    #[cfg(misuse)]
    return factors[code as usize] + severity as i32; // MISUSE
    #[cfg(not(misuse))]
    {
        factors[severity as usize] + code as i32
    }
}
