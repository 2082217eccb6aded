//! A seccomp program that finds a call's number by bisection, made of one that compares with each in turn.
//!
//! The kernel runs a new filter once for each number, to learn which calls it always allows: a list of some hundreds took
//! a millisecond. A program is told apart by what it does for each number; what is left of it then looks at arguments.

use super::filter::{JUMP, JUMP_IF_GREATER_OR_EQUAL, LOAD, RETURN, instruction};
use seccompiler::{BpfProgram, TargetArch, sock_filter};
use std::collections::BTreeMap;

const JUMP_IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const JUMP_IF_GREATER: u16 = (libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

/// Of linux/audit.h.
fn audit_number(architecture: TargetArch) -> u32 {
    match architecture {
        TargetArch::x86_64 => 0xc000_003e,
        TargetArch::aarch64 => 0xc000_00b7,
        TargetArch::riscv64 => 0xc000_00f3,
    }
}

/// The same program by bisection; as it is, if it has instructions that are unknown here.
pub fn by_number(program: BpfProgram, architecture: TargetArch) -> BpfProgram {
    bisect(&program, audit_number(architecture)).unwrap_or(program)
}

/// What a program does with a call before it looks at its arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Return(u32),
    /// It goes on at this instruction, which loads a part of an argument.
    Looks(usize),
}

fn bisect(program: &[sock_filter], architecture: u32) -> Option<BpfProgram> {
    let call = |number| Call {
        program,
        architecture,
        number,
    };
    // Numbers between two of these are told apart by no comparison.
    let mut first_numbers = vec![0];
    for instruction in program {
        if matches!(
            instruction.code,
            JUMP_IF_EQUAL | JUMP_IF_GREATER | JUMP_IF_GREATER_OR_EQUAL
        ) {
            first_numbers.push(instruction.k);
            first_numbers.extend(instruction.k.checked_add(1));
        }
    }
    first_numbers.sort_unstable();
    let mut ranges: Vec<(u32, Outcome)> = Vec::new();
    for first in first_numbers {
        let outcome = call(first).start()?;
        // Whatever looks at arguments may compare the number again.
        if !matches!(ranges.last(), Some((_, last)) if *last == outcome && matches!(outcome, Outcome::Return(_)))
        {
            ranges.push((first, outcome));
        }
    }
    ranges.dedup_by_key(|range| range.0);
    let foreign = Call {
        program,
        architecture: !architecture,
        number: 0,
    };
    let Outcome::Return(foreign) = foreign.start()? else {
        return None;
    };

    let mut builder = Builder::default();
    let tree = builder.tree(&ranges, &call)?;
    builder.step(LOAD, NUMBER, tree);
    let own = builder.length();
    let foreign = builder.place_return(foreign);
    builder.jump(JUMP_IF_EQUAL, architecture, own, foreign);
    builder
        .instructions
        .push(instruction(LOAD, 0, ARCHITECTURE));
    builder.instructions.reverse();
    Some(builder.instructions)
}

/// A program as it is run for calls of one number.
#[derive(Clone, Copy)]
struct Call<'a> {
    program: &'a [sock_filter],
    architecture: u32,
    number: u32,
}

impl Call<'_> {
    fn start(self) -> Option<Outcome> {
        self.follow(0, None)
    }

    /// Runs from `at` on, with what is in the accumulator, if that is known.
    fn follow(self, mut at: usize, mut known: Option<u32>) -> Option<Outcome> {
        loop {
            let &sock_filter { code, jt, jf, k } = self.program.get(at)?;
            at += 1;
            match (code, known) {
                (RETURN, _) => return Some(Outcome::Return(k)),
                (JUMP, _) => at += k as usize,
                (LOAD, _) if k == NUMBER => known = Some(self.number),
                (LOAD, _) if k == ARCHITECTURE => known = Some(self.architecture),
                (LOAD, _) => return Some(Outcome::Looks(at - 1)),
                (AND, Some(a)) => known = Some(a & k),
                (_, Some(a)) => at += usize::from(if holds(code, a, k)? { jt } else { jf }),
                _ => return None,
            }
        }
    }
}

fn holds(code: u16, a: u32, k: u32) -> Option<bool> {
    match code {
        JUMP_IF_EQUAL => Some(a == k),
        JUMP_IF_GREATER => Some(a > k),
        JUMP_IF_GREATER_OR_EQUAL => Some(a >= k),
        _ => None,
    }
}

/// A program that is built from its end: jumps go forward only. A place in it is the number of instructions from there on.
#[derive(Default)]
struct Builder {
    instructions: Vec<sock_filter>,
    returns: BTreeMap<u32, usize>,
    /// By number and instruction of the original.
    placed: BTreeMap<(u32, usize), usize>,
}

impl Builder {
    fn length(&self) -> usize {
        self.instructions.len()
    }

    fn push(&mut self, code: u16, jt: u8, jf: u8, k: u32) -> usize {
        self.instructions.push(sock_filter { code, jt, jf, k });
        self.length()
    }

    /// A jump to `target` from the next instruction, which may be anywhere.
    fn far(&mut self, target: usize) -> usize {
        self.push(JUMP, 0, 0, (self.length() - target) as u32)
    }

    /// A place from which conditional jumps reach `target`: two more instructions may come in between.
    fn near(&mut self, target: usize) -> usize {
        const REACH: usize = 250;
        if self.length() - target > REACH {
            self.far(target)
        } else {
            target
        }
    }

