//! Who we are to those who connect over TLS: a certificate and its key, read again when the files change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject};

use super::trust;

/// A certificate or its key is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadCertificate {
    #[error("{path} cannot be read: {cause}", path = .0.display(), cause = .1)]
    Unreadable(PathBuf, #[source] pem::Error),
    #[error("{path} holds no certificate", path = .0.display())]
    Empty(PathBuf),
    #[error("the certificate is of no use: {0}")]
    Refused(#[source] rustls::Error),
}

/// What tells one content of a file from the next.
type Stamp = Option<(SystemTime, u64)>;

/// The certificate that new connections are shown.
#[derive(Debug)]
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    seen: [Stamp; 2],
    config: Arc<ServerConfig>,
}

impl Certificate {
    pub fn load(certificate: PathBuf, key: PathBuf) -> Result<Certificate, BadCertificate> {
        let seen = [stamp(&certificate), stamp(&key)];
        let config = Arc::new(config(&certificate, &key)?);
        Ok(Certificate {
            certificate,
            key,
            seen,
            config,
        })
    }

    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Looks whether the files have changed. A new pair that is of no use leaves the old one in service.
    pub fn refresh(&mut self) {
        let now = [stamp(&self.certificate), stamp(&self.key)];
        if now == self.seen {
            return;
        }
        self.seen = now;
        match config(&self.certificate, &self.key) {
            Ok(config) => {
                self.config = Arc::new(config);
                tracing::info!(certificate = %self.certificate.display(), "the TLS certificate was read anew");
            }
            Err(error) => tracing::warn!(%error, "the changed TLS certificate is not taken, the one before stays"),
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let data = std::fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

/// TLS 1.2 and 1.3; sessions may be resumed, so that many phones come back quickly after a restart of their network.
fn config(certificate: &Path, key: &Path) -> Result<ServerConfig, BadCertificate> {
    let chain = trust::read(certificate)?;
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|error| BadCertificate::Unreadable(key.to_owned(), error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(BadCertificate::Refused)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(BadCertificate::Refused)?;
    config.ticketer = ring::Ticketer::new().map_err(BadCertificate::Refused)?;
    Ok(config)
}
