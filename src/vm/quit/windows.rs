//! Windows has no SIGQUIT.

use std::io;
use std::task::Waker;

pub struct Quit;

impl Quit {
    pub fn new(_: Waker) -> io::Result<Self> {
        Ok(Self)
    }

    pub fn poll(&mut self) -> bool {
        false
    }
}
