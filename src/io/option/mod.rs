//! Socket options, by the numbers that `ip/socket.lua` gives their names.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod raw;

use super::{Endpoint, Io, object};
use crate::bridge::{failure, guard, status};
use socket2::SockRef;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
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
const BROADCAST: i32 = 13;
const MULTICAST_LOOP: i32 = 14;
const MULTICAST_HOPS: i32 = 15;
const UNICAST_HOPS: i32 = 16;
const REUSE_PORT: i32 = 17;
const KEEP_ALIVE_IDLE: i32 = 18;
const KEEP_ALIVE_INTERVAL: i32 = 19;
const KEEP_ALIVE_COUNT: i32 = 20;
const USER_TIMEOUT: i32 = 21;

const JOIN_GROUP: i32 = 0;
const LEAVE_GROUP: i32 = 1;

fn unknown<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOTSUP))
}

/// A size for the kernel; a negative one is passed on as too large, for it to refuse or cut.
fn size(value: i32) -> usize {
    usize::try_from(value).unwrap_or(i32::MAX as usize)
}

/// Level and name of the options that socket2 has no function for.
fn raw_name(option: i32) -> Option<(i32, i32)> {
    match option {
        DEBUG => Some(raw::DEBUG),
        DO_NOT_ROUTE => Some(raw::DONTROUTE),
        SEND_LOW_WATERMARK => Some(raw::SNDLOWAT),
        RECEIVE_LOW_WATERMARK => Some(raw::RCVLOWAT),
        REUSE_PORT => raw::REUSE_PORT,
        KEEP_ALIVE_IDLE => Some(raw::KEEPIDLE),
        KEEP_ALIVE_INTERVAL => Some(raw::KEEPINTVL),
        KEEP_ALIVE_COUNT => Some(raw::KEEPCNT),
        USER_TIMEOUT => raw::USER_TIMEOUT,
        _ => None,
    }
}

fn set(socket: &SockRef<'_>, option: i32, a: i32, b: i32) -> io::Result<()> {
    let on = a != 0;
    match option {
        REUSE_ADDRESS => raw::set_reuse_address(socket, on),
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
        BROADCAST => socket.set_broadcast(on),
        MULTICAST_LOOP if raw::is_v6(socket)? => socket.set_multicast_loop_v6(on),
        MULTICAST_LOOP => socket.set_multicast_loop_v4(on),
        MULTICAST_HOPS if raw::is_v6(socket)? => socket.set_multicast_hops_v6(a.cast_unsigned()),
        MULTICAST_HOPS => socket.set_multicast_ttl_v4(a.cast_unsigned()),
        UNICAST_HOPS if raw::is_v6(socket)? => socket.set_unicast_hops_v6(a.cast_unsigned()),
        UNICAST_HOPS => socket.set_ttl_v4(a.cast_unsigned()),
        _ => raw_name(option).map_or_else(unknown, |name| raw::set(socket, name, a)),
    }
}

fn get(socket: &SockRef<'_>, option: i32) -> io::Result<[i32; 2]> {
    let flag = |on: bool| [i32::from(on), 0];
    let number = |n: usize| [i32::try_from(n).unwrap_or(i32::MAX), 0];
    let hops = |n: u32| [n.cast_signed(), 0];
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
        BROADCAST => socket.broadcast().map(flag),
        MULTICAST_LOOP if raw::is_v6(socket)? => socket.multicast_loop_v6().map(flag),
        MULTICAST_LOOP => socket.multicast_loop_v4().map(flag),
        MULTICAST_HOPS if raw::is_v6(socket)? => socket.multicast_hops_v6().map(hops),
        MULTICAST_HOPS => socket.multicast_ttl_v4().map(hops),
        UNICAST_HOPS if raw::is_v6(socket)? => socket.unicast_hops_v6().map(hops),
        UNICAST_HOPS => socket.ttl_v4().map(hops),
        _ => raw_name(option).map_or_else(unknown, |name| raw::get(socket, name).map(|n| [n, 0])),
    }
}

/// Joins (0) or leaves (1) a group, or chooses the interface (2) that multicasts leave by.
pub extern "C" fn multicast(this: *mut Io, what: i32, endpoint: *const Endpoint) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes an endpoint.
        let endpoint = unsafe { &*endpoint };
        let act = |socket: SockRef<'_>| match (what, endpoint.socket_address()) {
            (JOIN_GROUP, SocketAddr::V4(group)) => {
                socket.join_multicast_v4(group.ip(), &Ipv4Addr::UNSPECIFIED)
            }
            (JOIN_GROUP, SocketAddr::V6(group)) => {
                socket.join_multicast_v6(group.ip(), group.scope_id())
            }
            (LEAVE_GROUP, SocketAddr::V4(group)) => {
                socket.leave_multicast_v4(group.ip(), &Ipv4Addr::UNSPECIFIED)
            }
            (LEAVE_GROUP, SocketAddr::V6(group)) => {
                socket.leave_multicast_v6(group.ip(), group.scope_id())
            }
            (_, SocketAddr::V4(interface)) => socket.set_multicast_if_v4(interface.ip()),
            (_, SocketAddr::V6(_)) => unknown(),
        };
        status(object(this).socket().and_then(act))
    })
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
