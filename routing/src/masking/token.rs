//! What a client is called where neither name nor number may be shown.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::ids::ClientId;
use crate::number::PhoneNumber;
use crate::plan::HidingKey;

/// Sixteen letters that are hard to mistake; a token begins with one, so that it is never a short number.
const FIRST: &[u8; 16] = b"ACDEFHJKLMNPRTUX";

/// Four characters, the same for a client as long as the account has its key. Two clients may share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token(u16);

impl Token {
    /// Of a client, or of a number that is nobody's.
    pub fn new(key: HidingKey, client: Option<ClientId>, number: Option<PhoneNumber>) -> Token {
        let mut hash = Sha256::new();
        hash.update(key.0);
        match (client, number) {
            (Some(client), _) => {
                hash.update([1]);
                hash.update(client.as_u128().to_be_bytes());
            }
            (None, Some(number)) => {
                hash.update([2]);
                hash.update(number.as_u64().to_be_bytes());
            }
            (None, None) => {}
        }
        let digest: [u8; 32] = hash.finalize().into();
        let [high, low, ..] = digest;
        Token(u16::from_be_bytes([high, low]))
    }

    /// Whether a text, in either case, could be somebody's token.
    pub fn looks_like(text: &str) -> bool {
        let mut letters = text.bytes().map(|letter| letter.to_ascii_uppercase());
        let first = letters.next().is_some_and(|first| FIRST.contains(&first));
        first && text.len() == 4 && letters.all(|letter| letter.is_ascii_hexdigit())
    }

    /// Whether a text, in either case, is this token.
    pub fn is(self, text: &str) -> bool {
        text.len() == 4 && text.eq_ignore_ascii_case(&self.to_string())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = FIRST.get(usize::from(self.0 >> 12)).copied().map_or('A', char::from);
        write!(f, "{first}{:03X}", self.0 & 0xFFF)
    }
}
