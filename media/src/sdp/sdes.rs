//! Keys in a description: `a=crypto` (RFC 4568).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::srtp::{Key, MATERIAL, Suite};

/// One `a=crypto` line: its tag and the writer's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CryptoLine {
    pub(super) tag: u32,
    pub(super) key: Key,
}

impl CryptoLine {
    /// `None` for what we do not do: other suites, several keys, MKIs, and parameters that must be understood.
    pub(super) fn read(value: &str) -> Option<CryptoLine> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let name = words.next()?;
        let suite = Suite::ALL
            .into_iter()
            .find(|suite| suite.name().eq_ignore_ascii_case(name))?;
        let (method, parameters) = words.next()?.split_once(':')?;
        let mut fields = parameters.split('|');
        let key = fields.next()?;
        let several = parameters.contains(';');
        // Section 6.1: a field with a colon names an MKI; the other one is how long the key lives.
        if !method.eq_ignore_ascii_case("inline") || several || fields.any(|field| field.contains(':')) {
            return None;
        }
        // Section 6.3.7: whatever begins with a minus sign may be ignored, and a window of our own serves any hint.
        let optional = |word: &str| word.starts_with('-') || word.starts_with("WSH=");
        if !words.all(optional) {
            return None;
        }
        let material: [u8; MATERIAL] = STANDARD.decode(key).ok()?.try_into().ok()?;
        Some(CryptoLine {
            tag,
            key: Key::new(suite, material),
        })
    }

    pub(super) fn write(&self) -> String {
        let key = STANDARD.encode(self.key.material);
        format!("{} {} inline:{key}", self.tag, self.key.suite.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    fn check(line: &str, expected: Option<(u32, Suite)>) {
        let read = CryptoLine::read(&line.replace("KEY", KEY));
        assert_eq!(read.map(|line| (line.tag, line.key.suite)), expected, "{line}");
    }

    #[test]
    fn keys_are_read_as_phones_write_them() {
        check("1 AES_CM_128_HMAC_SHA1_80 inline:KEY", Some((1, Suite::Sha1_80)));
        check("2 AES_CM_128_HMAC_SHA1_32 inline:KEY|2^20", Some((2, Suite::Sha1_32)));
        check(
            "3 AES_CM_128_HMAC_SHA1_80  inline:KEY|2^31 WSH=64 -X",
            Some((3, Suite::Sha1_80)),
        );
        check("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4", None);
        check("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|1:4", None);
        check("1 AES_CM_128_HMAC_SHA1_80 inline:KEY;inline:KEY", None);
        check("1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTP", None);
        check("1 AES_CM_128_HMAC_SHA1_80 inline:KEY KDR=1", None);
        check("1 AES_256_CM_HMAC_SHA1_80 inline:KEY", None);
        check("1 AES_CM_128_HMAC_SHA1_80 inline:KEYKEY", None);
        check("1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=", None);
        check("9999999999 AES_CM_128_HMAC_SHA1_80 inline:KEY", None);
        check("1 AES_CM_128_HMAC_SHA1_80", None);
        check("", None);
    }

    #[test]
    fn a_key_is_written_as_it_is_read_and_never_shown() {
        let line = CryptoLine::read(&format!("7 AES_CM_128_HMAC_SHA1_32 inline:{KEY}")).unwrap();
        assert_eq!(line.write(), format!("7 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"));
        assert_eq!(format!("{:?}", line.key), "Key(Sha1_32)");
    }
}
