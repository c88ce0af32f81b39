//! Addresses as subscriptions and documents carry them.

use std::fmt::Write;
use std::net::SocketAddr;

use frontdesk_sip::wire::{Message, Scheme};

/// Longer ones are nobody's.
const LONGEST: usize = 64;

/// An address of record as a subscriber wrote it: documents name it the same way, so that the phone knows its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Empty: the subscriber named only the domain.
    pub(super) user: String,
    pub(super) host: String,
}

impl Address {
    /// What a SUBSCRIBE is for; `ours` stands for the domain where it names none.
    pub(super) fn of(request: &Message, ours: SocketAddr) -> Address {
        let Ok(uri) = request.uri() else {
            return Address {
                user: String::new(),
                host: ours.to_string(),
            };
        };
        let text = |bytes: &[u8]| -> String { String::from_utf8_lossy(bytes).chars().take(LONGEST + 1).collect() };
        match uri.scheme() {
            Scheme::Sip | Scheme::Sips => {
                let user = uri.decoded_user().unwrap_or_default();
                let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
                Address {
                    user: text(&user),
                    host: format!("{}{port}", String::from_utf8_lossy(uri.host())),
                }
            }
            Scheme::Tel | Scheme::Other(_) => Address {
                user: text(uri.host()),
                host: ours.to_string(),
            },
        }
    }

    /// Somebody of ours, at the address by which their phone knows us.
    pub(super) fn at(user: &str, ours: SocketAddr) -> Address {
        Address {
            user: user.to_owned(),
            host: ours.to_string(),
        }
    }

    pub(super) fn uri(&self) -> String {
        self.neighbour(&self.user)
    }

    /// Another user of the same domain.
    pub(super) fn neighbour(&self, user: &str) -> String {
        if user.is_empty() {
            return format!("sip:{}", self.host);
        }
        let mut uri = String::with_capacity(user.len() + self.host.len() + 8);
        uri.push_str("sip:");
        for byte in user.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.!~*'()+".contains(&byte) {
                uri.push(char::from(byte));
            } else {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
        uri.push('@');
        uri.push_str(&self.host);
        uri
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use frontdesk_sip::wire::Framing;

    use super::*;

    fn check(uri: &str, user: &str, expected: &str) {
        let text = format!("SUBSCRIBE {uri} SIP/2.0\r\n\r\n");
        let request = Message::parse(Bytes::from(text), Framing::Datagram).unwrap();
        let address = Address::of(&request, "192.0.2.1:5060".parse().unwrap());
        assert_eq!(
            (address.user.as_str(), address.uri().as_str()),
            (user, expected),
            "{uri}"
        );
    }

    #[test]
    fn an_address_is_named_as_its_subscriber_wrote_it() {
        check("sip:102@pbx.example;transport=tcp", "102", "sip:102@pbx.example");
        check("sips:%61nna@[2001:db8::1]:5061", "anna", "sip:anna@[2001:db8::1]:5061");
        check("sip:pbx.example", "", "sip:pbx.example");
        check("tel:102", "102", "sip:102@192.0.2.1:5060");
        check("sip:a%22%3C@pbx.example", "a\"<", "sip:a%22%3C@pbx.example");
    }
}
