//! Replaces (RFC 3891): which dialog a new one takes the place of.

use bytes::Bytes;

use crate::wire::{HeaderName, Message, Values};

/// A Replaces value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    pub call_id: Bytes,
    /// The tag of whoever is asked: ours.
    pub to_tag: Bytes,
    /// The tag of its peer; `0` for one without tag, of RFC 2543.
    pub from_tag: Bytes,
    /// Only while it rings.
    pub early_only: bool,
}

/// A Replaces value lacks a part, or says one of them twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a Replaces value")]
pub struct BadReplaces;

impl Replaces {
    /// Reads `callid;to-tag=..;from-tag=..[;early-only]` (RFC 3891 section 6.1).
    pub fn read(value: &[u8]) -> Result<Replaces, BadReplaces> {
        let end = value.iter().position(|byte| *byte == b';').ok_or(BadReplaces)?;
        let (call_id, params) = value.split_at_checked(end).ok_or(BadReplaces)?;
        let params = crate::wire::Params::new(params);
        let once = |name: &str| {
            let mut found = params
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
            let tag = found.next().and_then(|(_, value)| value).filter(|tag| !tag.is_empty());
            tag.filter(|_| found.next().is_none())
                .map(Bytes::copy_from_slice)
                .ok_or(BadReplaces)
        };
        let call_id = call_id.trim_ascii();
        if call_id.is_empty() {
            return Err(BadReplaces);
        }
        Ok(Replaces {
            call_id: Bytes::copy_from_slice(call_id),
            to_tag: once("to-tag")?,
            from_tag: once("from-tag")?,
            early_only: params.has("early-only"),
        })
    }

    /// Of a request. More than one value, an unreadable one, or one beside Join (RFC 3911 section 4) is an error.
    pub fn of(request: &Message) -> Result<Option<Replaces>, BadReplaces> {
        let mut values = request.headers(HeaderName::Replaces).flat_map(Values::new);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() || request.header(HeaderName::Other("Join")).is_some() {
            return Err(BadReplaces);
        }
        Replaces::read(&Message::unfold(value)).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_by_its_call_id_and_both_tags() {
        let read = Replaces::read(b"98732@sip.example.com ; From-Tag=r33th4x0r;to-tag=ff87ff;early-only").unwrap();
        assert_eq!(read.call_id, "98732@sip.example.com");
        assert_eq!(
            (&read.to_tag[..], &read.from_tag[..]),
            (&b"ff87ff"[..], &b"r33th4x0r"[..])
        );
        assert!(read.early_only);
        assert!(
            !Replaces::read(b"a;to-tag=1;from-tag=0;x=early-only")
                .unwrap()
                .early_only
        );
    }

    #[test]
    fn a_value_without_call_id_or_tag_or_with_a_tag_twice_is_refused() {
        for bad in [
            &b""[..],
            b"a",
            b"a;to-tag=1",
            b"a;from-tag=1",
            b";to-tag=1;from-tag=2",
            b"a;to-tag=;from-tag=2",
            b"a;to-tag;from-tag=2",
            b"a;to-tag=1;to-tag=1;from-tag=2",
        ] {
            assert_eq!(
                Replaces::read(bad),
                Err(BadReplaces),
                "{:?}",
                String::from_utf8_lossy(bad)
            );
        }
    }
}
