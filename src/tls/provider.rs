//! The cryptography below TLS, chosen by a feature of the crate.

#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs as library;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring as library;

use rustls::crypto::CryptoProvider;
use rustls::server::ProducesTickets;
use std::sync::{Arc, OnceLock};

/// The provider, which all sessions of the process share.
pub fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(library::default_provider()))
}

/// What encrypts the tickets by which clients resume; its keys change by themselves.
pub fn ticketer() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    library::Ticketer::new()
}
