//! The certificates that a mail server's certificate is verified against.

use std::fmt;

use lettre::transport::smtp::client::{Certificate, TlsParameters};

use super::delivery_error::DeliveryError;

/// The certificates of the operator's own authority, from a PEM file.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority(Vec<u8>);

#[derive(Debug, thiserror::Error)]
#[error("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
pub struct NoCertificate;

impl Authority {
    pub fn from_pem(pem: Vec<u8>) -> Result<Self, NoCertificate> {
        let marker = b"-----BEGIN CERTIFICATE-----";
        let is_pem = pem.windows(marker.len()).any(|part| part == marker);
        let readable = is_pem && tls_parameters("localhost", Some(&Self(pem.clone()))).is_ok();
        readable.then_some(Self(pem)).ok_or(NoCertificate)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({} bytes)", self.0.len())
    }
}

/// The certificate is verified against the machine's authorities and the operator's.
pub(super) fn tls_parameters(
    host: &str,
    authority: Option<&Authority>,
) -> Result<TlsParameters, DeliveryError> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(Authority(pem)) = authority {
        let certificate = Certificate::from_pem(pem);
        let certificate = certificate.map_err(|error| DeliveryError::of_connection(&error))?;
        tls = tls.add_root_certificate(certificate);
    }
    tls.build()
        .map_err(|error| DeliveryError::of_connection(&error))
}
