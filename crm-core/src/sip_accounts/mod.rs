//! SIP accounts: what a phone or a provider line registers with. Secrets are told once and kept as digests.

mod row;
mod store;

use frontdesk_routing::ids::SipAccountId;
use md5::Md5;
use sha2::{Digest, Sha256};

pub(crate) use row::SipRow;
pub(crate) use store::{ALL, Owner, add, first, replace};
pub use store::{generate, rotate};

/// Characters of 6 bits: 144 bits in all.
const SECRET_LENGTH: usize = 24;

/// What a phone is set up with.
#[derive(Clone)]
pub struct SipData {
    pub id: SipAccountId,
    pub user: String,
    pub realm: String,
    pub secret: String,
}

/// Digests of `user:realm:secret` (RFC 7616), in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ha1 {
    pub md5: String,
    pub sha256: String,
}

impl Ha1 {
    pub fn of(user: &str, realm: &str, secret: &str) -> Ha1 {
        let text = format!("{user}:{realm}:{secret}");
        Ha1 {
            md5: hex::encode(Md5::digest(text.as_bytes())),
            sha256: hex::encode(Sha256::digest(text.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_rfc_7616() {
        let ha1 = Ha1::of("Mufasa", "http-auth@example.org", "Circle of Life");
        assert_eq!(ha1.md5, "3d78807defe7de2157e2b0b6573a855f");
        assert_eq!(
            ha1.sha256,
            "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"
        );
    }
}
