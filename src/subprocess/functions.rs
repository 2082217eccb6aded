//! What the Lua half asks of the host's side. Descriptors are numbers here: it owns them by objects of its own.

use super::configuration::{Configuration, Orders};
use super::protocol::{Action, Stream};
use super::{host, message, platform};
use crate::bridge::guard::PANIC;
use crate::bridge::{failure, guard};
use mlua::ffi::{self, lua_State};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use std::ffi::{CStr, OsStr, c_int};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::slice;

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[
    (c"list_libraries", list_libraries),
    (c"supervisor_ask", ask),
    (c"supervisor_start", start),
    (c"supervisor_spawn", spawn),
    (c"supervisor_configure", configure),
    (c"supervisor_mirror", mirror),
];

/// The bytes of a string argument; none for another value.
///
/// # Safety
/// The argument stays on the stack while they are used.
unsafe fn bytes<'a>(l: *mut lua_State, i: c_int) -> Option<&'a [u8]> {
    let mut length = 0;
    // SAFETY: as the caller promises.
    unsafe {
        let text = ffi::lua_tolstring(l, i, &raw mut length);
        (!text.is_null()).then(|| slice::from_raw_parts(text.cast(), length))
    }
}

/// Runs `body`; a failure becomes its code, and a panic that of a panic.
fn attempt<T>(body: impl FnOnce() -> io::Result<T>) -> Result<T, (i32, String)> {
    let mut outcome = None;
    if guard(|| {
        outcome = Some(body());
        0
    }) == PANIC
    {
        return Err((PANIC, String::new()));
    }
    match outcome {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err((failure(&error), error.to_string())),
        None => Err((PANIC, String::new())),
    }
}

/// Pushes the code and the text of a failure.
unsafe fn push_failure(l: *mut lua_State, (code, text): &(i32, String)) -> c_int {
    // SAFETY: a C function's state.
    unsafe {
        ffi::lua_pushinteger(l, *code as ffi::lua_Integer);
        ffi::lua_pushlstring(l, text.as_ptr().cast(), text.len());
    }
    2
}

/// `supervisor_start(interpreter, jit_version) -> nothing | code, text`.
unsafe extern "C-unwind" fn start(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with two strings.
    unsafe {
        let (interpreter, version) = (bytes(l, 1), bytes(l, 2));
        let outcome = attempt(|| {
            let interpreter = OsStr::from_bytes(interpreter.unwrap_or_default());
            host::start(
                interpreter,
                &String::from_utf8_lossy(version.unwrap_or_default()),
            )
        });
        match outcome {
            Ok(()) => 0,
            Err(error) => push_failure(l, &error),
        }
    }
}

/// A standard stream's argument: nil, true for the host's, or a descriptor's number.
unsafe fn stream(l: *mut lua_State, i: c_int) -> (Stream, RawFd) {
    // SAFETY: a C function's state.
    unsafe {
        match ffi::lua_type(l, i) {
            ffi::LUA_TBOOLEAN => (Stream::Share, -1),
            ffi::LUA_TNUMBER => (Stream::Given, ffi::lua_tointeger(l, i) as RawFd),
            _ => (Stream::Dead, -1),
        }
    }
}

/// `supervisor_spawn(flags, stdin, stdout, stderr, bound) -> pid, handle, socket | nil, code`.
unsafe extern "C-unwind" fn spawn(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a number, three streams and a boolean.
    unsafe {
        let namespaces = ffi::lua_tonumber(l, 1) as u64;
        let streams = [stream(l, 2), stream(l, 3), stream(l, 4)];
        let bound = ffi::lua_toboolean(l, 5) != 0;
        match attempt(|| host::spawn(namespaces, streams, bound)) {
            Ok(spawned) => {
                ffi::lua_pushinteger(l, spawned.pid as ffi::lua_Integer);
                for fd in [spawned.handle, spawned.socket] {
                    ffi::lua_pushinteger(l, fd.into_raw_fd() as ffi::lua_Integer);
                }
                3
            }
            Err((code, _)) => {
                ffi::lua_pushnil(l);
                ffi::lua_pushinteger(l, code as ffi::lua_Integer);
                2
            }
        }
    }
}

/// The paths in a list; none for another value.
unsafe fn paths(l: *mut lua_State, i: c_int) -> Vec<PathBuf> {
    let mut list = Vec::new();
    // SAFETY: a C function's state with free slots; a string that is read stays in the list.
    unsafe {
        if ffi::lua_istable(l, i) != 0 {
            for n in 1..=ffi::lua_objlen(l, i) {
                ffi::lua_rawgeti(l, i, n as ffi::lua_Integer);
                let path = OsStr::from_bytes(bytes(l, -1).unwrap_or_default());
                list.push(PathBuf::from(path));
                ffi::lua_pop(l, 1);
            }
        }
    }
    list
}

/// The descriptors in a list; none for another value.
unsafe fn numbers(l: *mut lua_State, i: c_int) -> Vec<RawFd> {
    let mut list = Vec::new();
    // SAFETY: a C function's state with free slots.
    unsafe {
        if ffi::lua_istable(l, i) != 0 {
            for n in 1..=ffi::lua_objlen(l, i) {
                ffi::lua_rawgeti(l, i, n as ffi::lua_Integer);
                list.push(ffi::lua_tointeger(l, -1) as RawFd);
                ffi::lua_pop(l, 1);
            }
        }
    }
    list
}

