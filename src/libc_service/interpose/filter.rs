//! The filters of a slave: Lua functions that stand between the program and the proxies.

use crate::call::{Call, inside};
use crate::lua::{Api, State};
use crate::script::{BOOT, OPERATIONS, SOURCES, Source};
use crate::wire::Function;
use crate::{lock, perform, service};
use std::ffi::c_void;
use std::sync::OnceLock;

/// What a filter has made of a call.
pub enum Outcome {
    Answered,
    /// The call is passed on as it was.
    Failed,
}

/// The state of the filters. It is used by one thread at a time.
struct Filters {
    api: Api,
    state: *mut State,
    /// Bits of the functions that have a filter.
    functions: u32,
}

// SAFETY: `state` is used under the lock only; see `run`.
unsafe impl Send for Filters {}
// SAFETY: as above.
unsafe impl Sync for Filters {}

static FILTERS: OnceLock<Filters> = OnceLock::new();

/// What boot.lua is given. Same layout as there.
#[repr(C)]
struct World {
    sources: *const Source,
    count: usize,
    filters: *const u8,
    length: usize,
    init_script: *const c_void,
    ask: extern "C" fn(*mut Call),
}

/// Makes filters of what the master's side has sent. Those of a process that has no LuaJIT do not run.
pub fn start(text: Vec<u8>) {
    inside(|| {
        if let Some(filters) = make(&text) {
            let _ = FILTERS.set(filters);
            lock::guard_forks();
        }
    });
}

fn make(text: &[u8]) -> Option<Filters> {
    let api = Api::find()?;
    let mut world = World {
        sources: SOURCES.as_ptr(),
        count: SOURCES.len(),
        filters: text.as_ptr(),
        length: text.len(),
        init_script: OPERATIONS.0,
        ask,
    };
    // SAFETY: a new state; what raises is inside of the protected call. `world` and what it points to outlive that.
    unsafe {
        let state = (api.new_state)();
        if state.is_null() {
            return None;
        }
        (api.open_libraries)(state);
        let name = c"=[emilua.libc_service.boot]";
        let boot = BOOT.as_ptr().cast();
        let mut status = (api.load)(state, boot, BOOT.len(), name.as_ptr());
        if status == 0 {
            (api.push_pointer)(state, (&raw mut world).cast());
            // Leaves the function that `run` calls, and the bits of the functions that have a filter.
            status = (api.call)(state, 1, 2, 0);
        }
        if status != 0 {
            (api.close)(state);
            return None;
        }
        let functions = (api.to_integer)(state, 2) as u32;
        (api.set_top)(state, 1);
        Some(Filters {
            api,
            state,
            functions,
        })
    }
}

/// Whether a function has a filter.
pub fn is_there(function: Function) -> bool {
    FILTERS
        .get()
        .is_some_and(|filters| filters.functions >> function as u32 & 1 == 1)
}

/// Has a call answered by the filter of its function.
pub fn run(call: &mut Call) -> Outcome {
    let Some(Filters { api, state, .. }) = FILTERS.get() else {
        return Outcome::Failed;
    };
    lock::acquire();
    // SAFETY: the lock is held; the stack has the function at its bottom, and is left so. `call` outlives the call.
    let answered = inside(|| unsafe {
        (api.push_value)(*state, 1);
        (api.push_pointer)(*state, (&raw mut *call).cast());
        let answered = (api.call)(*state, 1, 1, 0) == 0 && (api.to_boolean)(*state, -1) != 0;
        (api.set_top)(*state, 1);
        answered
    });
    lock::release();
    if answered {
        Outcome::Answered
    } else {
        Outcome::Failed
    }
}

/// The proxy of a filter: fills the answer of a call, and the descriptors that came with it.
extern "C" fn ask(call: *mut Call) {
    // SAFETY: filter.lua passes the call that `run` has given to it, or a copy.
    let call = unsafe { &mut *call };
    let Some(function) = call.request.function() else {
        return;
    };
    call.count = 0;
    match service::ask(&call.request, function, call.brought) {
        Some((answer, descriptors)) => {
            call.answer = answer;
            call.count = descriptors.give(&mut call.descriptors) as u32;
        }
        None => call.answer = perform::perform(function, &call.request, call.brought),
    }
}
