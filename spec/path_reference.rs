//! What Rust's std::path makes of paths, for spec/filesystem_property_spec.lua: two texts on a line, in hexadecimal, give
//! whether the first is absolute, both joined, and name, stem and extension of the first.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

fn decode(hex: &str) -> OsString {
    let digits = hex.trim_start_matches('x').as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    OsString::from_vec(digits.chunks(2).map(byte).collect())
}

fn encode(text: &OsStr) -> String {
    text.as_bytes().iter().fold("x".into(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn main() {
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let (a, b) = line.split_once(' ').unwrap();
        let (a, b) = (decode(a), decode(b));
        let path = Path::new(&a);
        let name = |part: Option<&OsStr>| encode(part.unwrap_or_default());
        println!(
            "{} {} {} {} {}",
            path.is_absolute(),
            encode(path.join(b).as_os_str()),
            name(path.file_name()),
            name(path.file_stem()),
            name(path.extension()),
        );
    }
}
