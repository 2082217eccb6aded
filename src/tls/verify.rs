//! Whom to trust. The chain and the name are separate questions here: names are checked only when one was given.

use super::provider::provider;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, RootCertStore,
    SignatureScheme,
};
use std::sync::Arc;

/// What a context trusts.
#[derive(Clone, Debug)]
pub struct Roots {
    pub store: Arc<RootCertStore>,
    /// The certificates that the program has added, whole.
    pub added: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// Looks again at why a chain was refused. A certificate that is itself trusted needs no issuer, also when it
    /// is one of a CA, as those that `openssl req -x509` makes; webpki has checked its dates before.
    fn reconsider(&self, certificate: &CertificateDer<'_>, error: Error) -> Result<(), Error> {
        if !is_authority_as_end_entity(&error) {
            return Err(error);
        }
        if self.added.iter().any(|added| added == certificate) {
            return Ok(());
        }
        let parsed = webpki::EndEntityCert::try_from(certificate);
        if parsed.is_ok_and(|parsed| parsed.subject() == parsed.issuer()) {
            return Err(CertificateError::UnknownIssuer.into());
        }
        Err(error)
    }
}

fn is_authority_as_end_entity(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(reason))) = error else {
        return false;
    };
    matches!(
        reason.downcast_ref(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
}

fn algorithms() -> &'static WebPkiSupportedAlgorithms {
    &provider().signature_verification_algorithms
}

/// The methods that both kinds of verifiers have. `accepts_any`: whether it accepts any certificate.
macro_rules! signatures {
    ($accepts_any:expr) => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            if $accepts_any(self) && is_foreign(certificate) {
                return Ok(HandshakeSignatureValid::assertion());
            }
            verify_tls12_signature(message, certificate, signature, algorithms())
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            if $accepts_any(self) && is_foreign(certificate) {
                return Ok(HandshakeSignatureValid::assertion());
            }
            verify_tls13_signature(message, certificate, signature, algorithms())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            algorithms().supported_schemes()
        }
    };
}

/// Which name a server's certificate must have.
#[derive(Clone, Debug, PartialEq)]
pub enum Name {
    Any,
    /// The one that the connection was started with.
    Connected,
    Fixed(ServerName<'static>),
}

/// How a client checks the server.
#[derive(Debug)]
pub struct ServerVerifier {
    /// Nothing is checked without.
    pub roots: Option<Roots>,
    pub name: Name,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &roots.store,
                intermediates,
                now,
                algorithms().all,
            )
            .or_else(|error| roots.reconsider(end_entity, error))?;
            match &self.name {
                Name::Any => {}
                Name::Connected => verify_server_name(&certificate, server_name)?,
                Name::Fixed(name) => verify_server_name(&certificate, name)?,
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    signatures!(|this: &Self| this.roots.is_none());
}

/// Whether webpki cannot read a certificate, one of X.509 version 1 for example. Whoever accepts any certificate has
/// to accept it, and loses nothing: an impostor would sign with a key of his own.
fn is_foreign(certificate: &CertificateDer<'_>) -> bool {
    ParsedCertificate::try_from(certificate).is_err()
}

/// How a server checks its clients.
#[derive(Debug)]
pub struct ClientVerifier {
    roots: Roots,
    /// None when nothing is trusted: such a verifier cannot be made.
    chain: Option<Arc<dyn ClientCertVerifier>>,
    /// Names of the trusted authorities, for the client to choose by.
    hints: Vec<DistinguishedName>,
    mandatory: bool,
    name: Option<ServerName<'static>>,
}

impl ClientVerifier {
    pub fn new(roots: Roots, mandatory: bool, name: Option<ServerName<'static>>) -> Self {
        let chain =
            WebPkiClientVerifier::builder_with_provider(roots.store.clone(), provider().clone());
        Self {
            chain: chain.build().ok(),
            hints: roots.store.subjects(),
            roots,
            mandatory,
            name,
        }
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        if let Err(error) = chain.verify_client_cert(end_entity, intermediates, now) {
            self.roots.reconsider(end_entity, error)?;
        }
        if let Some(name) = &self.name {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
        }
        Ok(ClientCertVerified::assertion())
    }

    signatures!(|_: &Self| false);
}
