//! A compiled pattern: which engine answers which question.
//!
//! `regex_automata::meta` prefers matches as backtracking does. Where another match is wanted, the longest of the POSIX
//! grammars or one without the empty rounds that ECMAScript refuses, the beginning is still right; the match that begins
//! there is found by a lazy automaton. [`vm`](super::vm) does the rest.

use super::grammar::{Grammar, Kind};
use super::rounds;
use super::vm::{self, Machine, Request, Slots};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::meta;
use regex_automata::nfa::thompson::{self, NFA};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Memory of one automaton; beyond it a pattern is refused.
pub const MOST_MEMORY: usize = 10 << 20;

/// The flag of an anchored search, beside those of [`vm`].
pub const CONTINUOUS: u32 = 64;
/// Flags that change assertions.
const ASSERTIONS: u32 = vm::NOT_BOL | vm::NOT_EOL | vm::NOT_BOW | vm::NOT_EOW;

pub struct Regex {
    hir: Hir,
    /// Capture groups of the pattern; those that can never match are not in the automata.
    pub groups: usize,
    search: meta::Regex,
    /// The same around the whole subject; made when first asked for.
    whole: Option<meta::Regex>,
    /// Where the match that `search` finds may be another than is wanted: finds its end.
    ending: Option<(DFA, Cache)>,
    posix: bool,
    /// Rounds of repetitions may be empty, as only the machine and `ending` understand them.
    rounds: bool,
    machine: Machine,
    /// A pattern that is one byte of a set, or a run of them.
    set: Option<ByteSet>,
}

/// `[...]` and `[...]+`, by far the most frequent separators.
struct ByteSet {
    members: [bool; 256],
    /// Its only member.
    single: Option<u8>,
    run: bool,
}

impl ByteSet {
    fn of(hir: &Hir) -> Option<Self> {
        let (one, run) = match hir.kind() {
            HirKind::Repetition(r) if r.min == 1 && r.max.is_none() && r.greedy => {
                (r.sub.kind(), true)
            }
            other => (other, false),
        };
        let mut members = [false; 256];
        match one {
            HirKind::Literal(literal) if literal.0.len() == 1 => {
                members[usize::from(literal.0[0])] = true;
            }
            HirKind::Class(Class::Bytes(class)) => {
                for range in class.ranges() {
                    for byte in range.start()..=range.end() {
                        members[usize::from(byte)] = true;
                    }
                }
            }
            _ => return None,
        }
        let mut all = (0..=u8::MAX).filter(|b| members[usize::from(*b)]);
        let single = all.next().filter(|_| all.next().is_none());
        Some(Self {
            members,
            single,
            run,
        })
    }

    #[inline]
    fn find(&self, subject: &[u8], at: usize) -> Option<(usize, usize)> {
        let rest = subject.get(at..)?;
        let is_member = |b: &u8| self.members[usize::from(*b)];
        let start = at
            + match self.single {
                Some(byte) => memchr::memchr(byte, rest)?,
                None => rest.iter().position(is_member)?,
            };
        let mut end = start + 1;
        if self.run {
            end += subject[end..].iter().take_while(|b| is_member(b)).count();
        }
        Some((start, end))
    }
}

/// Whether a preferred match is always the longest: what is repeated has one length, and so has all around it.
fn prefers_longest(hir: &Hir) -> bool {
    fn fixed(hir: &Hir) -> bool {
        let properties = hir.properties();
        properties.minimum_len().is_some() && properties.minimum_len() == properties.maximum_len()
    }
    match hir.kind() {
        _ if fixed(hir) => true,
        HirKind::Repetition(repetition) => repetition.greedy && fixed(&repetition.sub),
        HirKind::Capture(capture) => prefers_longest(&capture.sub),
        HirKind::Concat(parts) => {
            let mut varying = parts.iter().filter(|part| !fixed(part));
            varying.next().is_none_or(prefers_longest) && varying.next().is_none()
        }
        _ => false,
    }
}

fn compile(hir: &Hir) -> Result<meta::Regex, Kind> {
    let config = meta::Config::new()
        .utf8_empty(false)
        .nfa_size_limit(Some(MOST_MEMORY));
    meta::Builder::new()
        .configure(config)
        .build_from_hir(hir)
        .map_err(|_| Kind::Space)
}

fn automaton(hir: &Hir) -> Result<NFA, Kind> {
    let config = thompson::Config::new()
        .utf8(false)
        .nfa_size_limit(Some(MOST_MEMORY));
    thompson::Compiler::new()
        .configure(config)
        .build_from_hir(hir)
        .map_err(|_| Kind::Space)
}

impl Regex {
    pub fn new(hir: Hir, grammar: Grammar, groups: usize) -> Result<Self, Kind> {
        let posix = grammar != Grammar::Ecma;
        let rounds = !posix && rounds::may_be_empty(&hir);
        let nfa = if rounds {
            rounds::automaton(&hir)?
        } else {
            automaton(&hir)?
        };
        let ending = if rounds || posix && !prefers_longest(&hir) {
            let kind = if posix {
                MatchKind::All
            } else {
                MatchKind::LeftmostFirst
            };
            let config = DFA::config()
                .match_kind(kind)
                .skip_cache_capacity_check(true);
            let dfa = DFA::builder()
                .configure(config)
                .build_from_nfa(nfa.clone())
                .map_err(|_| Kind::Space)?;
            let cache = dfa.create_cache();
            Some((dfa, cache))
        } else {
            None
        };
        Ok(Self {
            groups,
            search: compile(&hir)?,
            whole: None,
            ending,
            posix,
            rounds,
            machine: Machine::new(nfa),
            set: ByteSet::of(&hir),
            hir,
        })
    }

