//! Descriptors that the runtime waits for, and the operations on them: one non-blocking call each.
//!
//! An operation tries, and when it would block it has registered its direction's waker and says
//! so; the fiber tries again when it is woken. Queues of waiting fibers are the Lua half's.

pub mod descriptor;
mod endpoint;
mod exception;
mod interface;
mod look;
mod option;
#[cfg(windows)]
mod overlapped;
mod readiness;
mod send_file;
pub mod serial;
mod socket;
pub mod splice;
mod transfer;
#[cfg(unix)]
pub mod unix;
pub mod wire;

#[cfg(unix)]
pub use descriptor::open_flags;
pub use endpoint::Endpoint;
pub use readiness::{Borrowed, Descriptor};
pub use socket::accept;
#[cfg(unix)]
pub use transfer::code;
pub use transfer::{read, write};

use crate::bridge::{guard, operations};
use crate::file::File;
use crate::span::Span;
use crate::system;
use crate::vm::{Shared, Token, Vm};
pub use descriptor::{copy_descriptor, fill};
use readiness::Registration;
use socket2::SockRef;
use std::cell::Cell;
use std::ffi::c_char;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

operations! {
    new: fn(*mut Vm, u32, u32) -> *mut Io;
    free: fn(*mut Io);
    socket::open: fn(*mut Io, i32, i32) -> i32;
    socket::bind: fn(*mut Io, *const Endpoint) -> i32;
    socket::listen: fn(*mut Io, i32) -> i32;
    accept: fn(*mut Io, *mut Io) -> i32;
    socket::connect: fn(*mut Io, *const Endpoint, i32) -> i32;
    socket::connected: fn(*mut Io, *const Endpoint) -> i32;
    read: fn(*mut Io, *const Span) -> i32;
    write: fn(*mut Io, *const Span) -> i32;
    socket::disconnect: fn(*mut Io) -> i32;
    socket::expect_errors: fn(*mut Io) -> i32;
    transfer::receive: fn(*mut Io, *const Span, i32, *mut Endpoint) -> i32;
    transfer::receive_from: fn(*mut Io, *const Span, i32, *mut Endpoint) -> i32;
    transfer::send: fn(*mut Io, *const Span, i32, *const Endpoint) -> i32;
    transfer::receive_urgent: fn(*mut Io, *const Span, i32, u32) -> i32;
    send_file::send_file: fn(*mut Io, *const File, f64, f64) -> i32;
    transfer::wait: fn(*mut Io, i32) -> i32;
    transfer::wait_exception: fn(*mut Io, u32) -> i32;
    socket::shutdown: fn(*mut Io, i32) -> i32;
    close: fn(*mut Io) -> i32;
    is_open: fn(*const Io) -> i32;
    hide: fn(*mut Io);
    socket::local: fn(*const Io, *mut Endpoint) -> i32;
    socket::remote: fn(*const Io, *mut Endpoint) -> i32;
    socket::bytes_readable: fn(*mut Io) -> i32;
    socket::at_mark: fn(*mut Io) -> i32;
    option::set_option: fn(*mut Io, i32, i32, i32) -> i32;
    option::get_option: fn(*mut Io, i32, *mut [i32; 2]) -> i32;
    option::multicast: fn(*mut Io, i32, *const Endpoint) -> i32;
    endpoint::address_parse: fn(*const c_char, usize, *mut Endpoint) -> i32;
    endpoint::address_format: fn(*const Endpoint, *mut c_char, i32) -> i32;
    system::host_name: fn(*mut c_char, i32) -> i32;
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Read,
    Write,
}

/// Where an object's descriptor is.
enum Source {
    Closed,
    /// Open, and nothing has had to wait yet: the reactor does not know it.
    Idle(Descriptor),
    /// Registered with the reactor.
    Polled(Registration),
}

/// The tokens by which the Lua half knows an object's directions. Same layout as in io/native.lua.
#[repr(C)]
struct Tokens {
    read: u32,
    write: u32,
    /// That of urgent data and errors, which the Lua half sets when somebody first waits for them.
    exception: u32,
}

/// There is no such direction.
const NO_TOKEN: u32 = u32::MAX;

/// An object with a descriptor. The Lua half owns it through a cdata with a finaliser.
#[repr(C)]
pub struct Io {
    tokens: Tokens,
    source: Source,
    /// The ready list of the VM, for wakers made later.
    shared: Arc<Shared>,
    /// Wakers of the two directions, made when something first has to wait.
    wakers: Option<[Waker; 2]>,
    /// Looks for urgent data or errors, once somebody has waited for them.
    watch: Option<exception::Watch>,
    /// It is a socket for datagrams with a peer, of which the system reports errors.
    has_peer: bool,
    look: look::Look,
    /// The VM's count of open descriptors.
    descriptors: Rc<Cell<i32>>,
}

