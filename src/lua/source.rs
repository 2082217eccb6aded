//! The embedded sources, as text and as the bytecode that the build's interpreter made of it.
//!
//! Parsing takes twenty times as long as loading bytecode, but bytecode is the interpreter's own: it is used
//! where the running one makes the same of the probe, whose source has every instruction, as that of the build did.

use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

/// A Lua source of the module.
struct Source {
    /// By which others import it.
    name: &'static CStr,
    text: &'static str,
    /// Empty when the build found no interpreter.
    bytecode: &'static [u8],
}

/// All sources, sorted by name.
const SOURCES: &[Source] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

const PROBE: &CStr = c"core.probe";

fn find(name: &CStr) -> Option<&'static Source> {
    let at = SOURCES.binary_search_by(|source| source.name.cmp(name));
    Some(&SOURCES[at.ok()?])
}

/// Whether the interpreter of this process may load the bytecode; found out once. Nothing, with a message pushed, when
/// memory is wanting.
///
/// # Safety
/// `l` is a valid state with four free slots.
unsafe fn bytecode_fits(l: *mut lua_State) -> Option<bool> {
    static FITS: OnceLock<bool> = OnceLock::new();
    if let Some(fits) = FITS.get() {
        return Some(*fits);
    }
    let fits = match find(PROBE) {
        // SAFETY: as the caller promises; the chunk is dumped, not run.
        Some(probe) if !probe.bytecode.is_empty() => unsafe { dump(l, probe)? == probe.bytecode },
        _ => false,
    };
    Some(*FITS.get_or_init(|| fits))
}

/// The bytecode that the running interpreter makes of a source; none of one that it cannot parse. Nothing, with a
/// message pushed, when memory is wanting.
///
/// # Safety
/// `l` is a valid state with four free slots.
unsafe fn dump(l: *mut lua_State, source: &Source) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    // SAFETY: as the caller promises; neither call raises, and `bytes` outlives the second one.
    unsafe {
        let top = ffi::lua_gettop(l);
        let status = parse(l, source);
        if status == ffi::LUA_ERRMEM {
            return None;
        }
        if status == 0 && ffi::lua_dump(l, append, (&raw mut bytes).cast(), 0) != 0 {
            // The interpreter has left its message above the chunk.
            ffi::lua_replace(l, top + 1);
            ffi::lua_settop(l, top + 1);
            return None;
        }
        ffi::lua_settop(l, top);
    }
    Some(bytes)
}

/// The writer of [`dump`].
unsafe extern "C-unwind" fn append(
    _l: *mut lua_State,
    data: *const c_void,
    size: usize,
    bytes: *mut c_void,
) -> c_int {
    // SAFETY: `dump` passes its vector, and the interpreter `size` bytes.
    unsafe {
        let data = std::slice::from_raw_parts(data.cast::<u8>(), size);
        (*bytes.cast::<Vec<u8>>()).extend_from_slice(data);
    }
    0
}

/// Pushes what the text of a source compiles to, or a message; returns the status.
///
/// # Safety
/// `l` is a valid state with a free slot.
unsafe fn parse(l: *mut lua_State, source: &Source) -> c_int {
    let name = chunk_name(source.name);
    // SAFETY: text and name outlive the call, which copies the name.
    unsafe { load(l, source.text.as_bytes(), &name) }
}

/// `=[emilua.NAME]`, as tracebacks show it.
fn chunk_name(name: &CStr) -> Vec<u8> {
    [b"=[emilua.", name.to_bytes(), b"]\0"].concat()
}

/// luaL_loadbuffer; `name` ends with a zero byte.
///
/// # Safety
/// `l` is a valid state with a free slot.
unsafe fn load(l: *mut lua_State, chunk: &[u8], name: &[u8]) -> c_int {
    // SAFETY: both live as long as the call; it raises nothing, want of memory is a status too.
    unsafe {
        ffi::luaL_loadbuffer(
            l,
            chunk.as_ptr().cast::<c_char>(),
            chunk.len(),
            name.as_ptr().cast(),
        )
    }
}

/// Pushes the compiled chunk of the source `name`, or nil if there is none. Returns false with a message pushed
/// instead when that fails.
///
/// # Safety
/// `l` is a valid state with five free slots.
pub unsafe fn push(l: *mut lua_State, name: &CStr) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        let Some(source) = find(name) else {
            ffi::lua_pushnil(l);
            return true;
        };
        let Some(fits) = bytecode_fits(l) else {
            return false;
        };
        let status = if fits {
            load(l, source.bytecode, &chunk_name(name))
        } else {
            parse(l, source)
        };
        status == 0
    }
}

/// `bytecode() -> boolean`: whether the embedded bytecode is used. For the test suite.
pub unsafe extern "C-unwind" fn bytecode(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua has these slots.
    unsafe {
        let fits = bytecode_fits(l);
        ffi::lua_pushboolean(l, c_int::from(fits == Some(true)));
    }
    1
}