/// `list_libraries(directory) -> names`: of the shared objects in it, without the ending.
unsafe extern "C-unwind" fn list_libraries(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a string.
    unsafe {
        let directory = PathBuf::from(OsStr::from_bytes(bytes(l, 1).unwrap_or_default()));
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let libraries = paths.filter(|path| path.extension() == Some(OsStr::new("so")));
        let names: Vec<_> = libraries
            .filter_map(|path| Some(path.file_stem()?.to_owned()))
            .collect();
        ffi::lua_createtable(l, names.len() as c_int, 0);
        for (i, name) in names.iter().enumerate() {
            let name = name.as_bytes();
            ffi::lua_pushlstring(l, name.as_ptr().cast(), name.len());
            ffi::lua_rawseti(l, -2, i as ffi::lua_Integer + 1);
        }
    }
    1
}

/// `supervisor_configure(socket, configuration, script | nil, argument | nil, libraries | nil, filter | nil, zygote, jit,
/// service | nil, library_directories | nil) -> nothing | code, text`.
unsafe extern "C-unwind" fn configure(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a descriptor that it owns, strings, numbers and two booleans.
    unsafe {
        let socket = BorrowedFd::borrow_raw(ffi::lua_tointeger(l, 1) as RawFd);
        let (configuration, script) = (bytes(l, 2), bytes(l, 3));
        let number = |i| (ffi::lua_isnumber(l, i) != 0).then(|| ffi::lua_tointeger(l, i) as RawFd);
        let (argument, service) = (number(4), number(9));
        let libraries = paths(l, 5);
        let filter = bytes(l, 6);
        let orders = Orders {
            script: script.is_some(),
            filter: filter.is_some(),
            zygote: ffi::lua_toboolean(l, 7) != 0,
            jit: ffi::lua_toboolean(l, 8) != 0,
            service: service.is_some(),
        };
        let directories = numbers(l, 10);
        let outcome = attempt(|| {
            let configuration = configuration.unwrap_or_default();
            // The Lua half owns them during the call.
            let directories = directories.iter().map(|n| BorrowedFd::borrow_raw(*n));
            let directories = directories.map(platform::library_directory);
            let directories = directories.collect::<io::Result<Vec<_>>>()?;
            Configuration::send(
                socket,
                configuration,
                &libraries,
                &directories,
                service,
                orders,
            )?;
            if let Some(script) = script {
                message::send(socket, script, argument.as_slice())?;
            }
            if let Some(filter) = filter {
                message::send(socket, filter, &[])?;
            }
            Ok(())
        });
        match outcome {
            Ok(()) => 0,
            Err(error) => push_failure(l, &error),
        }
    }
}

/// `supervisor_ask(flags, script) -> text | nil, code`: what a script in a new process writes to its `arg`.
unsafe extern "C-unwind" fn ask(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a number and a string.
    unsafe {
        let (namespaces, script) = (ffi::lua_tonumber(l, 1) as u64, bytes(l, 2));
        let outcome = attempt(|| {
            let spawned = host::spawn(namespaces, [(Stream::Dead, -1); 3], false)?;
            let (reading, writing) = pipe2(OFlag::O_CLOEXEC)?;
            let orders = Orders {
                script: true,
                ..Orders::default()
            };
            Configuration::send(spawned.socket.as_fd(), &[], &[], &[], None, orders)?;
            let script = script.unwrap_or_default();
            message::send(spawned.socket.as_fd(), script, &[writing.as_raw_fd()])?;
            drop(writing);
            let mut text = Vec::new();
            File::from(reading).read_to_end(&mut text)?;
            Ok(text)
        });
        match outcome {
            Ok(text) => {
                ffi::lua_pushlstring(l, text.as_ptr().cast(), text.len());
                1
            }
            Err((code, _)) => {
                ffi::lua_pushnil(l);
                ffi::lua_pushinteger(l, code as ffi::lua_Integer);
                2
            }
        }
    }
}

/// `supervisor_mirror(action, a, b, c, bytes | nil, descriptor | nil)`, where `action` is a number of
/// [`Action`]: returns when the zygote has done the same.
unsafe extern "C-unwind" fn mirror(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with numbers, a string and a descriptor that it owns.
    unsafe {
        let action = Action::from_word(ffi::lua_tonumber(l, 1) as u64);
        let words = [2, 3, 4].map(|i| ffi::lua_tonumber(l, i) as u64);
        let body = bytes(l, 5).unwrap_or_default();
        let descriptor = (ffi::lua_isnumber(l, 6) != 0).then(|| ffi::lua_tointeger(l, 6) as RawFd);
        let outcome = attempt(|| {
            let action = action.ok_or(Errno::EINVAL)?;
            host::mirror(action, words, body, descriptor);
            Ok(())
        });
        match outcome {
            Ok(()) => 0,
            Err(error) => push_failure(l, &error),
        }
    }
}
