//! The kernel timer of one clock: timerfd_create(2). It has nanosecond resolution, where the
//! timer wheel of tokio has steps of 1 ms.

use super::{STEADY, SYSTEM};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::clock_gettime;
use std::io;
use std::os::fd::AsRawFd;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A timerfd that is watched edge-triggered, so that it never needs to be read: setting it anew
/// resets its count.
pub struct Alarm {
    timer: AsyncFd<Descriptor>,
    clock: i32,
}

/// `AsyncFd` asks for `AsRawFd`, which nix's type does not have.
struct Descriptor(TimerFd);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> i32 {
        use std::os::fd::AsFd;
        self.0.as_fd().as_raw_fd()
    }
}

impl Alarm {
    pub fn new(clock: i32) -> io::Result<Self> {
        let id = if clock == SYSTEM {
            ClockId::CLOCK_REALTIME
        } else {
            ClockId::CLOCK_MONOTONIC
        };
        let timer = TimerFd::new(id, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        let descriptor = Descriptor(timer);
        // SAFETY: a timerfd owns its descriptor as long as it lives.
        let timer = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }?;
        Ok(Self { timer, clock })
    }

    /// Rings once when the clock reaches `deadline`, or at once when it has.
    pub fn set(&mut self, deadline: i64) -> io::Result<()> {
        let mut flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME;
        if self.clock == SYSTEM {
            flags |= TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        }
        // Zero would stop the timer instead of making it ring.
        let time = Duration::from_nanos(deadline.max(1) as u64);
        self.timer
            .get_ref()
            .0
            .set(Expiration::OneShot(TimeSpec::from(time)), flags)?;
        Ok(())
    }

    /// Whether it rang, or its clock was set, since the last call; else wakes the task of `cx` then.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let mut rang = false;
        while let Poll::Ready(guard) = self.timer.poll_read_ready(cx) {
            guard?.clear_ready();
            rang = true;
        }
        Ok(rang)
    }
}

/// The monotonic time in nanoseconds at the last tick of the kernel: 5 ns instead of 20.
pub fn coarse() -> i64 {
    // It exists on every kernel.
    let time = clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC_COARSE)
        .unwrap_or_else(|_| TimeSpec::new(0, 0));
    time.tv_sec() * 1_000_000_000 + time.tv_nsec()
}

/// The time of a clock in nanoseconds.
pub fn now(clock: i32) -> i64 {
    use nix::time::ClockId;
    let id = match clock {
        STEADY => ClockId::CLOCK_MONOTONIC,
        _ => ClockId::CLOCK_REALTIME,
    };
    // Both clocks exist on every kernel.
    let time = clock_gettime(id).unwrap_or_else(|_| TimeSpec::new(0, 0));
    time.tv_sec() * 1_000_000_000 + time.tv_nsec()
}
