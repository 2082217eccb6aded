//! pread(2).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buffer, offset)
}
