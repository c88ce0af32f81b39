//! Who a caller says to be and who others say the caller is (RFC 3323, RFC 3325).
//!
//! What is asserted is worth as much as the peer that asserts it: the owner decides whether to believe it.

use std::borrow::Cow;

use crate::command::Party;
use crate::wire::{HeaderName, Message, NameAddr};

/// RFC 3325 section 9.1.
const MOST_ASSERTED: usize = 2;

/// A request's words about its caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// `From` without its tag.
    pub from: Party,
    /// `P-Asserted-Identity`: at most a SIP URI and a `tel` one. Without one the `Remote-Party-ID` of the calling party,
    /// which older servers send.
    pub asserted: Vec<Party>,
    pub privacy: Privacy,
}

/// The values of `Privacy` that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Privacy {
    /// The asserted identity stays within the trust domain.
    pub id: bool,
    /// The user asks that nothing about the caller goes on: `user` or `header`.
    pub user: bool,
    /// No privacy is to be applied, whatever else is said.
    pub none: bool,
}

impl Privacy {
    /// Whether the caller is to stay unknown to the called person.
    pub fn is_restricted(self) -> bool {
        (self.id || self.user) && !self.none
    }
}

impl Identity {
    pub fn read(request: &Message) -> Identity {
        let asserted = request.values(HeaderName::PAssertedIdentity);
        let asserted: Vec<Party> = asserted.take(MOST_ASSERTED).filter_map(readable).collect();
        let older = remote_party(request).filter(|_| asserted.is_empty());
        let mut privacy = privacy(request);
        privacy.id |= older.as_ref().is_some_and(|(_, hidden)| *hidden);
        Identity {
            from: request.from().map(|from| party(&from)).unwrap_or_default(),
            asserted: match older {
                Some((party, _)) => vec![party],
                None => asserted,
            },
            privacy,
        }
    }

    /// Whether the caller is to stay unknown: by `Privacy`, or by an anonymous `From` (RFC 3323 section 4.1.1.3).
    pub fn is_restricted(&self) -> bool {
        self.privacy.is_restricted() || is_anonymous(&self.from)
    }
}

/// The From of a caller who stays unknown.
pub fn anonymous() -> Party {
    Party {
        display: "Anonymous".to_owned(),
        uri: "sip:anonymous@anonymous.invalid".to_owned(),
    }
}

/// A P-Asserted-Identity field.
pub fn asserted(party: &Party) -> (Cow<'static, str>, String) {
    (Cow::Borrowed("P-Asserted-Identity"), name_addr(party))
}

/// A Privacy field that keeps the asserted identity from the user.
pub fn id() -> (Cow<'static, str>, String) {
    (Cow::Borrowed("Privacy"), "id".to_owned())
}

/// `"Name" <uri>`, the name quoted as RFC 3261 section 25.1 wants it.
pub fn name_addr(party: &Party) -> String {
    if party.display.is_empty() {
        return format!("<{}>", party.uri);
    }
    let name = party.display.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{name}\" <{}>", party.uri)
}

/// The calling party of `Remote-Party-ID`, and whether it is to stay unknown.
fn remote_party(request: &Message) -> Option<(Party, bool)> {
    let value = NameAddr::read(request.header(HeaderName::Other("Remote-Party-ID"))?).ok()?;
    let is = |name: &str, wanted: &[&[u8]]| {
        let given = value.param(name);
        given.is_some_and(|given| wanted.iter().any(|known| given.eq_ignore_ascii_case(known)))
    };
    let calling = value.param("party").is_none() || is("party", &[b"calling"]);
    let hidden = is("privacy", &[b"full", b"name", b"uri", b"on"]);
    (calling && value.uri().is_ok()).then(|| (party(&value), hidden))
}

fn readable(value: &[u8]) -> Option<Party> {
    let value = NameAddr::read(value).ok()?;
    value.uri().is_ok().then(|| party(&value))
}

fn party(value: &NameAddr<'_>) -> Party {
    Party {
        display: value.display().trim().to_owned(),
        uri: String::from_utf8_lossy(value.raw_uri()).into_owned(),
    }
}

