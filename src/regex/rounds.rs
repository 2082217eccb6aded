//! The automaton of an ECMAScript pattern: a round of a repetition that is beyond the least number and takes no byte
//! fails, and the next alternative inside of it is tried. The crates' compiler goes on behind such a round or inside of
//! it, as it happens to have visited their states.
//!
//! Each part of a pattern is compiled to two states: one to enter it while the round around it has taken no byte, one
//! for afterwards. Where they lead out of a round, the first fails and the second begins the next round.

use super::engine::MOST_MEMORY;
use super::grammar::Kind;
use regex_automata::nfa::thompson::{BuildError, Builder, NFA, Transition};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::{self, Class, Hir, HirKind, Repetition};
use regex_syntax::utf8::Utf8Sequences;

/// Whether the pattern has a round that may be empty and need not be there.
pub fn may_be_empty(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let optional = repetition.max != Some(repetition.min);
            optional && repetition.sub.properties().minimum_len() == Some(0)
                || may_be_empty(&repetition.sub)
        }
        HirKind::Capture(capture) => may_be_empty(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(may_be_empty),
        _ => false,
    }
}

/// The automaton's name of one of the grammar's assertions.
fn assertion(look: hir::Look) -> Look {
    match look {
        hir::Look::Start => Look::Start,
        hir::Look::End => Look::End,
        hir::Look::WordAscii => Look::WordAscii,
        _ => Look::WordAsciiNegate,
    }
}

/// For anchored searches.
pub fn automaton(hir: &Hir) -> Result<NFA, Kind> {
    let mut builder = Builder::new();
    builder.set_size_limit(Some(MOST_MEMORY))?;
    builder.start_pattern()?;
    let fail = builder.add_fail()?;
    let matched = Ways::same(builder.add_match()?);
    let mut compiler = Compiler { builder, fail };
    let start = compiler.group(0, hir, matched)?.fresh;
    compiler.builder.finish_pattern(start)?;
    Ok(compiler.builder.build(start, start)?)
}

impl From<BuildError> for Kind {
    /// The only error that a well-formed pattern can lead to.
    fn from(_: BuildError) -> Self {
        Self::Space
    }
}

/// States to go on at.
#[derive(Clone, Copy)]
struct Ways {
    /// While the round has taken no byte.
    fresh: StateID,
    taken: StateID,
}

impl Ways {
    fn same(state: StateID) -> Self {
        Self {
            fresh: state,
            taken: state,
        }
    }

    /// A state for each way; one where they are the same.
    fn map(self, mut state: impl FnMut(StateID) -> Result<StateID, Kind>) -> Result<Self, Kind> {
        let fresh = state(self.fresh)?;
        let taken = if self.taken == self.fresh {
            fresh
        } else {
            state(self.taken)?
        };
        Ok(Self { fresh, taken })
    }
}

struct Compiler {
    builder: Builder,
    fail: StateID,
}

impl Compiler {
    /// States that match `hir` and go on at `next`.
    fn compile(&mut self, hir: &Hir, next: Ways) -> Result<Ways, Kind> {
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => {
                let bytes = literal.0.iter().map(|byte| (*byte, *byte));
                self.bytes(bytes, next.taken).map(Ways::same)
            }
            HirKind::Class(class) => self.class(class, next.taken).map(Ways::same),
            HirKind::Look(look) => {
                let look = assertion(*look);
                next.map(|next| Ok(self.builder.add_look(next, look)?))
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, next),
            HirKind::Capture(capture) => self.group(capture.index, &capture.sub, next),
            HirKind::Concat(parts) => {
                let mut parts = parts.iter().rev();
                parts.try_fold(next, |next, part| self.compile(part, next))
            }
            HirKind::Alternation(parts) => {
                let parts = parts.iter().map(|part| self.compile(part, next));
                let parts = parts.collect::<Result<Vec<_>, _>>()?;
                let fresh = parts.iter().map(|part| part.fresh).collect();
                let taken = parts.iter().map(|part| part.taken).collect();
                let fresh = self.builder.add_union(fresh)?;
                if next.fresh == next.taken {
                    return Ok(Ways::same(fresh));
                }
                let taken = self.builder.add_union(taken)?;
                Ok(Ways { fresh, taken })
            }
        }
    }

    /// A byte of each range, one after the other.
    fn bytes(
        &mut self,
        ranges: impl DoubleEndedIterator<Item = (u8, u8)>,
        next: StateID,
    ) -> Result<StateID, Kind> {
        ranges.rev().try_fold(next, |next, (start, end)| {
            Ok(self.builder.add_range(Transition { start, end, next })?)
        })
    }

    /// The crate's intermediate form makes classes of characters of alternatives that are their bytes.
    fn class(&mut self, class: &Class, next: StateID) -> Result<StateID, Kind> {
        match class {
            Class::Bytes(class) => {
                let ranges = class.iter().map(|range| Transition {
                    start: range.start(),
                    end: range.end(),
                    next,
                });
                Ok(self.builder.add_sparse(ranges.collect())?)
            }
            Class::Unicode(class) => {
                let ranges = class.iter();
                let encoded = ranges.flat_map(|r| Utf8Sequences::new(r.start(), r.end()));
                let states = encoded.map(|sequence| {
                    let bytes = sequence.as_slice().iter();
                    self.bytes(bytes.map(|range| (range.start, range.end)), next)
                });
                let states = states.collect::<Result<_, _>>()?;
                Ok(self.builder.add_union(states)?)
            }
        }
    }

    fn group(&mut self, index: u32, sub: &Hir, next: Ways) -> Result<Ways, Kind> {
        let end = next.map(|next| Ok(self.builder.add_capture_end(next, index)?))?;
        let sub = self.compile(sub, end)?;
        sub.map(|sub| Ok(self.builder.add_capture_start(sub, index, None)?))
    }

    fn repetition(&mut self, repetition: &Repetition, next: Ways) -> Result<Ways, Kind> {
        let sub = &repetition.sub;
        let mut ways = next;
        match repetition.max {
            Some(max) => {
                for _ in repetition.min..max {
                    ways = self.round(repetition, ways.taken, next)?;
                }
            }
            None => {
                let again = self.builder.add_empty()?;
                ways = self.round(repetition, again, next)?;
                self.builder.patch(again, ways.taken)?;
            }
        }
        for _ in 0..repetition.min {
            ways = self.compile(sub, ways)?;
        }
        Ok(ways)
    }

    /// A round that need not be, with `again` behind it, or else `next`.
    fn round(&mut self, repetition: &Repetition, again: StateID, next: Ways) -> Result<Ways, Kind> {
        let inside = Ways {
            fresh: self.fail,
            taken: again,
        };
        let round = self.compile(&repetition.sub, inside)?.fresh;
        next.map(|next| {
            let ways = if repetition.greedy {
                vec![round, next]
            } else {
                vec![next, round]
            };
            Ok(self.builder.add_union(ways)?)
        })
    }
}
