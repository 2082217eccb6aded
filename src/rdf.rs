//! Turtle, read into a flat list. What the triples mean is decided by `program/rdf.lua`.

use crate::bridge::guard;
use mlua::ffi::{self, lua_State};
use oxrdf::{NamedOrBlankNode, Term, Triple};
use oxttl::TurtleParser;
use std::ffi::{CStr, c_int};

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"turtle", turtle)];

/// Fields of a triple: subject, predicate, object, kind of the object, and the tag or the type of a
/// literal.
const FIELDS: usize = 5;

fn fields(triple: Triple) -> [String; FIELDS] {
    let subject = match triple.subject {
        NamedOrBlankNode::NamedNode(node) => node.into_string(),
        NamedOrBlankNode::BlankNode(node) => node.to_string(),
    };
    let (kind, value, extra) = match triple.object {
        Term::NamedNode(node) => ("uri", node.into_string(), String::new()),
        Term::BlankNode(node) => ("blank", node.to_string(), String::new()),
        Term::Literal(literal) => match literal.destruct() {
            (value, _, Some(tag)) => ("tagged", value, tag),
            (value, Some(datatype), None) => ("typed", value, datatype.into_string()),
            (value, None, None) => ("plain", value, String::new()),
        },
    };
    [
        subject,
        triple.predicate.into_string(),
        value,
        kind.to_owned(),
        extra,
    ]
}

/// `turtle(text) -> {subject, predicate, object, kind, extra, subject, ...} | nil`: nil when `text` is
/// no Turtle.
unsafe extern "C-unwind" fn turtle(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua with a string, which is on the stack while it is read.
    unsafe {
        let mut length = 0;
        let text = ffi::luaL_checklstring(l, 1, &mut length);
        let text = std::slice::from_raw_parts(text.cast::<u8>(), length);
        let mut list = Vec::new();
        let read = guard(|| {
            let Ok(parser) = TurtleParser::new().with_base_iri("file:///") else {
                return -1;
            };
            for triple in parser.for_slice(text) {
                match triple {
                    Ok(triple) => list.push(fields(triple)),
                    Err(_) => return -1,
                }
            }
            0
        });
        if read != 0 {
            ffi::lua_pushnil(l);
            return 1;
        }
        ffi::lua_createtable(l, (list.len() * FIELDS) as c_int, 0);
        for (i, text) in list.iter().flatten().enumerate() {
            ffi::lua_pushlstring(l, text.as_ptr().cast(), text.len());
            ffi::lua_rawseti(l, -2, (i + 1) as _);
        }
    }
    1
}
