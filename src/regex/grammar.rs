//! The three grammars: a pattern becomes the regex crates' intermediate form, byte by byte; nothing of their own
//! syntax is ever written.

use super::bracket;
use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, Hir, Look, Repetition};

#[derive(Clone, Copy, PartialEq)]
pub enum Grammar {
    Basic,
    Extended,
    Ecma,
}

/// What is wrong with a pattern; the codes are those of the chapter, below 0 what these engines cannot do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    LookAhead = -2,
    BackReference = -1,
    Ctype = 1,
    Escape = 2,
    BackRef = 3,
    Brack = 4,
    Paren = 5,
    Brace = 6,
    BadBrace = 7,
    Range = 8,
    Space = 9,
    BadRepeat = 10,
    Collate = 13,
}

/// A mistake and where it is, as an offset.
pub struct Mistake {
    pub kind: Kind,
    pub at: usize,
}

/// Groups inside of each other, and quantifiers behind another one: the engines' compiler is recursive.
const MOST_LEVELS: u32 = 250;

/// What is parsed; also its own result.
pub struct Parser<'p> {
    pub pattern: &'p [u8],
    pub at: usize,
    pub grammar: Grammar,
    pub ignore_case: bool,
    /// Groups are only parentheses.
    pub nosubs: bool,
    /// Groups that have been opened.
    pub groups: u32,
    level: u32,
    /// Quantifiers behind another one, in the whole pattern.
    stacked: u32,
}

/// One element of a sequence.
enum Term {
    /// What may be repeated.
    Atom(Hir),
    /// What may not.
    Assertion(Look),
}

pub fn byte_class(ranges: &[(u8, u8)]) -> ClassBytes {
    ClassBytes::new(
        ranges
            .iter()
            .map(|&(first, last)| ClassBytesRange::new(first, last)),
    )
}