    /// The flags that make a difference for this pattern.
    fn relevant(&self, flags: u32) -> u32 {
        let looks = self.hir.properties().look_set();
        let word = looks.contains(Look::WordAscii) || looks.contains(Look::WordAsciiNegate);
        let mut mask = CONTINUOUS;
        if looks.contains(Look::Start) {
            mask |= vm::NOT_BOL;
        }
        if looks.contains(Look::End) {
            mask |= vm::NOT_EOL;
        }
        if word {
            mask |= vm::NOT_BOW | vm::NOT_EOW;
        }
        if self.hir.properties().minimum_len() == Some(0) {
            mask |= vm::NOT_NULL;
        }
        flags & mask
    }

    fn request<'h>(&self, subject: &'h [u8], start: usize, flags: u32) -> Request<'h> {
        Request {
            subject,
            start,
            flags,
            anchored: flags & CONTINUOUS != 0,
            to_end: false,
            longest: self.posix,
        }
    }

    /// The end of the match that is wanted, where `search` has found one from `start` to `end`.
    fn end(&mut self, subject: &[u8], start: usize, end: usize) -> usize {
        let Some((dfa, cache)) = &mut self.ending else {
            return end;
        };
        let input = Input::new(subject).range(start..).anchored(Anchored::Yes);
        match dfa.try_search_fwd(cache, &input) {
            Ok(Some(found)) => found.offset(),
            Ok(None) => end,
            Err(_) => {
                let request = self.request(subject, start, CONTINUOUS);
                let slots = self.machine.search(&request);
                slots.and_then(|slots| slots[1]).unwrap_or(end)
            }
        }
    }

    /// Bounds of the first match at or after `at`.
    pub fn find(&mut self, subject: &[u8], at: usize, flags: u32) -> Option<(usize, usize)> {
        let flags = self.relevant(flags);
        if flags == 0
            && let Some(set) = &self.set
        {
            return set.find(subject, at);
        }
        if flags & ASSERTIONS == 0 {
            let mut input = Input::new(subject).range(at..);
            if flags & CONTINUOUS != 0 {
                input = input.anchored(Anchored::Yes);
            }
            let found = self.search.find(input)?;
            let (start, end) = (found.start(), found.end());
            let end = self.end(subject, start, end);
            if end > start || flags & vm::NOT_NULL == 0 {
                return Some((start, end));
            }
        }
        let request = self.request(subject, at, flags);
        let slots = self.machine.search(&request)?;
        slots[0].zip(slots[1])
    }

    /// The first match and its groups.
    pub fn captures(&mut self, subject: &[u8], flags: u32) -> Option<Slots> {
        let (start, end) = self.find(subject, 0, flags)?;
        let mut slots = vec![None; 2 * (self.groups + 1)];
        slots[0] = Some(start);
        slots[1] = Some(end);
        if self.groups == 0 {
            return Some(slots);
        }
        let flags = self.relevant(flags);
        if flags & (ASSERTIONS | vm::NOT_NULL) == 0 && !self.rounds {
            let input = Input::new(subject).range(start..).anchored(Anchored::Yes);
            let mut preferred = vec![None; slots.len()];
            self.search.search_slots(&input, &mut preferred);
            let preferred: Slots = preferred
                .iter()
                .map(|slot| slot.map(|offset| offset.get()))
                .collect();
            if preferred[..2] == slots[..2] {
                return Some(preferred);
            }
        }
        let request = self.request(subject, start, flags | CONTINUOUS);
        self.machine.search(&request)
    }

    /// The groups if the whole subject matches.
    pub fn matches(&mut self, subject: &[u8], flags: u32) -> Option<Slots> {
        let flags = self.relevant(flags);
        if flags & vm::NOT_NULL != 0 && subject.is_empty() {
            return None;
        }
        if flags & ASSERTIONS != 0 {
            return self.machine_matches(subject, flags);
        }
        if self.whole.is_none() {
            let hir = Hir::concat(vec![
                Hir::look(Look::Start),
                self.hir.clone(),
                Hir::look(Look::End),
            ]);
            self.whole = compile(&hir).ok();
        }
        let Some(whole) = &self.whole else {
            return self.machine_matches(subject, flags);
        };
        let input = Input::new(subject).anchored(Anchored::Yes);
        if self.groups == 0 {
            let all = vec![Some(0), Some(subject.len())];
            return whole.is_match(input).then_some(all);
        }
        if self.rounds {
            return self.machine_matches(subject, flags);
        }
        let mut slots = vec![None; 2 * (self.groups + 1)];
        whole.search_slots(&input, &mut slots)?;
        let offsets = slots.iter().map(|slot| slot.map(|offset| offset.get()));
        Some(offsets.collect())
    }

    fn machine_matches(&mut self, subject: &[u8], flags: u32) -> Option<Slots> {
        let mut request = self.request(subject, 0, flags | CONTINUOUS);
        request.to_end = true;
        self.machine.search(&request)
    }
}
