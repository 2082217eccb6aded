//! ReadFile at an offset.

use std::fs::File;
use std::io;
use std::os::windows::fs::FileExt;

pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(buffer, offset)
}
