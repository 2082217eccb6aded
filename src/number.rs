//! Decimal texts of doubles, correctly rounded (ties to even), where `string.format` of LuaJIT rounds ties up.

use crate::bridge::{copy_text, guard, operations};
use std::ffi::c_char;
use std::fmt::Write;

operations! {
    text: fn(f64, i32, i32, *mut c_char, i32) -> i32;
    is_ascii: fn(*const u8, usize) -> i32;
}

/// Longest text: 309 digits before the point and [`MOST`] behind it, and a little.
const LONGEST: usize = 1600;
/// Digits behind the point beyond which a double only has zeros; the Lua half adds those.
const MOST: usize = 1100;
/// Added to a style: the point is always written, and zeros of `g` are kept.
const ALTERNATE: i32 = 0x100;

/// A text on the stack.
struct Text {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Self {
            bytes: [0; LONGEST],
            len: 0,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn zeros(&mut self, n: usize) {
        self.bytes[self.len..self.len + n].fill(b'0');
        self.len += n;
    }
}

impl Write for Text {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        self.push(s.as_bytes());
        Ok(())
    }
}

/// The significant digits of a number and the decimal exponent of the first one.
struct Decimal {
    digits: Text,
    exponent: i32,
}

impl Decimal {
    /// Exactly `n` digits, or the fewest that read back equal.
    fn of(x: f64, n: Option<usize>) -> Self {
        let mut text = Text::new();
        // Writing into a `Text` does not fail.
        let _ = match n {
            Some(n) => write!(text, "{x:.*e}", n - 1),
            None => write!(text, "{x:e}"),
        };
        let all = text.as_bytes();
        let e = all.iter().rposition(|b| *b == b'e').unwrap_or(all.len());
        let exponent = std::str::from_utf8(&all[(e + 1).min(all.len())..])
            .ok()
            .and_then(|s| s.parse().ok())
            .unwrap_or(0);
        let mut digits = Text::new();
        digits.push(&all[..1]);
        if e > 2 {
            digits.push(&all[2..e]);
        }
        Self { digits, exponent }
    }

    /// The fewest digits that read back equal, the nearest of those, the even ones of two that are as near.
    fn shortest(x: f64) -> Self {
        let found = Self::of(x, None);
        // Exactly between two texts are only numbers whose lowest set bit stands for 2^(exponent - digits): such a
        // number has one decimal digit more than they have.
        let bits = x.to_bits();
        let last = (bits >> 52).max(1) as i32 - 1075
            + ((bits & ((1 << 52) - 1)) | (1 << 52)).trailing_zeros() as i32;
        if last != found.exponent - found.digits.len as i32 {
            return found;
        }
        let rounded = Self::of(x, Some(found.digits.len));
        let mut text = Text::new();
        rounded.scientific(&mut text, false);
        let read = std::str::from_utf8(text.as_bytes()).map(str::parse);
        if read == Ok(Ok(x)) { rounded } else { found }
    }

    /// Without the zeros at the end.
    fn trim(&mut self) {
        while self.digits.len > 1 && self.digits.bytes[self.digits.len - 1] == b'0' {
            self.digits.len -= 1;
        }
    }

    /// `1.5e+20`
    fn scientific(&self, out: &mut Text, alternate: bool) {
        let digits = self.digits.as_bytes();
        out.push(&digits[..1]);
        if digits.len() > 1 || alternate {
            out.push(b".");
        }
        out.push(&digits[1..]);
        let sign = if self.exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", self.exponent.unsigned_abs());
    }

    /// `0.0015`
    fn positional(&self, out: &mut Text, alternate: bool) {
        let digits = self.digits.as_bytes();
        let Ok(before) = usize::try_from(self.exponent + 1) else {
            out.push(b"0.");
            out.zeros(usize::try_from(-1 - self.exponent).unwrap_or(0));
            return out.push(digits);
        };
        if before == 0 {
            out.push(b"0.");
            return out.push(digits);
        }
        let split = before.min(digits.len());
        out.push(&digits[..split]);
        out.zeros(before - split);
        if split < digits.len() || alternate {
            out.push(b".");
        }
        out.push(&digits[split..]);
    }
}

/// The text of a finite `x` that is not negative. `style` is `b'e'`, `b'f'` or `b'g'` as in C, or `b's'`: the shortest
/// text that reads back equal, with an exponent below 1e-4 and from 1e16.
extern "C" fn text(x: f64, style: i32, precision: i32, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| {
        let alternate = style & ALTERNATE != 0;
        let precision = usize::try_from(precision).unwrap_or(0).min(MOST);
        let mut out = Text::new();
        match u8::try_from(style & !ALTERNATE).unwrap_or(0) {
            b'f' => {
                let _ = write!(out, "{x:.precision$}");
                if precision == 0 && alternate {
                    out.push(b".");
                }
            }
            b'e' => Decimal::of(x, Some(precision + 1)).scientific(&mut out, alternate),
            b'g' => {
                let precision = precision.max(1);
                let mut decimal = Decimal::of(x, Some(precision));
                let limit = i32::try_from(precision).unwrap_or(i32::MAX);
                let scientific = decimal.exponent < -4 || decimal.exponent >= limit;
                if !alternate {
                    decimal.trim();
                }
                if scientific {
                    decimal.scientific(&mut out, alternate);
                } else {
                    decimal.positional(&mut out, alternate);
                }
            }
            _ => {
                let decimal = Decimal::shortest(x);
                if decimal.exponent < -4 || decimal.exponent >= 16 {
                    decimal.scientific(&mut out, alternate);
                } else {
                    decimal.positional(&mut out, alternate);
                }
            }
        }
        copy_text(out.as_bytes(), buffer, size)
    })
}

/// Whether the `len` bytes are all ASCII.
extern "C" fn is_ascii(bytes: *const u8, len: usize) -> i32 {
    // SAFETY: the Lua half passes a string and at most its length.
    i32::from(unsafe { std::slice::from_raw_parts(bytes, len) }.is_ascii())
}
