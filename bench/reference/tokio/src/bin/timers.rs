//! Sleeps of random 0 to 1 s, one task each: `timers SCALE`, 100,000 times that. Prints the process CPU and the p99
//! lateness.

use std::time::{Duration, Instant};

/// The generator of bench/emilua/timers.lua, so that both sleep for the same spans.
fn durations(count: usize) -> impl Iterator<Item = Duration> {
    let mut state: u32 = 1;
    (0..count).map(move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Duration::from_secs_f64(f64::from(state) / 4_294_967_296.0)
    })
}

fn process_cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` outlives the call, which only writes to it.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn main() {
    let scale: f64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let count = 1 + (100_000.0 * scale) as usize;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let started = process_cpu();
    let mut lateness = runtime.block_on(async {
        let tasks: Vec<_> = durations(count)
            .map(|duration| {
                tokio::spawn(async move {
                    let due = Instant::now() + duration;
                    tokio::time::sleep(duration).await;
                    due.elapsed().as_secs_f64()
                })
            })
            .collect();
        let mut lateness = Vec::with_capacity(count);
        for task in tasks {
            lateness.push(task.await.expect("no task panics"));
        }
        lateness
    });
    println!("cpu_s {}", process_cpu() - started);
    lateness.sort_by(f64::total_cmp);
    println!("p99_ms {}", lateness[count * 99 / 100] * 1e3);
}
