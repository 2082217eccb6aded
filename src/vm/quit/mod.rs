//! SIGQUIT of the launcher: it prints what every fiber does, as other runtimes print their threads.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use platform::Quit;

use super::{Token, Vm, vm};
use crate::bridge::{failure, guard};
use mlua::ffi::{self, lua_State};
use std::ffi::c_int;

/// `watch_quit(vm, token) -> boolean`: whether the signal came since the last call. From the first on
/// it is handled, and each time that it comes `token` becomes ready. Called inside of a run.
pub unsafe extern "C-unwind" fn watch_quit(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with the VM's address and a token.
    unsafe {
        let this = ffi::lua_touserdata(l, 1).cast::<Vm>();
        let token = ffi::lua_tonumber(l, 2) as u32;
        let came = guard(|| watch(vm(this), token));
        ffi::lua_pushboolean(l, c_int::from(came > 0));
    }
    1
}

fn watch(vm: &mut Vm, token: u32) -> i32 {
    if vm.quit.is_none() {
        match Quit::new(Token::waker(&vm.shared, token)) {
            Ok(quit) => vm.quit = Some(quit),
            Err(error) => return failure(&error),
        }
    }
    vm.quit.as_mut().map_or(0, |quit| i32::from(quit.poll()))
}
