//! How a receiver knows that a delivery is ours and not an old one: HMAC-SHA256 over `timestamp.body`.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// In hexadecimal.
pub(super) fn of(secret: &str, seconds: i64, body: &str) -> String {
    // A key of any length is one for HMAC (RFC 2104 section 2).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_makes_of_the_same() {
        // printf '%s' '1795000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            of("secret", 1_795_000_000, "{\"a\":1}"),
            "f9e0bd0d1a561fbfdabec6356500586e2c72d7d797314b41b8380761868d6c25"
        );
    }
}
