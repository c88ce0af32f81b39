//! Session keys and the counter-mode key stream (RFC 3711 sections 4.1.1 and 4.3).

use aes::Aes128;
use aes::cipher::{Block, BlockEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::Key;

pub(super) type HmacSha1 = Hmac<Sha1>;
/// 112 bits.
pub(super) type Salt = [u8; 14];

/// Blocks that are encrypted in one go: processors work on several at a time.
const ROUND: usize = 8;

/// What protects one of RTP and RTCP.
#[derive(Clone)]
pub(super) struct SessionKeys {
    cipher: Aes128,
    salt: Salt,
    mac: HmacSha1,
}

/// Section 4.3.2.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Rtp,
    Rtcp,
}

impl SessionKeys {
    /// With a key derivation rate of zero.
    pub(super) fn derive(key: &Key, purpose: Purpose) -> SessionKeys {
        let (master, salt) = key.material.split_at(16);
        let master = Aes128::new(aes::cipher::Key::<Aes128>::from_slice(master));
        let first = match purpose {
            Purpose::Rtp => 0,
            Purpose::Rtcp => 3,
        };
        let mut master_salt = [0; 14];
        master_salt.copy_from_slice(salt);
        let derive = |label: u8, out: &mut [u8]| {
            let mut iv = [0; 16];
            for (to, from) in iv.iter_mut().zip(master_salt) {
                *to = from;
            }
            let [.., label_byte, _, _, _, _, _, _, _, _] = &mut iv;
            *label_byte ^= label;
            key_stream(&master, iv, out);
        };
        let (mut encryption, mut authentication, mut session_salt) = ([0; 16], [0; 20], [0; 14]);
        derive(first, &mut encryption);
        derive(first + 1, &mut authentication);
        derive(first + 2, &mut session_salt);
        // HMAC fills a short key up with zeros.
        let mut block = hmac::digest::Key::<HmacSha1>::default();
        block.iter_mut().zip(authentication).for_each(|(to, from)| *to = from);
        SessionKeys {
            cipher: Aes128::new(&encryption.into()),
            salt: session_salt,
            mac: <HmacSha1 as Mac>::new(&block),
        }
    }

    /// Section 4.1.1: the same call encrypts and decrypts.
    pub(super) fn crypt(&self, ssrc: u32, index: u64, bytes: &mut [u8]) {
        let mut iv = [0; 16];
        for (to, from) in iv.iter_mut().zip(self.salt) {
            *to = from;
        }
        let [_, _, _, _, middle @ .., _, _] = &mut iv;
        let numbers = ssrc
            .to_be_bytes()
            .into_iter()
            .chain(index.to_be_bytes().into_iter().skip(2));
        middle.iter_mut().zip(numbers).for_each(|(to, from)| *to ^= from);
        key_stream(&self.cipher, iv, bytes);
    }

    /// The first bytes of it are the tag.
    pub(super) fn authenticate(&self, bytes: &[u8], behind: &[u8]) -> [u8; 20] {
        let mut mac = self.mac.clone();
        mac.update(bytes);
        mac.update(behind);
        mac.finalize().into_bytes().into()
    }
}

/// Adds the key stream that begins with this counter.
fn key_stream(cipher: &Aes128, iv: [u8; 16], bytes: &mut [u8]) {
    let mut counter = u128::from_be_bytes(iv);
    for piece in bytes.chunks_mut(ROUND * 16) {
        let mut blocks = [Block::<Aes128>::default(); ROUND];
        let wanted = piece.len().div_ceil(16);
        for block in blocks.iter_mut().take(wanted) {
            block.copy_from_slice(&counter.to_be_bytes());
            counter = counter.wrapping_add(1);
        }
        if let Some(blocks) = blocks.get_mut(..wanted) {
            cipher.encrypt_blocks(blocks);
        }
        let stream = blocks.iter().flatten();
        piece.iter_mut().zip(stream).for_each(|(to, from)| *to ^= from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::Suite;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// RFC 3711 appendix B.2.
    #[test]
    fn the_key_stream_is_that_of_the_standard() {
        let cipher = Aes128::new_from_slice(&bytes("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
        let iv: [u8; 16] = bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
        let mut stream = vec![0; 0xff02 * 16];
        key_stream(&cipher, iv, &mut stream);
        assert_eq!(stream[..16], bytes("E03EAD0935C95E80E166B16DD92B4EB4"));
        assert_eq!(stream[16..32], bytes("D23513162B02D0F72A43A2FE4A5F97AB"));
        assert_eq!(
            stream[0xfeff * 16..0xff00 * 16],
            bytes("EC8CDF7398607CB0F2D21675EA9EA1E4")
        );
        assert_eq!(
            stream[0xff00 * 16..0xff01 * 16],
            bytes("362B7C3C6773516318A077D7FC5073AE")
        );
        assert_eq!(stream[0xff01 * 16..], bytes("6A2CC3787889374FBEB4C81B17BA6C44"));
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn session_keys_are_those_of_the_standard() {
        let material: [u8; 30] = bytes("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6")
            .try_into()
            .unwrap();
        let keys = SessionKeys::derive(&Key::new(Suite::Sha1_80, material), Purpose::Rtp);
        assert_eq!(keys.salt[..], bytes("30CBBC08863D8C85D49DB34A9AE1"));
        let mut block = [0; 16];
        key_stream(&keys.cipher, [0; 16], &mut block);
        let mut expected = [0; 16];
        let cipher = Aes128::new_from_slice(&bytes("C61E7A93744F39EE10734AFE3FF7A087")).unwrap();
        key_stream(&cipher, [0; 16], &mut expected);
        assert_eq!(block, expected);
        let mac = <HmacSha1 as Mac>::new_from_slice(&bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")).unwrap();
        let expected: [u8; 20] = mac.finalize().into_bytes().into();
        assert_eq!(keys.authenticate(&[], &[]), expected);
    }
}
