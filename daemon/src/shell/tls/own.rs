//! A certificate of our own making, so that TLS works before anybody has bought one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

/// The clocks of old phones end in 2038.
const LAST_YEAR: i32 = 2037;

/// The certificate and the key of `folder`; made when they are not there. `names` are those that phones may call us by:
/// host names and addresses; the first is the subject.
pub fn certificate(folder: &Path, names: &[String]) -> io::Result<(PathBuf, PathBuf)> {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    if certificate.exists() && key.exists() {
        return Ok((certificate, key));
    }
    fs::create_dir_all(folder)?;
    let pair = KeyPair::generate().map_err(io::Error::other)?;
    let text = params(names)
        .and_then(|params| params.self_signed(&pair))
        .map_err(io::Error::other)?
        .pem();
    write(&key, &pair.serialize_pem(), 0o600)?;
    write(&certificate, &text, 0o644)?;
    Ok((certificate, key))
}

fn params(names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "Frontdesk");
    if let Some(name) = names.first() {
        subject.push(DnType::CommonName, name.as_str());
    }
    params.distinguished_name = subject;
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(LAST_YEAR, 12, 31);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// Whole or not at all: a crash leaves no half of a key behind.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::certificate::Certificate;
    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_its_key_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("tls");
        let names = [
            "pbx.example".to_owned(),
            "192.0.2.1".to_owned(),
            "2001:db8::1".to_owned(),
        ];
        let (made, key) = certificate(&folder, &names).unwrap();
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read(&made).unwrap();
        certificate(&folder, &["another.example".to_owned()]).unwrap();
        assert_eq!(fs::read(&made).unwrap(), text);
        Certificate::load(made, key).unwrap();
    }
}
