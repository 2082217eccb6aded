//! What the process was started with beside arguments and environment: descriptors, and where its loader looks.

use mlua::ffi::{self, lua_State};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use std::collections::HashSet;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[
    (c"low_descriptor", low_descriptor),
    (c"library_directories", library_directories),
];

/// Bits of the descriptors 3 to 9 that were inherited and have not been handed out.
static LOW: AtomicU32 = AtomicU32::new(0);

fn flags(number: RawFd) -> Result<FdFlag, Errno> {
    // SAFETY: it is used for one call, which fails if it is closed.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl(descriptor, FcntlArg::F_GETFD).map(FdFlag::from_bits_retain)
}

/// Opens `/dev/null` for the standard streams that are closed. Descriptors of the runtime would get their numbers, and
/// be shared with children as what they are not.
fn fill_streams() {
    for number in 0..=2 {
        if flags(number) == Err(Errno::EBADF)
            && let Ok(null) = open(c"/dev/null", OFlag::O_RDWR, Mode::empty())
        {
            // It is that number, the lowest that is free, and stays open.
            let _ = null.into_raw_fd();
        }
    }
}

/// Notes what is open when this module is loaded: what the process opens itself is close-on-exec.
pub fn note() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        fill_streams();
        let inherited = (3..=9)
            .filter(|&n| flags(n).is_ok_and(|flags| !flags.contains(FdFlag::FD_CLOEXEC)))
            .fold(0, |bits, n| bits | 1 << n);
        LOW.store(inherited, Ordering::Relaxed);
    });
}

/// `low_descriptor(number) -> boolean`: whether `number` was inherited; from then on it is the caller's.
unsafe extern "C-unwind" fn low_descriptor(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with an integer from 3 to 9.
    let number = unsafe { ffi::lua_tonumber(l, 1) } as RawFd;
    let bit = 1 << number;
    let was = LOW.fetch_and(!bit, Ordering::Relaxed) & bit != 0;
    // SAFETY: as in `flags`.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    let given = was && fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).is_ok();
    // SAFETY: a C function called by Lua has free slots.
    unsafe { ffi::lua_pushboolean(l, c_int::from(given)) };
    1
}

/// `Dl_serpath` of dlfcn.h.
#[repr(C)]
struct SearchPath {
    name: *const c_char,
    flags: c_uint,
}

/// `Dl_serinfo` of dlfcn.h, whose list is as long as `count` says.
#[repr(C)]
struct SearchInfo {
    size: usize,
    count: c_uint,
    paths: [SearchPath; 1],
}

const RTLD_DI_SERINFO: c_int = 4;
const RTLD_DI_SERINFOSIZE: c_int = 5;

// SAFETY: as dlfcn.h declares it.
unsafe extern "C" {
    fn dlinfo(handle: *mut c_void, request: c_int, info: *mut c_void) -> c_int;
}

/// Opens the directories that the loader searches for the program's libraries.
fn open_directories() -> Vec<RawFd> {
    let mut opened = Vec::new();
    // SAFETY: the first call tells the size of the struct that the others fill, which is aligned as words are.
    unsafe {
        let program = libc::dlopen(std::ptr::null(), libc::RTLD_LAZY);
        let mut size = SearchInfo {
            size: 0,
            count: 0,
            paths: [SearchPath {
                name: std::ptr::null(),
                flags: 0,
            }],
        };
        if dlinfo(program, RTLD_DI_SERINFOSIZE, (&raw mut size).cast()) == 0 {
            let mut words = vec![0_usize; size.size.div_ceil(size_of::<usize>())];
            let info = words.as_mut_ptr().cast::<SearchInfo>();
            (*info).size = size.size;
            (*info).count = size.count;
            if dlinfo(program, RTLD_DI_SERINFO, info.cast()) == 0 {
                let first = (&raw const (*info).paths).cast::<SearchPath>();
                let mut seen = HashSet::new();
                for i in 0..(*info).count as usize {
                    let name = CStr::from_ptr((*first.add(i)).name);
                    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                    if seen.insert(name.to_owned())
                        && let Ok(fd) = open(name, flags, Mode::empty())
                    {
                        opened.push(fd.into_raw_fd());
                    }
                }
            }
        }
        libc::dlclose(program);
    }
    opened
}

/// `library_directories() -> table`: the numbers of their descriptors, which are the caller's.
unsafe extern "C-unwind" fn library_directories(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua has free slots; Lua raises for want of memory only, and the process ends.
    unsafe {
        ffi::lua_createtable(l, 0, 0);
        for (i, number) in (1..).zip(open_directories()) {
            ffi::lua_pushinteger(l, number as ffi::lua_Integer);
            ffi::lua_rawseti(l, -2, i);
        }
    }
    1
}
