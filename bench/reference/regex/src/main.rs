//! `regex FILE SCALE`: the searches of bench/emilua/regex.lua over the text of a file.

use regex::bytes::Regex;

fn cpu() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock exists and `time` is writable.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn megabytes(text: &[u8], scale: f64, body: impl Fn()) -> f64 {
    let count = (100.0 * scale).max(1.0) as usize;
    for _ in 0..count.div_ceil(10) {
        body();
    }
    let start = cpu();
    for _ in 0..count {
        body();
    }
    text.len() as f64 * count as f64 / 1e6 / (cpu() - start)
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("a file");
    let scale = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(1.0);
    let text = std::fs::read(path).expect("a text");
    let absent = Regex::new(r"(?-u)GET /[a-z]+/[a-z]+\.php").expect("a pattern");
    println!(
        "search_mb_per_s {}",
        megabytes(&text, scale, || assert!(absent.find(&text).is_none()))
    );
    let status = Regex::new(r"(?-u) 4[0-9][0-9] [0-9]+\n").expect("a pattern");
    let count = status.find_iter(&text).count();
    println!(
        "matches_mb_per_s {}",
        megabytes(&text, scale, || assert!(status.find_iter(&text).count() == count))
    );
}
