//! What failed: a code of category `asio.ssl` and a text. The Lua half asks for both when an operation gives
//! [`FAILED`].

use crate::bridge::{copy_text, guard};
use rustls::{CertificateError, Error};
use std::cell::RefCell;
use std::ffi::c_char;
use std::fmt::Display;

/// TLS has failed; [`last`] says how.
pub const FAILED: i32 = i32::MIN + 16;
/// The stream has ended without the peer's close_notify.
pub const TRUNCATED: i32 = i32::MIN + 17;

/// Codes above those of alerts, which stand for themselves. Their messages are in lua/emilua/tls/errors.lua.
#[derive(Clone, Copy)]
#[repr(i32)]
pub enum Code {
    Other = 256,
    Expired,
    NotValidYet,
    UnknownIssuer,
    WrongName,
    WrongPurpose,
    BadCertificate,
    NoPeerCertificate,
    NothingInCommon,
    NoCommonProtocol,
    Misbehaved,
    Undecipherable,
    NotACertificate,
    NotAKey,
    KeyMismatch,
    NoCertificate,
    NoVersion,
    NoRoots,
    NoHandshake,
}

#[derive(Clone)]
pub struct Failure {
    code: i32,
    detail: String,
}

impl Failure {
    pub fn new(code: Code, detail: impl Display) -> Self {
        Self {
            code: code as i32,
            detail: detail.to_string(),
        }
    }

    /// Leaves this failure where [`last`] finds it.
    pub fn report(self) -> i32 {
        LAST.with(|last| *last.borrow_mut() = Some(self));
        FAILED
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::AlertReceived(alert) => i32::from(u8::from(*alert)),
            Error::InvalidCertificate(reason) => of_certificate(reason) as i32,
            Error::NoCertificatesPresented => Code::NoPeerCertificate as i32,
            Error::PeerIncompatible(_) => Code::NothingInCommon as i32,
            Error::NoApplicationProtocol => Code::NoCommonProtocol as i32,
            Error::PeerMisbehaved(_)
            | Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. }
            | Error::InvalidMessage(_)
            | Error::PeerSentOversizedRecord => Code::Misbehaved as i32,
            Error::DecryptError => Code::Undecipherable as i32,
            Error::HandshakeNotComplete => Code::NoHandshake as i32,
            _ => Code::Other as i32,
        };
        Self {
            code,
            detail: error.to_string(),
        }
    }
}

fn of_certificate(reason: &CertificateError) -> Code {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Code::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Code::NotValidYet
        }
        CertificateError::UnknownIssuer => Code::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Code::WrongName
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Code::WrongPurpose
        }
        _ => Code::BadCertificate,
    }
}

thread_local! {
    /// The last reported failure of this thread.
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// Takes the failure that was reported last: its code, and its text as the result.
pub extern "C" fn last(code: *mut i32, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| {
        let failure = LAST.with(|last| last.borrow_mut().take());
        let failure = failure.unwrap_or_else(|| Failure::new(Code::Other, "unknown"));
        // SAFETY: the Lua half passes an int32_t[1].
        unsafe { code.write(failure.code) };
        copy_text(failure.detail.as_bytes(), buffer, size)
    })
}
