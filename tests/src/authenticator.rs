//! An authenticator as people have it on their phones: RFC 6238 read anew.

use hmac::{Hmac, Mac};
use sha1::Sha1;

/// What it shows for a secret in base32 at a moment.
pub fn code(secret: &str, unix_ms: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(&bytes(secret)).unwrap();
    mac.update(&(unix_ms / 30_000).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let place = usize::from(digest[19] % 16);
    let word = digest[place..place + 4].iter();
    let number = word.fold(0_u64, |number, byte| number * 256 + u64::from(*byte));
    format!("{:06}", number % 0x8000_0000 % 1_000_000)
}

fn bytes(secret: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = secret
        .chars()
        .map(|letter| format!("{:05b}", letters.find(letter).unwrap()))
        .collect();
    let whole = bits.as_bytes().chunks_exact(8);
    whole
        .map(|bits| bits.iter().fold(0, |byte, bit| byte * 2 + (bit - b'0')))
        .collect()
}
