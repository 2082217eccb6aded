//! Why a text is no document: serde_json's errors as the codes of the chapter.

use std::ffi::c_int;
use std::fmt::Write;

/// Codes of the category of values, `emilua.json.dom`.
pub const OUT_OF_RANGE: c_int = 1;
pub const TOO_DEEP: c_int = 2;
pub const TOO_LONG: c_int = 3;

/// Codes of the category of syntax, `trial.protocol.json`.
const UNEXPECTED_TOKEN: c_int = 1;
const INVALID_KEY: c_int = 2;
const UNBALANCED_END_ARRAY: c_int = 5;
const UNBALANCED_END_OBJECT: c_int = 6;
const EXPECTED_END_ARRAY: c_int = 7;
const EXPECTED_END_OBJECT: c_int = 8;
const NEEDS_MORE: c_int = 9;

/// Where in its container the innermost error lies.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Top,
    FirstElement,
    Element,
    FirstKey,
    Key,
    /// Behind a key: the colon or the value.
    Member,
}

/// The text of an error without its position. It owns no memory, for Lua may raise while it is pushed.
#[derive(Clone, Copy)]
pub struct Text {
    pub bytes: [u8; 96],
    pub len: usize,
}

impl Text {
    const EMPTY: Self = Self {
        bytes: [0; 96],
        len: 0,
    };

    pub fn of(error: &serde_json::Error) -> Self {
        let mut text = Self::EMPTY;
        // serde_json's texts are shorter; what does not fit is left out.
        let _ = write!(text, "{error}");
        if let Some(end) = memchr::memmem::rfind(text.as_bytes(), b" at line ") {
            text.len = end;
        }
        text
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Write for Text {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let room = &mut self.bytes[self.len..];
        let n = s.len().min(room.len());
        room[..n].copy_from_slice(&s.as_bytes()[..n]);
        self.len += n;
        Ok(())
    }
}

/// An error of the parser or the visitor.
#[derive(Clone, Copy)]
pub struct Failure {
    /// The visitor's code, or 0.
    pub code: c_int,
    pub place: Place,
    /// The text ends too early.
    pub at_end: bool,
    /// The parser's position: the byte that it did not like, as it counts.
    pub line: usize,
    pub column: usize,
    pub text: Text,
}

impl Failure {
    /// The byte after the first `at` ones is no UTF-8.
    pub fn invalid_text(at: usize) -> Self {
        let mut text = Text::EMPTY;
        let _ = text.write_str("invalid UTF-8");
        // Its line is left to `offset`, for which a column of the first line may be of any size.
        Self {
            code: 0,
            place: Place::Top,
            at_end: false,
            line: 1,
            column: at + 1,
            text,
        }
    }

    /// Index of the offending byte, from 1; one beyond the end if the text ends too early.
    pub fn offset(&self, document: &[u8]) -> usize {
        if self.at_end {
            return document.len() + 1;
        }
        let start = match self.line {
            0 | 1 => 0,
            line => memchr::memchr_iter(b'\n', document)
                .nth(line - 2)
                .map_or(0, |at| at + 1),
        };
        (start + self.column).clamp(1, document.len() + 1)
    }

    /// Category (1 syntax, 2 values) and code; `byte` is the offending one.
    pub fn code(&self, byte: Option<u8>) -> (f64, c_int) {
        if self.code != 0 {
            return (2.0, self.code);
        }
        let code = match (self.text.as_bytes(), self.place) {
            (b"EOF while parsing a list", Place::Element) => EXPECTED_END_ARRAY,
            (b"EOF while parsing an object", Place::Key) => EXPECTED_END_OBJECT,
            _ if self.at_end => NEEDS_MORE,
            (b"expected `,` or `]`", _) => EXPECTED_END_ARRAY,
            (b"expected `,` or `}`", _) => EXPECTED_END_OBJECT,
            (b"expected value", Place::FirstElement) if byte == Some(b'}') => EXPECTED_END_ARRAY,
            (b"expected value", Place::Top) if byte == Some(b']') => UNBALANCED_END_ARRAY,
            (b"expected value", Place::Top) if byte == Some(b'}') => UNBALANCED_END_OBJECT,
            (b"key must be a string", _) => match byte {
                Some(b']') => EXPECTED_END_OBJECT,
                Some(b',' | b':') => UNEXPECTED_TOKEN,
                _ => INVALID_KEY,
            },
            _ => UNEXPECTED_TOKEN,
        };
        (1.0, code)
    }
}
