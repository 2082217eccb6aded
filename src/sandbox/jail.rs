//! Jails: jail(3) of libjail, which knows the types of parameters.

use super::no_new_privs;
use crate::bridge::{copy_text, guard, operations, status};
use nix::errno::Errno;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::io;

operations! {
    new: fn() -> *mut Parameters;
    free: fn(*mut Parameters);
    parameter: fn(*mut Parameters, *const c_char, usize, *const c_char, usize) -> i32;
    wanted: fn(*mut Parameters, *const c_char, usize) -> i32;
    set: fn(*mut Parameters, i32) -> i32;
    get: fn(*mut Parameters, i32) -> i32;
    value: fn(*mut Parameters, i32, *mut c_char, i32) -> i32;
    remove: fn(i32) -> i32;
    all: fn(i32, *mut c_char, i32) -> i32;
    super::capsicum::limit_stdio: fn() -> i32;
    set_no_new_privs: fn() -> i32;
}

/// `struct jailparam` of jail.h.
#[repr(C)]
struct Parameter {
    name: *mut c_char,
    value: *mut c_void,
    value_length: usize,
    element_length: usize,
    kind: c_int,
    struct_type: c_int,
    flags: c_uint,
}

#[link(name = "jail")]
// SAFETY: as jail.h declares them.
unsafe extern "C" {
    fn jailparam_init(parameter: *mut Parameter, name: *const c_char) -> c_int;
    fn jailparam_import(parameter: *mut Parameter, value: *const c_char) -> c_int;
    fn jailparam_set(parameters: *mut Parameter, count: c_uint, flags: c_int) -> c_int;
    fn jailparam_get(parameters: *mut Parameter, count: c_uint, flags: c_int) -> c_int;
    fn jailparam_export(parameter: *mut Parameter) -> *mut c_char;
    fn jailparam_free(parameters: *mut Parameter, count: c_uint);
    fn jailparam_all(parameters: *mut *mut Parameter) -> c_int;
}

/// A list for one call. Those whose values are wanted come after the others.
#[derive(Default)]
pub struct Parameters {
    list: Vec<Parameter>,
    /// How many of `list` were given values.
    given: usize,
}

impl Drop for Parameters {
    fn drop(&mut self) {
        // SAFETY: each was initialised by libjail.
        unsafe { jailparam_free(self.list.as_mut_ptr(), self.list.len() as c_uint) };
    }
}

fn parameters<'a>(this: *mut Parameters) -> &'a mut Parameters {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    unsafe { &mut *this }
}

/// A text of the Lua half; nothing if it holds NUL.
fn text(bytes: *const c_char, length: usize) -> Option<CString> {
    // SAFETY: the Lua half passes a string with its length.
    CString::new(unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length) }).ok()
}

extern "C" fn new() -> *mut Parameters {
    Box::into_raw(Box::default())
}

extern "C" fn free(this: *mut Parameters) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// Appends a parameter without value, or says why not.
fn append(this: &mut Parameters, name: &CStr) -> Result<(), Errno> {
    // SAFETY: zero is valid for every field.
    let mut parameter: Parameter = unsafe { std::mem::zeroed() };
    // SAFETY: a struct to fill and a terminated name.
    Errno::result(unsafe { jailparam_init(&raw mut parameter, name.as_ptr()) })?;
    this.list.push(parameter);
    Ok(())
}

/// Gives a parameter its value. A refused name is a negated error number, a refused value one that is positive.
extern "C" fn parameter(
    this: *mut Parameters,
    name: *const c_char,
    name_length: usize,
    value: *const c_char,
    value_length: usize,
) -> i32 {
    guard(|| {
        let this = parameters(this);
        let Some(name) = text(name, name_length) else {
            return -libc::EINVAL;
        };
        let Some(value) = text(value, value_length) else {
            return libc::EINVAL;
        };
        if let Err(errno) = append(this, &name) {
            return -(errno as i32);
        }
        let Some(parameter) = this.list.last_mut() else {
            return -libc::EINVAL;
        };
        // SAFETY: an initialised parameter and a terminated text.
        match Errno::result(unsafe { jailparam_import(parameter, value.as_ptr()) }) {
            Ok(_) => {
                this.given = this.list.len();
                0
            }
            Err(errno) => errno as i32,
        }
    })
}

/// Asks for the value of a parameter.
extern "C" fn wanted(this: *mut Parameters, name: *const c_char, length: usize) -> i32 {
    guard(|| match text(name, length).ok_or(Errno::EINVAL) {
        Ok(name) => append(parameters(this), &name).map_or_else(|errno| -(errno as i32), |()| 0),
        Err(errno) => -(errno as i32),
    })
}

type Call = unsafe extern "C" fn(*mut Parameter, c_uint, c_int) -> c_int;

fn call(this: *mut Parameters, flags: i32, function: Call) -> i32 {
    guard(|| {
        let list = &mut parameters(this).list;
        // SAFETY: as many initialised parameters as it says.
        match Errno::result(unsafe { function(list.as_mut_ptr(), list.len() as c_uint, flags) }) {
            Ok(jid) => jid,
            Err(errno) => -(errno as i32),
        }
    })
}

/// jailparam_set(3): the jail's id.
extern "C" fn set(this: *mut Parameters, flags: i32) -> i32 {
    call(this, flags, jailparam_set)
}

/// jailparam_get(3): the jail's id.
extern "C" fn get(this: *mut Parameters, flags: i32) -> i32 {
    call(this, flags, jailparam_get)
}

/// The text of the wanted parameter `index`.
extern "C" fn value(this: *mut Parameters, index: i32, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| {
        let this = parameters(this);
        let at = this.given + index as usize;
        let Some(parameter) = this.list.get_mut(at) else {
            return -libc::EINVAL;
        };
        // SAFETY: a parameter that jailparam_get has filled.
        let text = unsafe { jailparam_export(parameter) };
        if text.is_null() {
            return -Errno::last_raw();
        }
        // SAFETY: a terminated text that malloc(3) has made for us.
        unsafe {
            let length = copy_text(CStr::from_ptr(text).to_bytes(), buffer, size);
            libc::free(text.cast());
            length
        }
    })
}

extern "C" fn remove(jid: i32) -> i32 {
    // SAFETY: no memory is passed.
    super::result(unsafe { libc::jail_remove(jid) })
}

/// procctl(2), for all of the process.
extern "C" fn set_no_new_privs() -> i32 {
    status(no_new_privs().map_err(io::Error::from))
}

thread_local! {
    /// The names of all parameters, while they are asked for one by one.
    static NAMES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

fn read_names() -> Result<Vec<Vec<u8>>, Errno> {
    let mut list = std::ptr::null_mut();
    // SAFETY: libjail makes an array, which it and free(3) take back.
    unsafe {
        let count = Errno::result(jailparam_all(&raw mut list))?;
        let names = (0..count as usize)
            .map(|i| CStr::from_ptr((*list.add(i)).name).to_bytes().to_vec())
            .collect();
        jailparam_free(list, count as c_uint);
        libc::free(list.cast());
        Ok(names)
    }
}

/// The name of parameter `index`; 0 when there is none.
extern "C" fn all(index: i32, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| {
        NAMES.with(|names| {
            let mut names = names.borrow_mut();
            if index == 0 {
                match read_names() {
                    Ok(list) => *names = list,
                    Err(errno) => return -(errno as i32),
                }
            }
            names
                .get(index as usize)
                .map_or(0, |name| copy_text(name, buffer, size))
        })
    })
}
