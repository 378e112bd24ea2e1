// Two threads send through the one end of a queue that is for one sender.
// cwe: 362
// rustc: E0499
pub struct Sender<'a>(&'a mut i32);

impl Sender<'_> {
    pub fn push(&mut self, message: i32) {
        *self.0 = message;
    }
}

pub fn use_it(mut sender: Sender) {
    std::thread::scope(|scope| {
        scope.spawn(|| sender.push(1));
        #[cfg(misuse)]
        scope.spawn(|| sender.push(2)); // MISUSE
    });
}
