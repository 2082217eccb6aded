//! The pipes between the caller and a child.

use super::plan::{DEAD, NONE, PIPE, Plan};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

/// The pipes that a plan asks for.
pub struct Pipes {
    /// Of the child; close-on-exec, and closed when the child has its copies.
    theirs: Vec<OwnedFd>,
    /// By number in the child, non-blocking.
    ours: [Option<OwnedFd>; 3],
}

impl Pipes {
    /// Opens them and puts the child's ends into the plan.
    pub fn open(plan: &mut Plan) -> io::Result<Self> {
        let mut pipes = Self {
            theirs: Vec::new(),
            ours: [None, None, None],
        };
        for number in 0..3 {
            let source = plan.descriptors[number];
            if source != DEAD && source != PIPE {
                continue;
            }
            let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
            let (theirs, ours) = if number == 0 {
                (read, write)
            } else {
                (write, read)
            };
            plan.descriptors[number] = theirs.as_raw_fd();
            pipes.theirs.push(theirs);
            if source == PIPE {
                fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
                pipes.ours[number] = Some(ours);
            }
        }
        Ok(pipes)
    }

    /// Puts our ends into the plan, whose reader owns them.
    pub fn hand_over(self, plan: &mut Plan) {
        for (number, end) in self.ours.into_iter().enumerate() {
            plan.descriptors[number] = end.map_or(NONE, IntoRawFd::into_raw_fd);
        }
    }
}