/// The class of `\d`, `\w` or `\s`, negated by a capital; none of other letters.
pub fn class_escape(letter: u8) -> Option<ClassBytes> {
    let mut class = match letter.to_ascii_lowercase() {
        b'd' => byte_class(&[(b'0', b'9')]),
        b'w' => byte_class(&[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')]),
        b's' => byte_class(&[(b'\t', b'\r'), (b' ', b' ')]),
        _ => return None,
    };
    if letter.is_ascii_uppercase() {
        class.negate();
    }
    Some(class)
}

impl<'p> Parser<'p> {
    pub fn new(pattern: &'p [u8], grammar: Grammar, ignore_case: bool, nosubs: bool) -> Self {
        Self {
            pattern,
            at: 0,
            grammar,
            ignore_case,
            nosubs,
            groups: 0,
            level: 0,
            stacked: 0,
        }
    }

    /// The whole pattern.
    pub fn parse(&mut self) -> Result<Hir, Mistake> {
        let hir = self.alternation()?;
        if self.at < self.pattern.len() {
            // Only a closing parenthesis ends it early.
            return self.fail(Kind::Paren);
        }
        Ok(hir)
    }

    pub fn fail<T>(&self, kind: Kind) -> Result<T, Mistake> {
        Err(Mistake { kind, at: self.at })
    }

    pub fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.get(self.at + ahead).copied()
    }

    pub fn next(&mut self) -> Option<u8> {
        let byte = self.peek(0)?;
        self.at += 1;
        Some(byte)
    }

    pub fn eat(&mut self, text: &[u8]) -> bool {
        let found = self.pattern[self.at..].starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn basic(&self) -> bool {
        self.grammar == Grammar::Basic
    }

    fn alternation(&mut self) -> Result<Hir, Mistake> {
        let mut branches = vec![self.sequence()?];
        while !self.basic() && self.eat(b"|") {
            branches.push(self.sequence()?);
        }
        Ok(Hir::alternation(branches))
    }

    /// The end of a branch: of the pattern, of the group, or before the next branch.
    fn at_end(&self) -> bool {
        match self.peek(0) {
            None => true,
            Some(b'|' | b')') => !self.basic(),
            Some(b'\\') => self.basic() && self.peek(1) == Some(b')'),
            _ => false,
        }
    }

    fn sequence(&mut self) -> Result<Hir, Mistake> {
        let mut terms = Vec::new();
        // In the basic grammar some operators are themselves at the start of a branch.
        let mut start = true;
        while !self.at_end() {
            match self.term(start)? {
                Term::Assertion(look) => terms.push(Hir::look(look)),
                Term::Atom(mut atom) => {
                    let mut repeated = false;
                    while let Some((min, max)) = self.quantifier()? {
                        self.stacked += u32::from(repeated);
                        if self.stacked > MOST_LEVELS {
                            return self.fail(Kind::Space);
                        }
                        repeated = true;
                        let greedy = self.grammar != Grammar::Ecma || !self.eat(b"?");
                        atom = Hir::repetition(Repetition {
                            min,
                            max,
                            greedy,
                            sub: Box::new(atom),
                        });
                    }
                    terms.push(atom);
                    start = false;
                }
            }
        }
        Ok(Hir::concat(terms))
    }

    fn literal(&self, byte: u8) -> Term {
        Term::Atom(if self.ignore_case && byte.is_ascii_alphabetic() {
            let (lower, upper) = (byte.to_ascii_lowercase(), byte.to_ascii_uppercase());
            Hir::class(Class::Bytes(byte_class(&[(lower, lower), (upper, upper)])))
        } else {
            Hir::literal([byte])
        })
    }

    /// `start`: nothing but an anchor is before it in its branch.
    fn term(&mut self, start: bool) -> Result<Term, Mistake> {
        let basic = self.basic();
        let Some(byte) = self.next() else {
            return Ok(Term::Atom(Hir::empty()));
        };
        Ok(match byte {
            b'.' => {
                let mut class = match self.grammar {
                    Grammar::Ecma => byte_class(&[(b'\n', b'\n'), (b'\r', b'\r')]),
                    _ => byte_class(&[(0, 0)]),
                };
                class.negate();
                Term::Atom(Hir::class(Class::Bytes(class)))
            }
            b'[' => Term::Atom(Hir::class(Class::Bytes(bracket::parse(self)?))),
            b'\\' => self.escape(start)?,
            b'^' if !basic || start && self.is_first() => Term::Assertion(Look::Start),
            b'$' if !basic || self.at_end() => Term::Assertion(Look::End),
            b'(' if !basic => Term::Atom(self.group(b")")?),
            b'*' if basic && start => self.literal(byte),
            b'*' | b'+' | b'?' | b'{' if !basic => {
                self.at -= 1;
                return self.fail(Kind::BadRepeat);
            }
            _ => self.literal(byte),
        })
    }

    /// Whether the byte before is the first of its branch, in the basic grammar.
    fn is_first(&self) -> bool {
        self.at == 1 || self.pattern[..self.at - 1].ends_with(b"\\(")
    }

    /// Behind the opening parenthesis.
    fn group(&mut self, close: &[u8]) -> Result<Hir, Mistake> {
        let opened = self.at - 1;
        let mut capturing = true;
        if self.grammar == Grammar::Ecma && self.eat(b"?") {
            match self.next() {
                Some(b':') => capturing = false,
                Some(b'=' | b'!') => return self.fail(Kind::LookAhead),
                _ => return self.fail(Kind::Paren),
            }
        }
        self.level += 1;
        if self.level > MOST_LEVELS {
            return self.fail(Kind::Space);
        }
        if capturing {
            self.groups += 1;
        }
        let index = self.groups;
        let sub = self.alternation()?;
        if !self.eat(close) {
            self.at = opened;
            return self.fail(Kind::Paren);
        }
        self.level -= 1;
        Ok(if capturing && !self.nosubs {
            Hir::capture(Capture {
                index,
                name: None,
                sub: Box::new(sub),
            })
        } else {
            sub
        })
    }

    /// Behind a backslash outside of brackets.
    fn escape(&mut self, start: bool) -> Result<Term, Mistake> {
        let Some(byte) = self.next() else {
            return self.fail(Kind::Escape);
        };
        match self.grammar {
            Grammar::Basic => match byte {
                b'(' => self.group(b"\\)").map(Term::Atom),
                b'{' if start => self.fail(Kind::BadRepeat),
                b'{' | b'}' => self.fail(Kind::Brace),
                b'1'..=b'9' => self.back_reference(u32::from(byte - b'0')),
                b'.' | b'[' | b']' | b'\\' | b'*' | b'^' | b'$' => Ok(self.literal(byte)),
                _ => self.fail(Kind::Escape),
            },
            Grammar::Extended if b".[]\\()*+?{}|^$".contains(&byte) => Ok(self.literal(byte)),
            Grammar::Extended => self.fail(Kind::Escape),
            Grammar::Ecma => match byte {
                b'b' => Ok(Term::Assertion(Look::WordAscii)),
                b'B' => Ok(Term::Assertion(Look::WordAsciiNegate)),
                b'1'..=b'9' => {
                    let mut number = u32::from(byte - b'0');
                    while let Some(digit @ b'0'..=b'9') = self.peek(0) {
                        self.at += 1;
                        number = number
                            .saturating_mul(10)
                            .saturating_add(u32::from(digit - b'0'));
                    }
                    self.back_reference(number)
                }
                _ => match class_escape(byte) {
                    Some(class) => Ok(Term::Atom(Hir::class(Class::Bytes(class)))),
                    None => {
                        let byte = self.character_escape(byte)?;
                        Ok(self.literal(byte))
                    }
                },
            },
        }
    }

    fn back_reference<T>(&self, number: u32) -> Result<T, Mistake> {
        self.fail(if number > self.groups {
            Kind::BackRef
        } else {
            Kind::BackReference
        })
    }

    /// The byte that `\letter` means in ECMAScript.
    pub fn character_escape(&mut self, letter: u8) -> Result<u8, Mistake> {
        Ok(match letter {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'f' => 0x0c,
            b'v' => 0x0b,
            b'0' => 0,
            b'c' => match self.next() {
                Some(control) if control.is_ascii_alphabetic() => control & 31,
                _ => return self.fail(Kind::Escape),
            },
            b'x' => self.hexadecimal(2)?,
            b'u' => self.hexadecimal(4)?,
            other => other,
        })
    }

    /// A byte's value in so many digits. Characters beyond a byte match nothing, and so are mistakes.
    fn hexadecimal(&mut self, digits: usize) -> Result<u8, Mistake> {
        let mut value = 0;
        for _ in 0..digits {
            let digit = self.next().and_then(|b| char::from(b).to_digit(16));
            let Some(digit) = digit else {
                return self.fail(Kind::Escape);
            };
            value = value * 16 + digit;
        }
        u8::try_from(value).or_else(|_| self.fail(Kind::Escape))
    }

    /// Least and greatest number of what is before, if it is repeated.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, Mistake> {
        let basic = self.basic();
        if self.eat(b"*") {
            return Ok(Some((0, None)));
        }
        if !basic && self.eat(b"+") {
            return Ok(Some((1, None)));
        }
        if !basic && self.eat(b"?") {
            return Ok(Some((0, Some(1))));
        }
        if !self.eat(if basic { b"\\{" } else { b"{" }) {
            return Ok(None);
        }
        let Some(min) = self.number()? else {
            return self.fail(self.brace_mistake());
        };
        let max = if self.eat(b",") {
            self.number()?
        } else {
            Some(min)
        };
        if !self.eat(if basic { b"\\}" } else { b"}" }) {
            return self.fail(self.brace_mistake());
        }
        if max.is_some_and(|max| max < min) {
            return self.fail(Kind::BadBrace);
        }
        Ok(Some((min, max)))
    }

    /// What is wrong inside braces: they do not end, or hold something else.
    fn brace_mistake(&self) -> Kind {
        if self.at == self.pattern.len() {
            Kind::Brace
        } else {
            Kind::BadBrace
        }
    }

    fn number(&mut self) -> Result<Option<u32>, Mistake> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.peek(0) {
            let so_far = number.unwrap_or(0_u32).checked_mul(10);
            let Some(n) = so_far.and_then(|n| n.checked_add(u32::from(digit - b'0'))) else {
                return self.fail(Kind::BadBrace);
            };
            number = Some(n);
            self.at += 1;
        }
        Ok(number)
    }
}
