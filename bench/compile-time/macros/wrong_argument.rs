// A macro that takes any number of arguments is given something that it cannot write.
// cwe: 686
// rustc: E0277
pub trait Piece {
    fn put(&self);
}

impl Piece for &str {
    fn put(&self) {}
}

impl Piece for i32 {
    fn put(&self) {}
}

fn put_piece(piece: impl Piece) {
    piece.put();
}

macro_rules! put {
    ($($piece:expr),+) => { $(put_piece($piece);)+ };
}

pub fn log(point: (i32, i32)) {
    #[cfg(misuse)]
    put!("at ", point); // MISUSE
    #[cfg(not(misuse))]
    put!("at ", point.0);
}
