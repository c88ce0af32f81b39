//! Codes of a moment (RFC 6238, with the HMAC of RFC 4226) as every authenticator knows them: SHA-1, 6 digits, 30 seconds.

use hmac::{Hmac, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// How long a code is good, besides the one before and the one after it, for clocks that are not quite right.
const STEP_MS: i64 = 30_000;
const SPAN: i64 = 1;
const DIGITS: usize = 6;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of the moment to which a code belongs; codes up to and with `last` have been used.
pub(super) fn step_of(secret: &[u8], given: &str, now: i64, last: i64) -> Option<i64> {
    let present = now.div_euclid(STEP_MS);
    let steps = present.saturating_sub(SPAN)..=present.saturating_add(SPAN);
    steps.filter(|step| *step > last).find(|step| {
        let code = of(secret, *step);
        code.is_some_and(|code| bool::from(code.as_bytes().ct_eq(given.as_bytes())))
    })
}

fn of(secret: &[u8], step: i64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let place = usize::from(digest.last()? & 15);
    let word: [u8; 4] = digest.get(place..place.checked_add(4)?)?.try_into().ok()?;
    let number = (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000;
    Some(format!("{number:0DIGITS$}"))
}

/// Base32 without padding (RFC 4648 section 6), as people type it over.
pub(super) fn base32(bytes: &[u8]) -> String {
    let groups = bytes.chunks(5);
    groups
        .flat_map(|group| {
            let mut padded = [0_u8; 8];
            for (place, byte) in padded.iter_mut().skip(3).zip(group) {
                *place = *byte;
            }
            let bits = u64::from_be_bytes(padded);
            let letters = (group.len() * 8).div_ceil(5);
            (0..letters).map(move |letter| {
                let five = usize::try_from((bits >> (35 - 5 * letter)) & 31).unwrap_or(0);
                ALPHABET.get(five).copied().map_or('A', char::from)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// The last six digits of RFC 6238 appendix B.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let check = |second: i64, expected: &str| {
            assert_eq!(of(SECRET, second / 30).as_deref(), Some(expected));
            assert_eq!(step_of(SECRET, expected, second * 1_000, 0), Some(second / 30));
        };
        check(59, "287082");
        check(1_111_111_109, "081804");
        check(1_111_111_111, "050471");
        check(1_234_567_890, "005924");
        check(2_000_000_000, "279037");
        check(20_000_000_000, "353130");
    }

    #[test]
    fn a_code_is_good_for_a_step_around_and_once() {
        let (now, code) = (59_000, "287082");
        assert_eq!(step_of(SECRET, code, now + 30_000, 0), Some(1));
        assert_eq!(step_of(SECRET, code, now - 30_000, 0), Some(1));
        assert_eq!(step_of(SECRET, code, now + 60_001, 0), None);
        assert_eq!(step_of(SECRET, code, now, 1), None, "used");
        for other in ["287083", "", "28708", "2870820", "２８７０８２"] {
            assert_eq!(step_of(SECRET, other, now, 0), None, "{other}");
        }
    }

    /// RFC 4648 section 10.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), expected);
        }
    }
}
