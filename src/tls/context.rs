//! Contexts: what the methods of `tls.context` set. Sessions take the material as it is when they are made.

use super::bytes;
use super::certificates::{from_der, from_pem, key};
use super::config::{Material, no_roots, system_roots, trust};
use super::failure::{Code, Failure};
use super::verify::Roots;
use crate::bridge::{failure, guard};
use crate::system::path;
use rustls::SignatureAlgorithm;
use std::borrow::Cow;
use std::ffi::c_char;
use std::rc::Rc;
use std::sync::Arc;
use std::{fs, io};

/// A context. The Lua half owns it through a cdata with a finaliser.
pub struct Context {
    material: Rc<Material>,
}

impl Context {
    pub fn material(&self) -> &Rc<Material> {
        &self.material
    }

    /// The material to be changed: a copy when sessions have it.
    fn change(&mut self) -> &mut Material {
        let material = Rc::make_mut(&mut self.material);
        material.forget_configurations();
        material
    }

    fn roots(&mut self) -> &mut Roots {
        self.change().roots.get_or_insert_with(no_roots)
    }
}

/// Why a call to a context fails.
enum Refusal {
    Tls(Failure),
    Io(io::Error),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Tls(failure)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Guards `body`, which is about the context behind a pointer of the Lua half.
fn with(this: *mut Context, body: impl FnOnce(&mut Context) -> Result<(), Refusal>) -> i32 {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    guard(|| match body(unsafe { &mut *this }) {
        Ok(()) => 0,
        Err(Refusal::Tls(reason)) => reason.report(),
        Err(Refusal::Io(error)) => failure(&error),
    })
}

/// What a method is given: its data, or with `in_file` the contents of the file of that name.
fn load<'a>(data: *const c_char, length: usize, in_file: i32) -> io::Result<Cow<'a, [u8]>> {
    let bytes = bytes(data, length);
    if in_file == 0 {
        return Ok(Cow::Borrowed(bytes));
    }
    fs::read(path(bytes)).map(Cow::Owned)
}

/// A context without certificates, roots and versions.
pub extern "C" fn new() -> *mut Context {
    Box::into_raw(Box::new(Context {
        material: Rc::default(),
    }))
}

/// Destroys a context.
pub extern "C" fn free(this: *mut Context) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// Which versions may be spoken.
pub extern "C" fn set_versions(this: *mut Context, tls12: i32, tls13: i32) -> i32 {
    with(this, |context| {
        let material = context.change();
        (material.tls12, material.tls13) = (tls12 != 0, tls13 != 0);
        Ok(())
    })
}

/// Trusts the certificates of a PEM text.
pub extern "C" fn add_authorities(
    this: *mut Context,
    data: *const c_char,
    length: usize,
    in_file: i32,
) -> i32 {
    with(this, |context| {
        let list = from_pem(&load(data, length, in_file)?)?;
        trust(context.roots(), list);
        Ok(())
    })
}

/// Trusts the certificates in the files of a folder that are named by the hash of their subject. Like OpenSSL, which
/// looks them up when it needs one, it takes what it finds.
pub extern "C" fn add_verify_path(this: *mut Context, data: *const c_char, length: usize) -> i32 {
    with(this, |context| {
        let folder = path(bytes(data, length));
        let found = rustls_native_certs::load_certs_from_paths(None, Some(&folder));
        trust(context.roots(), found.certs);
        Ok(())
    })
}

/// Trusts what the platform trusts.
pub extern "C" fn set_default_verify_paths(this: *mut Context) -> i32 {
    with(this, |context| {
        let system = system_roots()?;
        let roots = context.roots();
        let store = Arc::make_mut(&mut roots.store);
        store.extend(system.store.roots.iter().cloned());
        roots.added.extend(system.added);
        Ok(())
    })
}

/// The forms of certificates that [`use_certificate`] takes.
const ASN1: i32 = 1;
const PEM_CHAIN: i32 = 2;

/// The certificate of this side.
pub extern "C" fn use_certificate(
    this: *mut Context,
    data: *const c_char,
    length: usize,
    in_file: i32,
    form: i32,
) -> i32 {
    with(this, |context| {
        let text = load(data, length, in_file)?;
        let mut chain = if form == ASN1 {
            from_der(&text)?
        } else {
            from_pem(&text)?
        };
        if form != PEM_CHAIN {
            chain.truncate(1);
        }
        Ok(context.change().certificates.add_chain(chain)?)
    })
}

/// Added to the form of a private key that must be of RSA.
const RSA: i32 = 4;

/// The key of the certificate of this side.
pub extern "C" fn use_private_key(
    this: *mut Context,
    data: *const c_char,
    length: usize,
    in_file: i32,
    form: i32,
) -> i32 {
    with(this, |context| {
        let key = key(&load(data, length, in_file)?, form & ASN1 == 0)?;
        if form & RSA != 0 && key.algorithm() != SignatureAlgorithm::RSA {
            return Err(Failure::new(Code::NotAKey, "no RSA key").into());
        }
        Ok(context.change().certificates.add_key(key)?)
    })
}

/// The protocols for ALPN, each after a byte with its length, the preferred one first.
pub extern "C" fn set_protocols(this: *mut Context, data: *const c_char, length: usize) -> i32 {
    with(this, |context| {
        let mut rest = bytes(data, length);
        let mut protocols = Vec::new();
        while let Some((&length, after)) = rest.split_first() {
            let (protocol, after) = after.split_at(usize::from(length).min(after.len()));
            protocols.push(protocol.to_vec());
            rest = after;
        }
        context.change().protocols = protocols;
        Ok(())
    })
}
