//! Who wakes a VM, runs it and lets it move between threads: the module's own state word and ready list, on loom's
//! atomics and locks, under every order of their steps.
#![cfg(test)]

use loom::sync::{self, atomic};

#[path = "../../../src/vm/ready.rs"]
#[allow(dead_code, reason = "of the module, not of this model")]
mod ready;
#[path = "../../../src/context/word.rs"]
#[allow(dead_code, reason = "of the module, not of this model")]
mod word;

use loom::cell::UnsafeCell;
use loom::sync::Mutex;
use loom::thread;
use ready::Shared;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Wake, Waker};
use word::Word;

/// What a turn changes in the VM: loom fails when two threads are here at once, or when one does not see what the
/// turn before has done.
#[derive(Default)]
struct Body {
    turns: usize,
    received: Vec<u32>,
}

/// A VM and the queue of its context.
struct Vm {
    word: Word,
    shared: Shared,
    body: UnsafeCell<Body>,
    queue: Arc<Queue>,
}

type Queue = Mutex<VecDeque<Arc<Vm>>>;

// SAFETY: `body` is touched by the thread that runs the VM; loom checks that it is one at a time.
unsafe impl Send for Vm {}
// SAFETY: as above.
unsafe impl Sync for Vm {}

impl Wake for Vm {
    fn wake(self: Arc<Self>) {
        if self.word.wake() {
            let queue = self.queue.clone();
            queue.lock().unwrap().push_back(self);
        }
    }
}

impl Vm {
    /// A turn. The first one says that it has more to do, as one that used its whole batch.
    fn turn(&self) -> bool {
        self.body.with_mut(|body| {
            // SAFETY: as the word says; loom checks it.
            let body = unsafe { &mut *body };
            let mut tokens = Vec::new();
            self.shared.take(&mut tokens);
            body.received.append(&mut tokens);
            body.turns += 1;
            body.turns == 1
        })
    }

    fn run(self: Arc<Self>) {
        self.word.start();
        let more = self.turn();
        if more {
            self.word.again();
        } else if self.word.rest() {
            return;
        }
        let queue = self.queue.clone();
        queue.lock().unwrap().push_back(self);
    }
}

/// Runs what is queued, as the threads of a context do.
fn work(queue: &Queue) {
    loop {
        let next = queue.lock().unwrap().pop_front();
        let Some(vm) = next else { return };
        vm.run();
    }
}

#[test]
fn no_wake_up_is_lost_and_a_vm_runs_on_one_thread_at_a_time() {
    let model = loom::model::Builder::new();
    model.check(|| {
        let queue = Arc::new(Queue::new(VecDeque::new()));
        let vm = Arc::new(Vm {
            word: Word::queued(),
            shared: Shared::default(),
            body: UnsafeCell::new(Body::default()),
            queue: queue.clone(),
        });
        vm.shared.set_task(Some(Waker::from(vm.clone())));
        queue.lock().unwrap().push_back(vm.clone());
        let threads: Vec<_> = (1..=2)
            .map(|token| {
                let (vm, queue) = (vm.clone(), queue.clone());
                thread::spawn(move || {
                    vm.shared.post(token);
                    work(&queue);
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        // What one thread has queued after the other looked last is run by that thread: nothing is left.
        assert!(queue.lock().unwrap().is_empty());
        assert_eq!(vm.word.text(), "waiting");
        vm.body.with_mut(|body| {
            // SAFETY: the threads have ended.
            let received = unsafe { &mut (*body).received };
            received.sort_unstable();
            assert_eq!(*received, [1, 2]);
        });
        vm.shared.set_task(None);
    });
}
