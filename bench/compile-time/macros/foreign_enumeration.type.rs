// A table that only its own enumeration indexes is indexed by another one.
// cwe: 129
// rustc: E0308
use std::ops::Index;

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

pub struct Factors(pub [i32; 3]);

impl Index<Severity> for Factors {
    type Output = i32;
    fn index(&self, severity: Severity) -> &i32 {
        &self.0[severity as usize]
    }
}

pub fn factor_of(factors: &Factors, code: Code, severity: Severity) -> i32 {
    #[cfg(misuse)]
    return factors[code] + severity as i32; // MISUSE
    #[cfg(not(misuse))]
    {
        factors[severity] + code as i32
    }
}
