//! Whom we believe where we are the client of a TLS server.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use frontdesk_routing::plan::fingerprint::Fingerprint;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

use super::BadTls;
use super::certificate::BadCertificate;
use crate::engine::output::Proof;

/// The public roots, and those of `sip.tls_ca`.
#[derive(Debug)]
pub struct Trust {
    verifying: Arc<ClientConfig>,
    believing: Arc<ClientConfig>,
    provider: Arc<CryptoProvider>,
}

impl Trust {
    pub fn new(more: Option<&Path>) -> Result<Trust, BadCertificate> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(path) = more {
            for certificate in read(path)? {
                roots.add(certificate).map_err(BadCertificate::Refused)?;
            }
        }
        let provider = Arc::new(ring::default_provider());
        let verifying = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(BadCertificate::Refused)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let believing = unsigned(&provider, None).map_err(BadCertificate::Refused)?;
        Ok(Trust {
            verifying: Arc::new(verifying),
            believing: Arc::new(believing),
            provider,
        })
    }

    /// For servers that must show who they are.
    pub(crate) fn verifying(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.verifying)
    }

    pub(super) fn config(&self, proof: Proof) -> Result<Arc<ClientConfig>, Error> {
        match proof {
            Proof::Authority => Ok(Arc::clone(&self.verifying)),
            Proof::Certificate(fingerprint) => unsigned(&self.provider, Some(fingerprint)).map(Arc::new),
            Proof::Nothing => Ok(Arc::clone(&self.believing)),
        }
    }
}

/// For servers whose certificates nobody has to have signed.
fn unsigned(provider: &Arc<CryptoProvider>, expected: Option<Fingerprint>) -> Result<ClientConfig, Error> {
    let unsigned = Unsigned {
        provider: Arc::clone(provider),
        expected,
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider)).with_safe_default_protocol_versions()?;
    let verified = builder.dangerous().with_custom_certificate_verifier(Arc::new(unsigned));
    Ok(verified.with_no_client_auth())
}

/// What a server has to prove to be: a name (RFC 5922), else its address.
pub fn server_name(name: Option<&str>, address: IpAddr) -> Result<ServerName<'static>, BadTls> {
    match name {
        Some(name) => ServerName::try_from(name.to_owned()).map_err(|_| BadTls::Name(name.to_owned())),
        None => Ok(ServerName::from(address)),
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> Fingerprint {
    Fingerprint(Sha256::digest(certificate).into())
}

/// Of the first certificate of a PEM file.
///
/// # Errors
/// The file cannot be read, or holds no certificate.
pub fn fingerprint_of(path: &Path) -> Result<Fingerprint, BadCertificate> {
    let all = read(path)?;
    let first = all.first().ok_or_else(|| BadCertificate::Empty(path.to_owned()))?;
    Ok(fingerprint(first))
}

/// The certificates of a PEM file; at least one.
pub(super) fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, BadCertificate> {
    let unreadable = |error| BadCertificate::Unreadable(path.to_owned(), error);
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    if certificates.is_empty() {
        return Err(BadCertificate::Empty(path.to_owned()));
    }
    Ok(certificates)
}

/// Believes the certificate that is expected, or any; the handshake's signature must be its owner's.
#[derive(Debug)]
struct Unsigned {
    provider: Arc<CryptoProvider>,
    expected: Option<Fingerprint>,
}

impl ServerCertVerifier for Unsigned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.expected.is_none_or(|expected| expected == fingerprint(shown)) {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
