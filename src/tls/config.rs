//! The configurations that rustls wants, made of a context. Sessions of one context share them, and with them the
//! sessions and tickets by which connections are resumed.

use super::bytes;
use super::certificates::Certificates;
use super::failure::{Code, Failure};
use super::provider::{provider, ticketer};
use super::verify::{ClientVerifier, Name, Roots, ServerVerifier};
use crate::bridge::guard;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::cell::RefCell;
use std::ffi::c_char;
use std::sync::Arc;

/// Configurations of one kind that a context keeps; with more, the oldest goes.
const KEPT: usize = 16;

/// When a server asks for a certificate, and what a client does with the server's. The numbers of
/// lua/emilua/tls/context.lua.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    None,
    Peer,
    Mandatory,
}

impl From<i32> for Mode {
    fn from(number: i32) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Peer,
            _ => Self::Mandatory,
        }
    }
}

/// Everything that a context has been told, but for what sessions may have of their own.
#[derive(Default)]
pub struct Material {
    pub tls12: bool,
    pub tls13: bool,
    /// None: the program has chosen no roots.
    pub roots: Option<Roots>,
    pub certificates: Certificates,
    /// For ALPN.
    pub protocols: Vec<Vec<u8>>,
    clients: Cache<ClientKey, ClientConfig>,
    servers: Cache<ServerKey, ServerConfig>,
}

/// What distinguishes the configurations of one material.
type ClientKey = (bool, Name, bool);
type ServerKey = (Mode, Option<ServerName<'static>>);
type Cache<K, C> = RefCell<Vec<(K, Arc<C>)>>;

impl Clone for Material {
    /// A copy is made to be changed: the configurations do not fit it.
    fn clone(&self) -> Self {
        Self {
            roots: self.roots.clone(),
            certificates: self.certificates.clone(),
            protocols: self.protocols.clone(),
            clients: Cache::default(),
            servers: Cache::default(),
            ..*self
        }
    }
}

fn cached<K: PartialEq, C>(
    cache: &Cache<K, C>,
    key: K,
    make: impl FnOnce(&K) -> Result<C, Failure>,
) -> Result<Arc<C>, Failure> {
    let mut cache = cache.borrow_mut();
    if let Some((_, config)) = cache.iter().find(|(other, _)| *other == key) {
        return Ok(config.clone());
    }
    let config = Arc::new(make(&key)?);
    if cache.len() == KEPT {
        cache.remove(0);
    }
    cache.push((key, config.clone()));
    Ok(config)
}

impl Material {
    /// To be called when something has changed.
    pub fn forget_configurations(&mut self) {
        self.clients.get_mut().clear();
        self.servers.get_mut().clear();
    }

    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>, Failure> {
        let mut versions = Vec::new();
        if self.tls13 {
            versions.push(&TLS13);
        }
        if self.tls12 {
            versions.push(&TLS12);
        }
        if versions.is_empty() {
            let detail = "the options of the context leave no protocol version";
            return Err(Failure::new(Code::NoVersion, detail));
        }
        Ok(versions)
    }

    /// `send_name`: the name of the connection goes to the server (SNI).
    pub fn client(
        &self,
        verify: bool,
        name: Name,
        send_name: bool,
    ) -> Result<Arc<ClientConfig>, Failure> {
        cached(&self.clients, (verify, name, send_name), |(_, name, _)| {
            let roots = match &self.roots {
                _ if !verify => None,
                None => Some(system_roots()?),
                roots => roots.clone(),
            };
            let verifier = ServerVerifier {
                roots,
                name: name.clone(),
            };
            let builder = ClientConfig::builder_with_provider(provider().clone())
                .with_protocol_versions(&self.versions()?)?
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier));
            let mut config = match self.certificates.newest() {
                Some(pair) => builder
                    .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair.clone()))),
                None => builder.with_no_client_auth(),
            };
            config.enable_sni = send_name;
            config.alpn_protocols = self.protocols.clone();
            Ok(config)
        })
    }

    pub fn server(
        &self,
        mode: Mode,
        name: Option<ServerName<'static>>,
    ) -> Result<Arc<ServerConfig>, Failure> {
        cached(&self.servers, (mode, name), |(_, name)| {
            if self.certificates.newest().is_none() {
                let detail = "the context has no certificate with its key";
                return Err(Failure::new(Code::NoCertificate, detail));
            }
            let builder = ServerConfig::builder_with_provider(provider().clone())
                .with_protocol_versions(&self.versions()?)?;
            let builder = if mode == Mode::None {
                builder.with_no_client_auth()
            } else {
                // Whoever has a certificate of some public authority is not thereby a client of ours.
                let roots = self.roots.clone().unwrap_or_else(no_roots);
                let mandatory = mode == Mode::Mandatory;
                builder.with_client_cert_verifier(Arc::new(ClientVerifier::new(
                    roots,
                    mandatory,
                    name.clone(),
                )))
            };
            let mut config = builder.with_cert_resolver(Arc::new(self.certificates.clone()));
            config.alpn_protocols = self.protocols.clone();
            config.ticketer = ticketer()?;
            Ok(config)
        })
    }
}

pub fn no_roots() -> Roots {
    Roots {
        store: Arc::new(RootCertStore::empty()),
        added: Vec::new(),
    }
}

/// The trust roots of the platform; `SSL_CERT_FILE` and `SSL_CERT_DIR` take their place.
pub fn system_roots() -> Result<Roots, Failure> {
    let mut store = RootCertStore::empty();
    built_in_roots(&mut store);
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() && store.is_empty() {
        let reasons: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        let detail = if reasons.is_empty() {
            "the platform has none".to_owned()
        } else {
            reasons.join("; ")
        };
        return Err(Failure::new(Code::NoRoots, detail));
    }
    // Stores contain ancient ones that cannot be read.
    store.add_parsable_certificates(found.certs.iter().cloned());
    Ok(Roots {
        store: Arc::new(store),
        added: found.certs,
    })
}

#[cfg(feature = "webpki-roots")]
fn built_in_roots(store: &mut RootCertStore) {
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
}

#[cfg(not(feature = "webpki-roots"))]
fn built_in_roots(_store: &mut RootCertStore) {}

/// Adds trusted certificates.
pub fn trust(roots: &mut Roots, list: Vec<CertificateDer<'static>>) {
    Arc::make_mut(&mut roots.store).add_parsable_certificates(list.iter().cloned());
    roots.added.extend(list);
}

/// A DNS name or an IP address.
pub fn name(text: &[u8]) -> Option<ServerName<'static>> {
    let text = std::str::from_utf8(text).ok()?;
    Some(ServerName::try_from(text).ok()?.to_owned())
}

/// What a name is: 0 none at all, 1 of DNS, 2 an address.
pub extern "C" fn name_kind(text: *const c_char, length: usize) -> i32 {
    guard(|| match name(bytes(text, length)) {
        None => 0,
        Some(ServerName::DnsName(_)) => 1,
        Some(_) => 2,
    })
}
