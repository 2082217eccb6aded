//! A simulation of the automaton that does what the regex crates' engines cannot: assertions that a flag has changed,
//! matches that must not be empty or must end at the end, the groups of the longest match. Linear, but slow; the other
//! engines do the rest.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

/// Flags of the chapter that change assertions or what counts.
pub const NOT_BOL: u32 = 1;
pub const NOT_EOL: u32 = 2;
pub const NOT_BOW: u32 = 4;
pub const NOT_EOW: u32 = 8;
pub const NOT_NULL: u32 = 32;

/// What is searched.
pub struct Request<'h> {
    pub subject: &'h [u8],
    pub start: usize,
    pub flags: u32,
    /// Only matches that begin at `start`.
    pub anchored: bool,
    /// Only matches that end at the end of the subject.
    pub to_end: bool,
    /// Of the matches with the first beginning the longest, not the preferred one.
    pub longest: bool,
}

/// Bounds of the groups, two for each; of the whole match first.
pub type Slots = Vec<Option<usize>>;

/// States that are alive at a position, in the order of preference, each with its groups so far.
#[derive(Default)]
struct Threads {
    order: Vec<StateID>,
    /// By state: whether it is alive, and its groups.
    alive: Vec<bool>,
    slots: Slots,
}

impl Threads {
    fn reset(&mut self, states: usize, width: usize) {
        self.order.clear();
        self.alive.clear();
        self.alive.resize(states, false);
        self.slots.resize(states * width, None);
    }

    fn clear(&mut self) {
        for id in self.order.drain(..) {
            self.alive[id.as_usize()] = false;
        }
    }
}

/// What is left to do when the states are followed that take no byte.
enum Step {
    Explore(StateID),
    Restore(usize, Option<usize>),
}

/// An automaton with the memory of its simulation.
pub struct Machine {
    nfa: NFA,
    now: Threads,
    next: Threads,
    stack: Vec<Step>,
    groups: Slots,
}

impl Machine {
    pub fn new(nfa: NFA) -> Self {
        Self {
            nfa,
            now: Threads::default(),
            next: Threads::default(),
            stack: Vec::new(),
            groups: Slots::new(),
        }
    }

    /// The groups of the match.
    pub fn search(&mut self, request: &Request) -> Option<Slots> {
        let width = self.nfa.group_info().slot_len();
        let states = self.nfa.states().len();
        self.now.reset(states, width);
        self.next.reset(states, width);
        let mut found: Option<Slots> = None;
        for at in request.start..=request.subject.len() {
            if found.is_none() && (!request.anchored || at == request.start) {
                self.groups.clear();
                self.groups.resize(width, None);
                self.explore(request, self.nfa.start_anchored(), at, true);
            }
            if self.now.order.is_empty() && (found.is_some() || request.anchored) {
                break;
            }
            self.step(request, at, width, &mut found);
            std::mem::swap(&mut self.now, &mut self.next);
            self.next.clear();
        }
        found
    }

    /// Takes the byte at `at`.
    fn step(&mut self, request: &Request, at: usize, width: usize, found: &mut Option<Slots>) {
        let byte = request.subject.get(at).copied();
        for i in 0..self.now.order.len() {
            let id = self.now.order[i];
            if self.nfa.state(id).is_epsilon() {
                continue;
            }
            let slots = &self.now.slots[id.as_usize() * width..][..width];
            // Threads are in the order of their beginnings.
            if found.as_ref().is_some_and(|best| slots[0] > best[0]) {
                break;
            }
            let target = match (self.nfa.state(id), byte) {
                (State::Match { .. }, _) => {
                    let empty = slots[0] == Some(at);
                    if (empty && request.flags & NOT_NULL != 0)
                        || (request.to_end && at < request.subject.len())
                    {
                        continue;
                    }
                    *found = Some(slots.to_vec());
                    if request.longest {
                        continue;
                    }
                    break;
                }
                (State::ByteRange { trans }, Some(byte)) => {
                    trans.matches_byte(byte).then_some(trans.next)
                }
                (State::Sparse(transitions), Some(byte)) => transitions.matches_byte(byte),
                (State::Dense(transitions), Some(byte)) => transitions.matches_byte(byte),
                _ => None,
            };
            if let Some(target) = target {
                self.groups.clear();
                self.groups.extend_from_slice(slots);
                self.explore(request, target, at + 1, false);
            }
        }
    }

    /// Makes `id`, and what it reaches without a byte, alive at `at`.
    fn explore(&mut self, request: &Request, id: StateID, at: usize, now: bool) {
        let threads = if now { &mut self.now } else { &mut self.next };
        let width = self.groups.len();
        self.stack.push(Step::Explore(id));
        while let Some(step) = self.stack.pop() {
            let id = match step {
                Step::Restore(slot, value) => {
                    self.groups[slot] = value;
                    continue;
                }
                Step::Explore(id) => id,
            };
            if std::mem::replace(&mut threads.alive[id.as_usize()], true) {
                continue;
            }
            threads.order.push(id);
            match self.nfa.state(id) {
                State::Union { alternates } => {
                    let steps = alternates.iter().rev().map(|id| Step::Explore(*id));
                    self.stack.extend(steps);
                }
                State::BinaryUnion { alt1, alt2 } => {
                    self.stack.push(Step::Explore(*alt2));
                    self.stack.push(Step::Explore(*alt1));
                }
                State::Look { look, next } if holds(*look, request, at) => {
                    self.stack.push(Step::Explore(*next));
                }
                State::Capture { next, slot, .. } => {
                    let slot = slot.as_usize();
                    self.stack.push(Step::Restore(slot, self.groups[slot]));
                    self.groups[slot] = Some(at);
                    self.stack.push(Step::Explore(*next));
                }
                _ => {
                    let slots = &mut threads.slots[id.as_usize() * width..][..width];
                    slots.copy_from_slice(&self.groups);
                }
            }
        }
    }
}

/// Whether an assertion holds at a position.
fn holds(look: Look, request: &Request, at: usize) -> bool {
    let Request { subject, flags, .. } = request;
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let boundary = || {
        let before = at > 0 && is_word(&subject[at - 1]);
        let after = subject.get(at).is_some_and(is_word);
        let hidden = at == 0 && flags & NOT_BOW != 0 || at == subject.len() && flags & NOT_EOW != 0;
        before != after && !hidden
    };
    match look {
        Look::Start => at == 0 && flags & NOT_BOL == 0,
        Look::End => at == subject.len() && flags & NOT_EOL == 0,
        Look::WordAscii => boundary(),
        Look::WordAsciiNegate => !boundary(),
        // The grammars have no others.
        _ => false,
    }
}