/// Values are separated by semicolons (RFC 3323 section 4.2); some write commas.
fn privacy(request: &Message) -> Privacy {
    let mut privacy = Privacy::default();
    for value in request
        .headers(HeaderName::Privacy)
        .flat_map(|value| value.split(|byte| b";,".contains(byte)))
    {
        match value.trim_ascii().to_ascii_lowercase().as_slice() {
            b"id" => privacy.id = true,
            b"user" | b"header" => privacy.user = true,
            b"none" => privacy.none = true,
            _ => {}
        }
    }
    privacy
}

fn is_anonymous(party: &Party) -> bool {
    let uri = party.uri.to_ascii_lowercase();
    uri.contains("@anonymous.invalid") || uri.starts_with("sip:anonymous@")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Framing;

    fn read(headers: &str) -> Identity {
        let text = format!(
            "INVITE sip:100@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nTo: <sip:100@pbx.example>\r\n\
             Call-ID: x\r\nCSeq: 1 INVITE\r\n{}\r\n\r\n",
            headers.replace('|', "\r\n")
        );
        Identity::read(&Message::parse(Bytes::from(text), Framing::Datagram).unwrap())
    }

    #[test]
    fn a_caller_is_restricted_by_privacy_or_by_an_anonymous_from() {
        let check = |headers: &str, expected: bool| {
            assert_eq!(read(headers).is_restricted(), expected, "{headers}");
        };
        check("From: <sip:74951234567@provider.example>;tag=1", false);
        check("From: <sip:74951234567@provider.example>;tag=1|Privacy: id", true);
        check(
            "From: <sip:74951234567@provider.example>;tag=1|Privacy: ID; critical",
            true,
        );
        check("From: <sip:74951234567@provider.example>;tag=1|Privacy: header", true);
        check("From: <sip:74951234567@provider.example>;tag=1|Privacy: session", false);
        check("From: <sip:74951234567@provider.example>;tag=1|Privacy: none;id", false);
        check("From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1", true);
        check(
            "From: Anonymous <sip:anonymous@provider.example>;tag=1|Privacy: none",
            true,
        );
    }

    #[test]
    fn what_is_asserted_is_read_in_full() {
        let identity = read(
            "From: \"Smith, \\\"J\\\"\" <sip:s@h;user=phone>;tag=1|P-Asserted-Identity: \"Smith\" <sip:+7495@h>, <tel:+7495>",
        );
        let party = |display: &str, uri: &str| Party {
            display: display.to_owned(),
            uri: uri.to_owned(),
        };
        assert_eq!(identity.from, party("Smith, \"J\"", "sip:s@h;user=phone"));
        assert_eq!(
            identity.asserted,
            [party("Smith", "sip:+7495@h"), party("", "tel:+7495")]
        );
        assert_eq!(read("P-Asserted-Identity: <<>").asserted.len(), 0);
    }

    #[test]
    fn an_older_server_names_the_caller_as_the_remote_party() {
        let check = |headers: &str, asserted: &[&str], restricted: bool| {
            let identity = read(&format!("From: <sip:gw@h>;tag=1|{headers}"));
            let uris: Vec<&str> = identity.asserted.iter().map(|party| party.uri.as_str()).collect();
            assert_eq!(
                (uris.as_slice(), identity.is_restricted()),
                (asserted, restricted),
                "{headers}"
            );
        };
        check(
            "Remote-Party-ID: <sip:7495@h>;party=calling;screen=yes;privacy=off",
            &["sip:7495@h"],
            false,
        );
        check(
            "Remote-Party-ID: \"A\" <sip:7495@h>;privacy=full",
            &["sip:7495@h"],
            true,
        );
        check("Remote-Party-ID: <sip:7495@h>;party=called", &[], false);
        check("Remote-Party-ID: <<>", &[], false);
        check(
            "P-Asserted-Identity: <sip:1@h>|Remote-Party-ID: <sip:7495@h>;privacy=full",
            &["sip:1@h"],
            false,
        );
    }

    #[test]
    fn names_are_written_quoted() {
        let written = |display: &str| {
            name_addr(&Party {
                display: display.to_owned(),
                uri: "sip:101@h".to_owned(),
            })
        };
        assert_eq!(written(""), "<sip:101@h>");
        assert_eq!(written("Иванова \"A\\B\""), "\"Иванова \\\"A\\\\B\\\"\" <sip:101@h>");
        assert_eq!(
            asserted(&anonymous()).1,
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>"
        );
    }
}
