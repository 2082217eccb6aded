//! Bracket expressions: `[...]`.

use super::grammar::{Grammar, Kind, Mistake, Parser, byte_class, class_escape};
use regex_syntax::hir::{ClassBytes, ClassBytesRange};

/// Names of the collating elements of ASCII, in its order.
const NAMES: &str = "NUL SOH STX ETX EOT ENQ ACK alert backspace tab newline vertical-tab form-feed carriage-return SO \
SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC IS4 IS3 IS2 IS1 space exclamation-mark quotation-mark number-sign \
dollar-sign percent-sign ampersand apostrophe left-parenthesis right-parenthesis asterisk plus-sign comma hyphen \
period slash zero one two three four five six seven eight nine colon semicolon less-than-sign equals-sign \
greater-than-sign question-mark commercial-at A B C D E F G H I J K L M N O P Q R S T U V W X Y Z \
left-square-bracket backslash right-square-bracket circumflex underscore grave-accent a b c d e f g h i j k l m n o \
p q r s t u v w x y z left-curly-bracket vertical-line right-curly-bracket tilde DEL";

enum Item {
    Byte(u8),
    Class(ClassBytes),
}

/// Behind the opening bracket; goes on behind the closing one.
pub fn parse(parser: &mut Parser) -> Result<ClassBytes, Mistake> {
    let opened = parser.at - 1;
    let negated = parser.eat(b"^");
    let mut class = ClassBytes::empty();
    // In the POSIX grammars a bracket that comes first is one of the set.
    let mut first = parser.grammar != Grammar::Ecma;
    loop {
        if parser.at == parser.pattern.len() {
            parser.at = opened;
            return parser.fail(Kind::Brack);
        }
        if !first && parser.eat(b"]") {
            break;
        }
        first = false;
        let start = item(parser)?;
        let range = parser.peek(0) == Some(b'-') && parser.peek(1).is_some_and(|b| b != b']');
        match start {
            Item::Class(_) if range => return parser.fail(Kind::Range),
            Item::Class(members) => class.union(&members),
            Item::Byte(byte) => {
                let mut last = byte;
                if range {
                    parser.at += 1;
                    last = match item(parser)? {
                        Item::Byte(last) if last >= byte => last,
                        _ => return parser.fail(Kind::Range),
                    };
                }
                class.push(ClassBytesRange::new(byte, last));
            }
        }
    }
    if parser.ignore_case {
        class.case_fold_simple();
    }
    if negated {
        class.negate();
    }
    Ok(class)
}

fn item(parser: &mut Parser) -> Result<Item, Mistake> {
    let Some(byte) = parser.next() else {
        return parser.fail(Kind::Brack);
    };
    match (byte, parser.peek(0)) {
        (b'[', Some(b':')) => {
            let name = name(parser)?;
            match named_class(name) {
                Some(class) => Ok(Item::Class(class)),
                None => parser.fail(Kind::Ctype),
            }
        }
        (b'[', Some(b'.' | b'=')) => {
            let name = name(parser)?;
            match element(name) {
                Some(byte) => Ok(Item::Byte(byte)),
                None => parser.fail(Kind::Collate),
            }
        }
        (b'\\', _) if parser.grammar == Grammar::Ecma => {
            let Some(letter) = parser.next() else {
                return parser.fail(Kind::Escape);
            };
            match (letter, class_escape(letter)) {
                (b'b', _) => Ok(Item::Byte(0x08)),
                (_, Some(class)) => Ok(Item::Class(class)),
                _ => Ok(Item::Byte(parser.character_escape(letter)?)),
            }
        }
        _ => Ok(Item::Byte(byte)),
    }
}

/// The name in `[:name:]`, `[.name.]`, `[=name=]`, behind its opening bracket.
fn name<'p>(parser: &mut Parser<'p>) -> Result<&'p [u8], Mistake> {
    let pattern = parser.pattern;
    let end = [pattern[parser.at], b']'];
    let start = parser.at + 1;
    match memchr::memmem::find(&pattern[start..], &end) {
        Some(length) => {
            parser.at = start + length + 2;
            Ok(&pattern[start..start + length])
        }
        None => parser.fail(Kind::Brack),
    }
}

fn element(name: &[u8]) -> Option<u8> {
    if let [byte] = name {
        return Some(*byte);
    }
    let at = NAMES
        .split(' ')
        .position(|known| known.as_bytes() == name)?;
    u8::try_from(at).ok()
}

fn named_class(name: &[u8]) -> Option<ClassBytes> {
    Some(byte_class(match name {
        b"alnum" => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
        b"alpha" => &[(b'A', b'Z'), (b'a', b'z')],
        b"blank" => &[(b'\t', b'\t'), (b' ', b' ')],
        b"cntrl" => &[(0, 0x1f), (0x7f, 0x7f)],
        b"digit" | b"d" => &[(b'0', b'9')],
        b"graph" => &[(b'!', b'~')],
        b"lower" => &[(b'a', b'z')],
        b"print" => &[(b' ', b'~')],
        b"punct" => &[(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')],
        b"space" | b"s" => &[(b'\t', b'\r'), (b' ', b' ')],
        b"upper" => &[(b'A', b'Z')],
        b"w" => &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')],
        b"xdigit" => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
        _ => return None,
    }))
}
