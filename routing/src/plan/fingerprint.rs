//! A certificate by its fingerprint.

use std::fmt;

/// SHA-256 of a certificate as it is shown (its DER form).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Hex digits in any case, with colons or without, as OpenSSL and browsers write them; `None`: it is none.
    pub fn read(text: &str) -> Option<Fingerprint> {
        let bare = text.trim();
        let bare = bare.split_once('=').map_or(bare, |(_, digits)| digits);
        let digits: Vec<u8> = match bare.contains(':') {
            true if bare.split(':').any(|pair| pair.len() != 2) => return None,
            true | false => bare.bytes().filter(|byte| *byte != b':').collect(),
        };
        let mut octets = [0; 32];
        if digits.len() != 2 * octets.len() {
            return None;
        }
        for (octet, pair) in octets.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            let hex = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
            *octet = hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()?;
        }
        Some(Fingerprint(octets))
    }
}

/// In capitals with colons.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, octet) in self.0.iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{octet:02X}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_others_write_it_and_written_in_one_way() {
        let octets: [u8; 32] = std::array::from_fn(|place| u8::try_from(place * 8).unwrap());
        let written = Fingerprint(octets).to_string();
        assert!(
            written.starts_with("00:08:10:18:") && written.ends_with(":F0:F8"),
            "{written}"
        );
        for text in [
            written.clone(),
            written.to_lowercase(),
            written.replace(':', ""),
            format!(" {written}\n"),
            format!("sha256 Fingerprint={written}"),
        ] {
            assert_eq!(Fingerprint::read(&text), Some(Fingerprint(octets)), "{text}");
        }
        for bad in [
            "",
            "00:08",
            &written[3..],
            &format!("{written}:00"),
            &written.replace("F8", "G8"),
            &written.replace("00:08", "0:008"),
            &written.replace("F0:F8", "+0:F8"),
            &"é".repeat(32),
        ] {
            assert_eq!(Fingerprint::read(bad), None, "{bad}");
        }
    }
}
