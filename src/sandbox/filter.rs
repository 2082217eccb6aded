//! BPF programs of seccomp(2), compiled by seccompiler from its JSON.

use super::dispatch;
use crate::bridge::{guard, message};
use mlua::ffi::{self, lua_State};
use seccompiler::{BpfMap, BpfProgram, TargetArch, sock_filter};
use std::ffi::{CStr, c_int};

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"seccomp_compile", seccomp_compile)];

pub const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
pub const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
pub const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
pub const JUMP_IF_GREATER_OR_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;

/// Instructions that the kernel takes.
const LONGEST: usize = 4096;

/// Refuses the calls of x32, which have numbers of their own under the architecture of x86_64: a list of calls to be
/// denied would miss them.
const NO_X32: [sock_filter; 3] = [
    // The number is the first field of `struct seccomp_data`.
    instruction(LOAD, 0, 0),
    instruction(JUMP_IF_GREATER_OR_EQUAL, 1, 0x4000_0000),
    instruction(RETURN, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
];

pub const fn instruction(code: u16, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf, k }
}

/// Joins programs to one in which the next one decides whatever a program would leave to its default action, which its
/// last instruction returns.
fn link(programs: Vec<BpfProgram>, architecture: TargetArch) -> Result<BpfProgram, String> {
    let mut whole = match architecture {
        TargetArch::x86_64 => NO_X32.to_vec(),
        TargetArch::aarch64 | TargetArch::riscv64 => Vec::new(),
    };
    let last = programs.len() - 1;
    for (i, mut program) in programs.into_iter().enumerate() {
        let end = program.len();
        let default = program[end - 1].k;
        if i < last {
            for (at, instruction) in program.iter_mut().enumerate() {
                if instruction.code == RETURN && instruction.k == default {
                    instruction.code = JUMP;
                    instruction.k = (end - at - 1) as u32;
                }
            }
        }
        whole.append(&mut program);
    }
    let whole = dispatch::by_number(whole, architecture);
    if whole.len() > LONGEST {
        let length = whole.len();
        return Err(format!(
            "{length} instructions, and the kernel takes {LONGEST}"
        ));
    }
    Ok(whole)
}

/// The filters `names` of a JSON text, or its only one.
fn select(mut filters: BpfMap, names: &[String]) -> Result<Vec<BpfProgram>, String> {
    if names.is_empty() {
        let count = filters.len();
        return match filters.into_values().next() {
            Some(program) if count == 1 => Ok(vec![program]),
            _ => Err(format!("{count} filters: which one is to be named")),
        };
    }
    let take = |name: &String| {
        filters
            .remove(name)
            .ok_or_else(|| format!("no filter {name}"))
    };
    names.iter().map(take).collect()
}

fn compile(json: &[u8], architecture: &str, names: &[String]) -> Result<BpfProgram, String> {
    let architecture = TargetArch::try_from(architecture)
        .map_err(|_| format!("unknown architecture {architecture}"))?;
    let filters = seccompiler::compile_from_json(json, architecture).map_err(|e| e.to_string())?;
    link(select(filters, names)?, architecture)
}

/// `seccomp_compile(json, architecture | nil, name...) -> program | nil, text`: the filters of those names, each for
/// what the one before it leaves open.
unsafe extern "C-unwind" fn seccomp_compile(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by the Lua half with strings, which stay on the stack while they are read.
    unsafe {
        let bytes = |index| {
            let mut length = 0;
            let text = ffi::lua_tolstring(l, index, &mut length);
            std::slice::from_raw_parts(text.cast::<u8>(), length)
        };
        let text = |index| String::from_utf8_lossy(bytes(index)).into_owned();
        let mut result = Err(String::new());
        let code = guard(|| {
            let architecture = match ffi::lua_isnoneornil(l, 2) {
                0 => text(2),
                _ => std::env::consts::ARCH.to_owned(),
            };
            let names: Vec<String> = (3..=ffi::lua_gettop(l)).map(text).collect();
            result = compile(bytes(1), &architecture, &names);
            0
        });
        if code != 0 {
            result = Err(message());
        }
        match result {
            Ok(program) => {
                ffi::lua_pushlstring(l, program.as_ptr().cast(), size_of_val(&program[..]));
                1
            }
            Err(text) => {
                ffi::lua_pushnil(l);
                ffi::lua_pushlstring(l, text.as_ptr().cast(), text.len());
                2
            }
        }
    }
}
