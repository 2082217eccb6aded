//! Who the peer is, on FreeBSD: LOCAL_PEERCRED of unix(4), and the labels of mac(3).

use super::Credentials;
use nix::errno::Errno;
use std::ffi::{CStr, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

pub fn credentials(socket: BorrowedFd<'_>) -> io::Result<Credentials> {
    // SAFETY: numbers and a pointer, for which zero is valid.
    let mut found: libc::xucred = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut length = size_of_val(&found) as libc::socklen_t;
    // SAFETY: `found` has room for `length` bytes.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_LOCAL,
            libc::LOCAL_PEERCRED,
            (&raw mut found).cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Credentials {
        uid: found.cr_uid,
        // SAFETY: the member of the union that the kernel sets.
        pid: unsafe { found.cr_pid__c_anonymous_union.cr_pid },
        n_groups: u32::from(found.cr_ngroups.unsigned_abs()),
        groups: found.cr_groups,
    })
}

/// Labels belong to policies, of which there may be several.
pub fn security_label(_: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// `struct mac` of sys/mac.h.
#[repr(C)]
struct Mac {
    length: libc::size_t,
    text: *mut c_char,
}

// mac(3), of the C library.
unsafe extern "C" {
    fn mac_prepare(mac: *mut *mut Mac, elements: *const c_char) -> c_int;
    fn mac_prepare_type(mac: *mut *mut Mac, kind: *const c_char) -> c_int;
    fn mac_get_peer(fd: c_int, mac: *mut Mac) -> c_int;
    fn mac_to_text(mac: *mut Mac, text: *mut *mut c_char) -> c_int;
    fn mac_free(mac: *mut Mac) -> c_int;
}

/// A list of labels to be filled in.
struct Labels(*mut Mac);

impl Labels {
    /// Of the policies in a list, or of those that mac.conf(5) names for sockets.
    fn of(policies: Option<&CStr>) -> Result<Self, Errno> {
        let mut mac = ptr::null_mut();
        // SAFETY: a place for the pointer, and a terminated text.
        Errno::result(unsafe {
            match policies {
                Some(policies) => mac_prepare(&raw mut mac, policies.as_ptr()),
                None => mac_prepare_type(&raw mut mac, c"socket".as_ptr()),
            }
        })?;
        Ok(Self(mac))
    }
}

impl Drop for Labels {
    fn drop(&mut self) {
        // SAFETY: made by mac_prepare(3).
        unsafe { mac_free(self.0) };
    }
}

pub fn security_labels(socket: BorrowedFd<'_>, policies: Option<&CStr>) -> io::Result<Vec<u8>> {
    let labels = Labels::of(policies)?;
    let mut text = ptr::null_mut();
    // SAFETY: a list of labels, and a place for the text, which malloc(3) has made.
    unsafe {
        Errno::result(mac_get_peer(socket.as_raw_fd(), labels.0))?;
        Errno::result(mac_to_text(labels.0, &raw mut text))?;
        let bytes = CStr::from_ptr(text).to_bytes().to_vec();
        libc::free(text.cast());
        Ok(bytes)
    }
}