impl Io {
    pub fn new(vm: &Vm, [read, write]: [u32; 2]) -> Self {
        Self {
            tokens: Tokens {
                read,
                write,
                exception: NO_TOKEN,
            },
            source: Source::Closed,
            shared: vm.shared().clone(),
            wakers: None,
            watch: None,
            has_peer: false,
            look: look::Look::default(),
            descriptors: vm.descriptors().clone(),
        }
    }

    /// One whose descriptor is the runtime's own: the user's, who sees none, do not count it.
    #[cfg(unix)]
    pub fn internal(vm: &Vm, tokens: [u32; 2]) -> Self {
        let mut io = Self::new(vm, tokens);
        io.descriptors = Rc::default();
        io
    }

    /// The descriptor is the runtime's own from here on.
    pub fn hide(&mut self) {
        let open = i32::from(self.is_open());
        self.descriptors.set(self.descriptors.get() - open);
        self.descriptors = Rc::new(Cell::new(open));
    }

    /// Takes a descriptor over; the object must be closed.
    pub fn set(&mut self, descriptor: Descriptor) {
        self.source = Source::Idle(descriptor);
        self.descriptors.set(self.descriptors.get() + 1);
    }

    /// Gives the descriptor away, which the reactor forgets; EBADF when there is none.
    pub fn take(&mut self) -> io::Result<Descriptor> {
        self.watch = None;
        self.has_peer = false;
        let source = std::mem::replace(&mut self.source, Source::Closed);
        if !matches!(source, Source::Closed) {
            self.descriptors.set(self.descriptors.get() - 1);
        }
        match source {
            Source::Closed => Err(io::Error::from_raw_os_error(libc::EBADF)),
            Source::Idle(descriptor) => Ok(descriptor),
            Source::Polled(registration) => registration.into_descriptor(),
        }
    }

    /// The descriptor; EBADF when there is none.
    pub fn descriptor(&self) -> io::Result<Borrowed<'_>> {
        match &self.source {
            Source::Closed => Err(io::Error::from_raw_os_error(libc::EBADF)),
            Source::Idle(descriptor) => Ok(readiness::borrow(descriptor)),
            Source::Polled(registration) => Ok(registration.descriptor()),
        }
    }

    pub fn close(&mut self) {
        self.watch = None;
        self.has_peer = false;
        if !matches!(self.source, Source::Closed) {
            self.source = Source::Closed;
            self.descriptors.set(self.descriptors.get() - 1);
        }
    }

    pub fn is_open(&self) -> bool {
        !matches!(self.source, Source::Closed)
    }

    /// The descriptor as a socket; EBADF when there is none.
    fn socket(&self) -> io::Result<SockRef<'_>> {
        match &self.source {
            Source::Closed => Err(io::Error::from_raw_os_error(libc::EBADF)),
            Source::Idle(descriptor) => readiness::socket(descriptor),
            Source::Polled(registration) => Ok(registration.socket()),
        }
    }

    /// The wakers of the two directions.
    fn wakers(&mut self) -> &[Waker; 2] {
        let tokens = [self.tokens.read, self.tokens.write];
        let shared = &self.shared;
        self.wakers
            .get_or_insert_with(|| tokens.map(|token| Token::waker(shared, token)))
    }

    /// Makes the object known to the reactor of the active run.
    fn register(&mut self) -> io::Result<()> {
        self.wakers();
        if matches!(self.source, Source::Idle(_))
            && let Source::Idle(descriptor) = std::mem::replace(&mut self.source, Source::Closed)
        {
            match Registration::new(descriptor) {
                Ok(registration) => self.source = Source::Polled(registration),
                Err((descriptor, error)) => {
                    self.source = Source::Idle(descriptor);
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

impl Io {
    /// Makes the reactor forget the object.
    fn forget(&mut self) -> io::Result<()> {
        if matches!(self.source, Source::Polled(_)) {
            let descriptor = self.take()?;
            self.set(descriptor);
        }
        Ok(())
    }

    /// Makes the object known to the reactor as if for the first time.
    fn register_anew(&mut self) -> io::Result<()> {
        self.forget()?;
        self.register()
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        self.close();
    }
}

/// The object behind a pointer of the Lua half.
pub fn object<'a>(this: *mut Io) -> &'a mut Io {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    unsafe { &mut *this }
}

/// A closed object whose directions have the given tokens.
pub extern "C" fn new(vm: *mut Vm, read: u32, write: u32) -> *mut Io {
    // SAFETY: the Lua half passes its VM.
    Box::into_raw(Box::new(Io::new(unsafe { &*vm }, [read, write])))
}

/// Destroys an object; its descriptor is closed.
pub extern "C" fn free(this: *mut Io) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// close(2); nothing when it is closed already.
pub extern "C" fn close(this: *mut Io) -> i32 {
    guard(|| {
        object(this).close();
        0
    })
}

/// Has the user's open descriptors counted without this one.
pub extern "C" fn hide(this: *mut Io) {
    object(this).hide();
}

/// Whether there is a descriptor.
pub extern "C" fn is_open(this: *const Io) -> i32 {
    i32::from(object(this.cast_mut()).is_open())
}
