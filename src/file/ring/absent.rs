//! Platforms without a ring: none is ever made.

use crate::file::request::Request;
use std::convert::Infallible;
use std::io;
use std::task::Waker;

pub struct Ring(Infallible);

impl Ring {
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn watch(&mut self, _: &Waker) -> io::Result<()> {
        match self.0 {}
    }

    pub fn push(&mut self, _: u64, _: &Request, _: Option<u64>) -> bool {
        match self.0 {}
    }

    pub fn push_cancellation(&mut self, _: u64) -> bool {
        match self.0 {}
    }

    pub fn submit(&self) -> io::Result<usize> {
        match self.0 {}
    }

    pub fn drain(&mut self, _: impl FnMut(u64, io::Result<usize>)) {
        match self.0 {}
    }

    pub fn wait(&self) -> io::Result<usize> {
        match self.0 {}
    }
}
