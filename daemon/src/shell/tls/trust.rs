//! Whom we believe where we are the client of a TLS server.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::BadTls;
use super::certificate::BadCertificate;

/// The public roots, and those of `sip.tls_ca`.
#[derive(Debug)]
pub struct Trust {
    verifying: Arc<ClientConfig>,
    believing: Arc<ClientConfig>,
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
        let builder = || {
            ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(BadCertificate::Refused)
        };
        let verifying = builder()?.with_root_certificates(roots).with_no_client_auth();
        let believing = builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(Arc::clone(&provider))))
            .with_no_client_auth();
        Ok(Trust {
            verifying: Arc::new(verifying),
            believing: Arc::new(believing),
        })
    }

    /// For servers that must show who they are.
    pub(crate) fn verifying(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.verifying)
    }

    pub(super) fn config(&self, verify: bool) -> Arc<ClientConfig> {
        Arc::clone(if verify { &self.verifying } else { &self.believing })
    }
}

/// What a server has to prove to be: a name (RFC 5922), else its address.
pub fn server_name(name: Option<&str>, address: IpAddr) -> Result<ServerName<'static>, BadTls> {
    match name {
        Some(name) => ServerName::try_from(name.to_owned()).map_err(|_| BadTls::Name(name.to_owned())),
        None => Ok(ServerName::from(address)),
    }
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

/// Believes any certificate; the handshake's signature must still be its owner's.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
