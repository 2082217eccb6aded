//! Deadlines of a VM: one ordered set per clock, one kernel timer armed with the nearest.
//!
//! The set is armed once per step, not once per sleep, and deadlines within [`SLACK`] of the
//! nearest share one wake-up.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "portable.rs")]
mod alarm;

pub use alarm::{coarse, now};

use super::{Vm, vm};
use crate::bridge::{failure, guard, operations};
use alarm::Alarm;
use std::collections::BTreeSet;
use std::io;
use std::task::Context;

operations! {
    clock: fn(i32, *mut i64) -> i32;
    after: fn(*mut Vm, f64, u32) -> i32;
    at: fn(*mut Vm, i32, i64, u32) -> i32;
    cancel: fn(*mut Vm, u32) -> i32;
}

/// Monotonic time.
pub const STEADY: i32 = 0;
/// Wall clock time.
pub const SYSTEM: i32 = 1;

/// Nanoseconds: deadlines that lie closer together fire together.
const SLACK: i64 = 50_000;

/// The deadlines of one clock.
struct Clock {
    id: i32,
    deadlines: BTreeSet<(i64, u32)>,
    alarm: Option<Alarm>,
    /// The deadline that the alarm is set to; `i64::MAX` when it is not set.
    armed: i64,
}

/// All deadlines of a VM.
pub struct Timers {
    clocks: [Clock; 2],
    /// Deadline and clock of each token, so that it can be cancelled.
    of_token: Vec<(i32, i64)>,
}

impl Default for Timers {
    fn default() -> Self {
        let clock = |id| Clock {
            id,
            deadlines: BTreeSet::new(),
            alarm: None,
            armed: i64::MAX,
        };
        Self {
            clocks: [clock(STEADY), clock(SYSTEM)],
            of_token: Vec::new(),
        }
    }
}

impl Timers {
    /// Makes the alarm of the monotonic clock, so that no sleep fails for want of a descriptor.
    pub fn prepare(&mut self) -> io::Result<()> {
        self.clocks[STEADY as usize].prepare()
    }

    pub fn is_empty(&self) -> bool {
        self.clocks.iter().all(|clock| clock.deadlines.is_empty())
    }

    /// Adds a deadline; `token` has none yet.
    pub fn add(&mut self, clock: i32, deadline: i64, token: u32) -> i32 {
        if let Err(error) = self.clocks[clock as usize].prepare() {
            return failure(&error);
        }
        let at = token as usize;
        if let Some(more) = (at + 1).checked_sub(self.of_token.len()) {
            if self.of_token.try_reserve(more).is_err() {
                return -libc::ENOMEM;
            }
            self.of_token.resize(at + 1, (STEADY, 0));
        }
        self.of_token[at] = (clock, deadline);
        self.clocks[clock as usize]
            .deadlines
            .insert((deadline, token));
        0
    }

    /// Removes the deadline of `token`; 1 when there was one.
    pub fn cancel(&mut self, token: u32) -> i32 {
        match self.of_token.get(token as usize) {
            Some(&(clock, deadline)) => i32::from(
                self.clocks[clock as usize]
                    .deadlines
                    .remove(&(deadline, token)),
            ),
            None => 0,
        }
    }

    /// Moves the tokens whose time has come to `due`.
    pub fn expire(&mut self, due: &mut Vec<u32>) {
        for clock in &mut self.clocks {
            if clock.deadlines.is_empty() {
                continue;
            }
            let now = now(clock.id);
            while let Some(&(deadline, token)) = clock.deadlines.first() {
                if deadline > now {
                    break;
                }
                clock.deadlines.pop_first();
                due.push(token);
            }
        }
    }

    /// Sets the alarms for the nearest deadlines; the task of `cx` is woken when one rings.
    pub fn arm(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.clocks.iter_mut().try_for_each(|clock| clock.arm(cx))
    }
}

impl Clock {
    fn prepare(&mut self) -> io::Result<()> {
        if self.alarm.is_none() {
            self.alarm = Some(Alarm::new(self.id)?);
        }
        Ok(())
    }

    fn arm(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(&(nearest, _)) = self.deadlines.first() else {
            return Ok(());
        };
        let target = self
            .deadlines
            .range(..=(nearest.saturating_add(SLACK), u32::MAX))
            .next_back()
            .map_or(nearest, |&(deadline, _)| deadline);
        let Some(alarm) = &mut self.alarm else {
            return Ok(());
        };
        if target != self.armed {
            alarm.set(target)?;
            self.armed = target;
        }
        // An alarm that has rung, or a clock that was set, needs a new look at the deadlines.
        if alarm.poll(cx)? {
            self.armed = i64::MAX;
            cx.waker().wake_by_ref();
        }
        Ok(())
    }
}

/// The time of a clock in nanoseconds: 0 monotonic, 1 wall clock, 2 since boot.
extern "C" fn clock(which: i32, time: *mut i64) -> i32 {
    // SAFETY: the Lua half passes an int64_t[1].
    guard(|| unsafe {
        *time = now(which);
        0
    })
}

/// Wakes `token` after a number of seconds, rounded up to nanoseconds.
pub extern "C" fn after(this: *mut Vm, seconds: f64, token: u32) -> i32 {
    guard(|| {
        let delay = (seconds * 1e9).ceil() as i64;
        let deadline = now(STEADY).saturating_add(delay);
        vm(this).timers.add(STEADY, deadline, token)
    })
}

/// Wakes `token` when a clock (0 monotonic, 1 wall clock) reaches a time.
extern "C" fn at(this: *mut Vm, which: i32, deadline: i64, token: u32) -> i32 {
    guard(|| vm(this).timers.add(which, deadline, token))
}

/// Forgets a sleeper.
extern "C" fn cancel(this: *mut Vm, token: u32) -> i32 {
    guard(|| vm(this).timers.cancel(token))
}
