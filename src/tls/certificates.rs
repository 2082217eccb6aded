//! The certificates of this side: loading them with their keys, and choosing one.

use super::failure::{Code, Failure};
use super::provider::provider;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{Error, InconsistentKeys};
use std::sync::Arc;

/// The certificates in a PEM text; one at least.
pub fn from_pem(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let list: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::new(Code::NotACertificate, error))?;
    if list.is_empty() {
        return Err(Failure::new(Code::NotACertificate, "no PEM certificate"));
    }
    for certificate in &list {
        check(certificate)?;
    }
    Ok(list)
}

/// A certificate in DER.
pub fn from_der(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let certificate = CertificateDer::from(bytes.to_vec());
    check(&certificate)?;
    Ok(vec![certificate])
}

/// Whether it is a certificate; trust anchors, unlike others, may be of X.509 version 1.
fn check(certificate: &CertificateDer<'_>) -> Result<(), Failure> {
    match webpki::anchor_from_trusted_cert(certificate) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(Code::NotACertificate, error)),
    }
}

/// A private key in PEM or DER.
pub fn key(bytes: &[u8], is_pem: bool) -> Result<Arc<dyn SigningKey>, Failure> {
    let refuse = |reason: &dyn std::fmt::Display| Failure::new(Code::NotAKey, reason);
    let key = if is_pem {
        PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
            pem::Error::NoItemsFound => {
                refuse(&"no PEM private key in a form that is not encrypted")
            }
            error => refuse(&error),
        })?
    } else {
        PrivateKeyDer::try_from(bytes.to_vec()).map_err(|error| refuse(&error))?
    };
    provider()
        .key_provider
        .load_private_key(key)
        .map_err(|error| refuse(&error))
}

/// Certificates with their keys. A pair is complete when both halves have been loaded, in any order.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// Complete ones, in the order of loading.
    pairs: Vec<Arc<CertifiedKey>>,
    /// Halves of the next.
    chain: Option<Vec<CertificateDer<'static>>>,
    key: Option<Arc<dyn SigningKey>>,
}

impl Certificates {
    pub fn add_chain(&mut self, chain: Vec<CertificateDer<'static>>) -> Result<(), Failure> {
        match &self.key {
            Some(key) => self.complete(chain, key.clone()),
            None => {
                self.chain = Some(chain);
                Ok(())
            }
        }
    }

    pub fn add_key(&mut self, key: Arc<dyn SigningKey>) -> Result<(), Failure> {
        match &self.chain {
            Some(chain) => self.complete(chain.clone(), key),
            None => {
                self.key = Some(key);
                Ok(())
            }
        }
    }

    /// Puts the halves together; those that do not match leave the first one waiting.
    fn complete(
        &mut self,
        chain: Vec<CertificateDer<'static>>,
        key: Arc<dyn SigningKey>,
    ) -> Result<(), Failure> {
        let pair = CertifiedKey::new(chain, key);
        if pair.keys_match() == Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) {
            let detail = "the private key is not that of the certificate";
            return Err(Failure::new(Code::KeyMismatch, detail));
        }
        self.pairs.push(Arc::new(pair));
        (self.chain, self.key) = (None, None);
        Ok(())
    }

    /// The one that was loaded last.
    pub fn newest(&self) -> Option<&Arc<CertifiedKey>> {
        self.pairs.last()
    }
}

impl ResolvesServerCert for Certificates {
    /// Of those that the client can verify: the newest for the name that it asks for, else the newest.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let usable = || {
            let schemes = hello.signature_schemes();
            let newest_first = self.pairs.iter().rev();
            newest_first.filter(move |pair| pair.key.choose_scheme(schemes).is_some())
        };
        let name = hello
            .server_name()
            .and_then(|name| ServerName::try_from(name).ok());
        let named = name.and_then(|name| usable().find(|pair| is_for(pair, &name)));
        named
            .or_else(|| usable().next())
            .or_else(|| self.newest())
            .cloned()
    }
}

fn is_for(pair: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let certificate = pair.end_entity_cert().and_then(ParsedCertificate::try_from);
    certificate.is_ok_and(|certificate| verify_server_name(&certificate, name).is_ok())
}
