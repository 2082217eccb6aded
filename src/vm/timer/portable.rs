//! The timer of one clock where there is no timerfd: a sleep of tokio, in steps of 1 ms.

use super::{STEADY, SYSTEM};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::time::Sleep;

/// The wall clock may be set, and nothing tells: it is looked at this often.
const RECHECK: Duration = Duration::from_secs(1);

pub struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    clock: i32,
}

impl Alarm {
    pub fn new(clock: i32) -> io::Result<Self> {
        Ok(Self { sleep: None, clock })
    }

    /// Rings once when the clock reaches `deadline`, or at once when it has.
    pub fn set(&mut self, deadline: i64) -> io::Result<()> {
        let left = u64::try_from(deadline.saturating_sub(now(self.clock))).unwrap_or(0);
        let mut delay = Duration::from_nanos(left);
        if self.clock == SYSTEM {
            delay = delay.min(RECHECK);
        }
        self.sleep = Some(Box::pin(tokio::time::sleep(delay)));
        Ok(())
    }

    /// Whether it rang since the last call; else wakes the task of `cx` when it does.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let rang = match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(cx) == Poll::Ready(()),
            None => false,
        };
        if rang {
            self.sleep = None;
        }
        Ok(rang)
    }
}

/// The monotonic time in nanoseconds.
pub fn coarse() -> i64 {
    now(STEADY)
}

/// The time of a clock in nanoseconds.
pub fn now(clock: i32) -> i64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let time = if clock == STEADY {
        START.get_or_init(Instant::now).elapsed()
    } else {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    };
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