    fn jump(&mut self, code: u16, k: u32, yes: usize, no: usize) -> usize {
        let (yes, no) = (self.near(yes), self.near(no));
        let offset = |target| (self.length() - target) as u8;
        self.push(code, offset(yes), offset(no), k)
    }

    /// An instruction behind which `next` comes.
    fn step(&mut self, code: u16, k: u32, next: usize) -> usize {
        if next != self.length() {
            self.far(next);
        }
        self.push(code, 0, 0, k)
    }

    fn place_return(&mut self, k: u32) -> usize {
        if let Some(&place) = self.returns.get(&k)
            && self.length() - place < 128
        {
            return place;
        }
        let place = self.push(RETURN, 0, 0, k);
        self.returns.insert(k, place);
        place
    }

    /// What a program does for a call from instruction `at` on, when the accumulator has a part of an argument.
    fn rest(&mut self, call: Call, at: usize) -> Option<usize> {
        if let Some(&place) = self.placed.get(&(call.number, at)) {
            return Some(place);
        }
        let &sock_filter { code, jt, jf, k } = call.program.get(at)?;
        let next = at + 1;
        let place = match code {
            RETURN => self.place_return(k),
            JUMP => self.rest(call, next + k as usize)?,
            LOAD if k == NUMBER || k == ARCHITECTURE => match call.follow(at, None)? {
                Outcome::Return(k) => self.place_return(k),
                Outcome::Looks(at) => self.rest(call, at)?,
            },
            LOAD | AND => {
                let next = self.rest(call, next)?;
                self.step(code, k, next)
            }
            JUMP_IF_EQUAL | JUMP_IF_GREATER | JUMP_IF_GREATER_OR_EQUAL => {
                let no = self.rest(call, next + usize::from(jf))?;
                let yes = self.rest(call, next + usize::from(jt))?;
                self.jump(code, k, yes, no)
            }
            _ => return None,
        };
        self.placed.insert((call.number, at), place);
        Some(place)
    }

    /// The decision between ranges of numbers, of which each is its first and what becomes of it.
    fn tree<'a>(
        &mut self,
        ranges: &[(u32, Outcome)],
        call: &impl Fn(u32) -> Call<'a>,
    ) -> Option<usize> {
        match *ranges {
            [] => None,
            [(_, Outcome::Return(k))] => Some(self.place_return(k)),
            [(number, Outcome::Looks(at))] => self.rest(call(number), at),
            _ => {
                let (less, more) = ranges.split_at(ranges.len() / 2);
                let yes = self.tree(more, call)?;
                let no = self.tree(less, call)?;
                Some(self.jump(JUMP_IF_GREATER_OR_EQUAL, more[0].0, yes, no))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const X86_64: u32 = 0xc000_003e;

    fn run(program: &[sock_filter], data: &[u32; 16]) -> u32 {
        let (mut at, mut a) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            match code {
                RETURN => return k,
                LOAD => a = data[k as usize / 4],
                JUMP => at += k as usize,
                AND => a &= k,
                _ => at += usize::from(if holds(code, a, k).unwrap() { jt } else { jf }),
            }
        }
    }

    /// A linear congruence: the same numbers each time.
    fn random(state: &mut u64) -> u32 {
        *state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (*state >> 33) as u32
    }

    #[test]
    fn bisection_decides_as_the_list_does() {
        const NAMES: [&str; 8] = [
            "read", "clone", "ioctl", "mmap", "kill", "socket", "fcntl", "statx",
        ];
        const OPERATORS: [&str; 4] = [r#""eq""#, r#""gt""#, r#"{"masked_eq":6}"#, r#""ne""#];
        let mut state = 1;
        for _ in 0..50 {
            let mut rules = String::new();
            for i in 0..1 + random(&mut state) % 12 {
                let name = NAMES[random(&mut state) as usize % NAMES.len()];
                let operator = OPERATORS[random(&mut state) as usize % OPERATORS.len()];
                let comma = if i == 0 { "" } else { "," };
                let (index, value) = (random(&mut state) % 3, random(&mut state) % 8);
                let kind = ["dword", "qword"][random(&mut state) as usize % 2];
                write!(
                    rules,
                    r#"{comma}{{"syscall":"{name}","args":[{{"index":{index},"type":"{kind}","op":{operator},"val":{value}}}]}}"#
                )
                .unwrap();
            }
            let json = format!(
                r#"{{"f":{{"mismatch_action":{{"errno":38}},"match_action":"allow","filter":[{rules}]}}}}"#
            );
            let architecture = TargetArch::x86_64;
            let mut programs =
                seccompiler::compile_from_json(json.as_bytes(), architecture).unwrap();
            let list = programs.remove("f").unwrap();
            let tree = bisect(&list, X86_64).unwrap();
            for number in (0..350).chain([u32::MAX]) {
                for _ in 0..8 {
                    let mut data = [0; 16];
                    (data[0], data[1]) = (number, X86_64);
                    for word in &mut data[4..] {
                        *word = random(&mut state) % 8;
                    }
                    assert_eq!(run(&tree, &data), run(&list, &data), "{json} {data:?}");
                    data[1] = 0x4000_0003;
                    assert_eq!(run(&tree, &data), run(&list, &data));
                }
            }
        }
    }
}
