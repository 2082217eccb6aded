//! Socket options, by the numbers that `ip/socket.lua` gives their names.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod raw;

use super::{Io, object};
use crate::bridge::{failure, guard, status};
use socket2::SockRef;
use std::io;
use std::time::Duration;

const DEBUG: i32 = 1;
const REUSE_ADDRESS: i32 = 2;
const V6_ONLY: i32 = 3;
const TCP_NO_DELAY: i32 = 4;
const KEEP_ALIVE: i32 = 5;
const LINGER: i32 = 6;
const OUT_OF_BAND_INLINE: i32 = 7;
const DO_NOT_ROUTE: i32 = 8;
const SEND_BUFFER_SIZE: i32 = 9;
const RECEIVE_BUFFER_SIZE: i32 = 10;
const SEND_LOW_WATERMARK: i32 = 11;
const RECEIVE_LOW_WATERMARK: i32 = 12;

fn unknown<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOTSUP))
}

/// A size for the kernel; a negative one is passed on as too large, for it to refuse or cut.
fn size(value: i32) -> usize {
    usize::try_from(value).unwrap_or(i32::MAX as usize)
}

fn set(socket: &SockRef<'_>, option: i32, a: i32, b: i32) -> io::Result<()> {
    let on = a != 0;
    match option {
        REUSE_ADDRESS => socket.set_reuse_address(on),
        V6_ONLY => socket.set_only_v6(on),
        TCP_NO_DELAY => socket.set_tcp_nodelay(on),
        KEEP_ALIVE => socket.set_keepalive(on),
        LINGER => {
            let timeout = Duration::from_secs(u64::try_from(b).unwrap_or(0));
            socket.set_linger(on.then_some(timeout))
        }
        OUT_OF_BAND_INLINE => socket.set_out_of_band_inline(on),
        SEND_BUFFER_SIZE => socket.set_send_buffer_size(size(a)),
        RECEIVE_BUFFER_SIZE => socket.set_recv_buffer_size(size(a)),
        DEBUG => raw::set(socket, raw::DEBUG, a),
        DO_NOT_ROUTE => raw::set(socket, raw::DONTROUTE, a),
        SEND_LOW_WATERMARK => raw::set(socket, raw::SNDLOWAT, a),
        RECEIVE_LOW_WATERMARK => raw::set(socket, raw::RCVLOWAT, a),
        _ => unknown(),
    }
}

fn get(socket: &SockRef<'_>, option: i32) -> io::Result<[i32; 2]> {
    let flag = |on: bool| [i32::from(on), 0];
    let number = |n: usize| [i32::try_from(n).unwrap_or(i32::MAX), 0];
    match option {
        REUSE_ADDRESS => socket.reuse_address().map(flag),
        V6_ONLY => socket.only_v6().map(flag),
        TCP_NO_DELAY => socket.tcp_nodelay().map(flag),
        KEEP_ALIVE => socket.keepalive().map(flag),
        LINGER => socket.linger().map(|timeout| match timeout {
            Some(timeout) => [1, i32::try_from(timeout.as_secs()).unwrap_or(i32::MAX)],
            None => [0, 0],
        }),
        OUT_OF_BAND_INLINE => socket.out_of_band_inline().map(flag),
        SEND_BUFFER_SIZE => socket
            .send_buffer_size()
            .map(|n| number(n / raw::BUFFER_FACTOR)),
        RECEIVE_BUFFER_SIZE => socket
            .recv_buffer_size()
            .map(|n| number(n / raw::BUFFER_FACTOR)),
        DEBUG => raw::get(socket, raw::DEBUG).map(|n| [i32::from(n != 0), 0]),
        DO_NOT_ROUTE => raw::get(socket, raw::DONTROUTE).map(|n| [i32::from(n != 0), 0]),
        SEND_LOW_WATERMARK => raw::get(socket, raw::SNDLOWAT).map(|n| [n, 0]),
        RECEIVE_LOW_WATERMARK => raw::get(socket, raw::RCVLOWAT).map(|n| [n, 0]),
        _ => unknown(),
    }
}

/// setsockopt(2). `b` is the timeout of "linger" in seconds.
pub extern "C" fn set_option(this: *mut Io, option: i32, a: i32, b: i32) -> i32 {
    guard(|| {
        status(
            object(this)
                .socket()
                .and_then(|socket| set(&socket, option, a, b)),
        )
    })
}

/// getsockopt(2), into two values.
pub extern "C" fn get_option(this: *mut Io, option: i32, values: *mut [i32; 2]) -> i32 {
    guard(|| {
        match object(this)
            .socket()
            .and_then(|socket| get(&socket, option))
        {
            Ok(found) => {
                // SAFETY: the Lua half passes an int32_t[2].
                unsafe { *values = found };
                0
            }
            Err(error) => failure(&error),
        }
    })
}
