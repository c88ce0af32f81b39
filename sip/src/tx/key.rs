//! How requests find their server transaction (RFC 3261 section 17.2.3) and how our branches, tags and Call-IDs look.

use std::hash::{DefaultHasher, Hasher};

use rand::RngCore;

pub(crate) const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

/// A keyed 128-bit hash of what identifies a server transaction, so that no peer can make two of them meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerKey {
    /// The map's key and the owner's `TransactionId`.
    pub(crate) id: u64,
    /// The other half, kept beside the transaction.
    pub(crate) check: u64,
}

/// What a request shows of its transaction. ACK and CANCEL pass INVITE as the method to find it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks<'a> {
    /// Of the top Via; without the magic cookie, or with nothing after it, the rules of RFC 2543 apply.
    pub(crate) branch: &'a [u8],
    pub(crate) sent_by: (&'a [u8], u16),
    pub(crate) method: &'a [u8],
    pub(crate) call_id: &'a [u8],
    pub(crate) cseq: u32,
    pub(crate) from_tag: &'a [u8],
    pub(crate) request_uri: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Secret {
    words: [u64; 4],
}

impl Secret {
    pub(crate) fn new(rng: &mut impl RngCore) -> Self {
        Secret {
            words: std::array::from_fn(|_| rng.next_u64()),
        }
    }

    /// The branch is enough by the RFC; Call-ID and CSeq stand beside it because some phones use one branch for ever.
    /// An old-style key leaves out the To tag, which only the ACK has: the CSeq tells a re-INVITE apart.
    pub(crate) fn key(&self, marks: &Marks<'_>) -> ServerKey {
        let mut hash = self.start();
        let unique = marks.branch.len() > MAGIC_COOKIE.len()
            && marks
                .branch
                .get(..MAGIC_COOKIE.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(MAGIC_COOKIE));
        put(&mut hash, marks.method);
        put(&mut hash, marks.call_id);
        hash.write_u32(marks.cseq);
        hash.write_u16(marks.sent_by.1);
        hash.write_usize(marks.sent_by.0.len());
        for byte in marks.sent_by.0 {
            hash.write_u8(byte.to_ascii_lowercase());
        }
        hash.write_u8(u8::from(unique));
        put(&mut hash, marks.branch);
        if !unique {
            put(&mut hash, marks.request_uri);
            put(&mut hash, marks.from_tag);
        }
        let [_, _, third, fourth] = self.words;
        let id = hash.finish();
        hash.write_u64(third);
        hash.write_u64(fourth);
        ServerKey {
            id,
            check: hash.finish(),
        }
    }

    /// What copies of one request share that came over several paths (RFC 3261 section 8.2.2.2); never 0.
    pub(crate) fn merge_key(&self, marks: &Marks<'_>) -> u64 {
        let mut hash = self.start();
        hash.write_u8(2);
        put(&mut hash, marks.method);
        put(&mut hash, marks.call_id);
        hash.write_u32(marks.cseq);
        put(&mut hash, marks.from_tag);
        hash.finish().max(1)
    }

    /// Our To tag for a request: the same for a retransmission, even when nothing was kept.
    pub(crate) fn tag(&self, key: ServerKey) -> u64 {
        let mut hash = self.start();
        hash.write_u8(3);
        hash.write_u64(key.id);
        hash.write_u64(key.check);
        hash.finish()
    }

    /// 128 bits that nobody can guess for a request: the same for a retransmission; each number gives others.
    pub(crate) fn chance(&self, key: ServerKey, number: u8) -> u128 {
        let half = |which: u8| {
            let mut hash = self.start();
            hash.write(&[4, number, which]);
            hash.write_u64(key.id);
            hash.write_u64(key.check);
            u128::from(hash.finish())
        };
        half(0) << 64 | half(1)
    }

    fn start(&self) -> DefaultHasher {
        let mut hash = DefaultHasher::new();
        let [first, second, _, _] = self.words;
        hash.write_u64(first);
        hash.write_u64(second);
        hash
    }
}

fn put(hash: &mut DefaultHasher, part: &[u8]) {
    hash.write_usize(part.len());
    hash.write(part);
}

/// A tag, or the random part of a branch, as it stands in a message: 16 hexadecimal digits.
pub(crate) fn token(value: u64) -> String {
    let mut text = String::with_capacity(16);
    push_token(&mut text, value);
    text
}

pub(crate) fn push_token(text: &mut String, value: u64) {
    for shift in (0..16).rev() {
        let digit = u32::try_from((value >> (shift * 4)) & 0xf).unwrap_or(0);
        text.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

/// Reads back what `token` wrote; anything else is not ours.
pub(crate) fn read_token(text: &[u8]) -> Option<u64> {
    if text.len() != 16 {
        return None;
    }
    text.iter().try_fold(0_u64, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

/// The client transaction that a branch of ours names. CANCEL has its INVITE's branch and the next id.
pub(crate) fn read_branch(branch: &[u8]) -> Option<u64> {
    let head = branch.get(..MAGIC_COOKIE.len())?;
    if !head.eq_ignore_ascii_case(MAGIC_COOKIE) {
        return None;
    }
    read_token(branch.get(MAGIC_COOKIE.len()..)?)
}

pub(crate) fn call_id(rng: &mut impl RngCore) -> String {
    let mut text = String::with_capacity(32);
    push_token(&mut text, rng.next_u64());
    push_token(&mut text, rng.next_u64());
    text
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn marks<'a>(branch: &'a [u8], method: &'a [u8], uri: &'a [u8]) -> Marks<'a> {
        Marks {
            branch,
            sent_by: (b"Phone.example", 5060),
            method,
            call_id: b"abc",
            cseq: 7,
            from_tag: b"ft",
            request_uri: uri,
        }
    }

    fn secret() -> Secret {
        Secret::new(&mut StdRng::from_seed([7; 32]))
    }

    #[test]
    fn a_retransmission_has_the_same_key_and_another_request_has_not() {
        let secret = secret();
        let key = secret.key(&marks(b"z9hG4bKx1", b"INVITE", b"sip:a@b"));
        assert_eq!(
            key,
            secret.key(&marks(b"z9hG4bKx1", b"INVITE", b"sip:other@b")),
            "the URI does not count"
        );
        let lower = Marks {
            sent_by: (b"phone.EXAMPLE", 5060),
            ..marks(b"z9hG4bKx1", b"INVITE", b"sip:a@b")
        };
        assert_eq!(key, secret.key(&lower), "host names have no case");
        let others = [
            marks(b"z9hG4bKx2", b"INVITE", b"sip:a@b"),
            marks(b"z9hG4bKx1", b"BYE", b"sip:a@b"),
            Marks {
                sent_by: (b"phone.example", 5061),
                ..marks(b"z9hG4bKx1", b"INVITE", b"sip:a@b")
            },
            Marks {
                sent_by: (b"phone.exampl", 5060),
                ..marks(b"z9hG4bKx1", b"INVITE", b"sip:a@b")
            },
            Marks {
                cseq: 8,
                ..marks(b"z9hG4bKx1", b"INVITE", b"sip:a@b")
            },
            Marks {
                call_id: b"abd",
                ..marks(b"z9hG4bKx1", b"INVITE", b"sip:a@b")
            },
        ];
        for other in others {
            assert_ne!(key, secret.key(&other), "{other:?}");
        }
    }

    #[test]
    fn without_the_magic_cookie_the_request_uri_and_the_from_tag_count() {
        let secret = secret();
        for branch in [&b"1"[..], b"", b"z9hG4bK"] {
            let key = secret.key(&marks(branch, b"INVITE", b"sip:a@b"));
            assert_eq!(key, secret.key(&marks(branch, b"INVITE", b"sip:a@b")));
            assert_ne!(key, secret.key(&marks(branch, b"INVITE", b"sip:c@b")));
            let other = Marks {
                from_tag: b"x",
                ..marks(branch, b"INVITE", b"sip:a@b")
            };
            assert_ne!(key, secret.key(&other));
        }
    }

    #[test]
    fn another_seed_gives_other_keys() {
        let other = Secret::new(&mut StdRng::from_seed([8; 32]));
        let marks = marks(b"z9hG4bKx1", b"INVITE", b"sip:a@b");
        assert_ne!(secret().key(&marks), other.key(&marks));
    }

    #[test]
    fn tokens_are_read_back_and_foreign_ones_are_not() {
        for value in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(read_token(token(value).as_bytes()), Some(value));
        }
        for foreign in [
            &b""[..],
            b"0123",
            b"0123456789ABCDEF",
            b"0123456789abcdeg",
            b"0123456789abcdef0",
        ] {
            assert_eq!(read_token(foreign), None);
        }
        assert_eq!(read_branch(b"z9hG4bK00000000000000ff"), Some(255));
        assert_eq!(read_branch(b"00000000000000ff"), None);
    }
}
