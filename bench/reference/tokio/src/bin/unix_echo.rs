//! Echo on UNIX sockets of the kind `stream` or `seqpacket` on one thread: one task per connection, 1 KiB buffer each.
//! Prints the number N of its abstract name "bench-N".

use std::io;
use std::mem::offset_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener as StdListener};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest, unix::AsyncFd};
use tokio::net::{UnixListener, UnixStream};

async fn stream_echo(mut stream: UnixStream) -> io::Result<()> {
    let mut buffer = vec![0; 1024];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length]).await?;
    }
}

async fn stream(name: &str) -> io::Result<()> {
    let listener = StdListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    println!("{}", std::process::id());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(stream_echo(stream));
    }
}

/// The result of a system call.
fn result(n: isize) -> io::Result<usize> {
    usize::try_from(n).map_err(|_| io::Error::last_os_error())
}

async fn seqpacket_echo(socket: AsyncFd<OwnedFd>) -> io::Result<()> {
    let mut buffer = vec![0_u8; 1024];
    loop {
        let length = socket
            .async_io(Interest::READABLE, |fd| {
                // SAFETY: the buffer has 1,024 bytes.
                result(unsafe { libc::recv(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), 1024, 0) })
            })
            .await?;
        if length == 0 {
            return Ok(());
        }
        socket
            .async_io(Interest::WRITABLE, |fd| {
                // SAFETY: the buffer has `length` bytes.
                result(unsafe {
                    libc::send(fd.as_raw_fd(), buffer.as_ptr().cast(), length, libc::MSG_NOSIGNAL)
                })
            })
            .await?;
    }
}

/// A descriptor that a system call has given.
fn owned(fd: i32) -> io::Result<OwnedFd> {
    result(fd as isize)?;
    // SAFETY: new, and nobody's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Registers a descriptor with the reactor.
fn polled(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` gives the same open descriptor as long as it lives.
    unsafe { AsyncFd::register(fd) }.map_err(|error| error.into_parts().1)
}

const FLAGS: i32 = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;

async fn seqpacket(name: &str) -> io::Result<()> {
    // SAFETY: numbers; then an address that is as long as it says.
    let listener = unsafe {
        let listener = owned(libc::socket(libc::AF_UNIX, libc::SOCK_SEQPACKET | FLAGS, 0))?;
        let mut address: libc::sockaddr_un = std::mem::zeroed();
        address.sun_family = libc::AF_UNIX as libc::sa_family_t;
        for (to, from) in address.sun_path[1..].iter_mut().zip(name.bytes()) {
            *to = from as libc::c_char;
        }
        let length = offset_of!(libc::sockaddr_un, sun_path) + 1 + name.len();
        let fd = listener.as_raw_fd();
        result(libc::bind(fd, (&raw const address).cast(), length as u32) as isize)?;
        result(libc::listen(fd, 4096) as isize)?;
        polled(listener)?
    };
    println!("{}", std::process::id());
    loop {
        let socket = listener
            .async_io(Interest::READABLE, |fd| {
                // SAFETY: no address is asked for.
                owned(unsafe {
                    libc::accept4(fd.as_raw_fd(), std::ptr::null_mut(), std::ptr::null_mut(), FLAGS)
                })
            })
            .await?;
        tokio::spawn(seqpacket_echo(polled(socket)?));
    }
}

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let name = format!("bench-{}", std::process::id());
    match std::env::args().nth(1).as_deref() {
        Some("stream") => runtime.block_on(stream(&name)),
        Some("seqpacket") => runtime.block_on(seqpacket(&name)),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}
