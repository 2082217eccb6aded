//! Addresses and ports as they cross the boundary, and their text form.

use crate::bridge::{copy_text, guard};
use socket2::SockAddr;
use std::ffi::c_char;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// An address with a port. Same layout as `emilua_endpoint` in native.lua.
#[repr(C)]
#[derive(Default)]
pub struct Endpoint {
    /// 4 or 6.
    family: u16,
    port: u16,
    /// Zone index of a v6 address, 0 for none.
    scope: u32,
    /// Network order; a v4 address uses the first four.
    bytes: [u8; 16],
}

impl Endpoint {
    fn ip(&self) -> IpAddr {
        if self.family == 4 {
            let [a, b, c, d, ..] = self.bytes;
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        } else {
            IpAddr::V6(Ipv6Addr::from(self.bytes))
        }
    }

    /// As the system calls take it.
    pub fn socket_address(&self) -> SocketAddr {
        match self.ip() {
            IpAddr::V4(ip) => SocketAddrV4::new(ip, self.port).into(),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, self.port, 0, self.scope).into(),
        }
    }

    fn set_ip(&mut self, ip: IpAddr, scope: u32) {
        self.scope = scope;
        self.bytes = [0; 16];
        match ip {
            IpAddr::V4(ip) => {
                self.family = 4;
                self.bytes[..4].copy_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                self.family = 6;
                self.bytes = ip.octets();
            }
        }
    }

    /// Takes over what a system call gave; fails for other families than v4 and v6.
    pub fn set(&mut self, address: &SockAddr) -> io::Result<()> {
        let address = address
            .as_socket()
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EAFNOSUPPORT))?;
        self.set_socket_address(address);
        Ok(())
    }

    /// Takes over an address with a port.
    pub fn set_socket_address(&mut self, address: SocketAddr) {
        let scope = match address {
            SocketAddr::V6(v6) => v6.scope_id(),
            SocketAddr::V4(_) => 0,
        };
        self.set_ip(address.ip(), scope);
        self.port = address.port();
    }
}

/// Parses `ADDRESS[%SCOPE]`, v6 first, then strict dotted v4. inet_pton(3), RFC 4007.
fn parse(text: &str, endpoint: &mut Endpoint) -> Option<()> {
    let (host, zone) = match text.split_once('%') {
        Some((host, zone)) => (host, Some(zone)),
        None => (text, None),
    };
    if let Ok(ip) = host.parse::<Ipv6Addr>() {
        let scope = match zone {
            None => 0,
            Some(zone) => scope_id(&ip, zone)?,
        };
        endpoint.set_ip(ip.into(), scope);
        return Some(());
    }
    if zone.is_none()
        && let Ok(ip) = host.parse::<Ipv4Addr>()
    {
        endpoint.set_ip(ip.into(), 0);
        return Some(());
    }
    None
}

/// The index of a zone: an interface name for link-local addresses, or a number.
fn scope_id(ip: &Ipv6Addr, zone: &str) -> Option<u32> {
    if is_link_local(ip)
        && let Some(index) = super::interface::index(zone)
    {
        return Some(index);
    }
    if zone.is_empty() || !zone.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    zone.parse().ok()
}

fn is_link_local(ip: &Ipv6Addr) -> bool {
    ip.is_unicast_link_local() || (ip.is_multicast() && ip.octets()[1] & 0xf == 2)
}

/// Parses an address; 0, or -EINVAL.
pub extern "C" fn address_parse(
    text: *const c_char,
    length: usize,
    endpoint: *mut Endpoint,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a string with its length, and an endpoint.
        let (text, endpoint) = unsafe {
            (
                std::slice::from_raw_parts(text.cast::<u8>(), length),
                &mut *endpoint,
            )
        };
        match std::str::from_utf8(text)
            .ok()
            .and_then(|text| parse(text, endpoint))
        {
            Some(()) => 0,
            None => -libc::EINVAL,
        }
    })
}

/// Writes the canonical text of an address (RFC 5952) and returns its length.
pub extern "C" fn address_format(endpoint: *const Endpoint, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes an endpoint.
        let endpoint = unsafe { &*endpoint };
        let mut text = endpoint.ip().to_string();
        if let IpAddr::V6(ip) = endpoint.ip()
            && endpoint.scope != 0
        {
            let name = is_link_local(&ip)
                .then(|| super::interface::name(endpoint.scope))
                .flatten();
            text.push('%');
            text.push_str(&name.unwrap_or_else(|| endpoint.scope.to_string()));
        }
        copy_text(text.as_bytes(), buffer, size)
    })
}
