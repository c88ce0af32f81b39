//! The User-to-User header (RFC 7433): what one side's application says to the other's.

use super::message::Message;
use super::names::HeaderName;
use super::scan::{self, Params};

/// The header's name as we write it.
pub const USER_TO_USER: &str = "User-to-User";
/// Values of one message that are heeded.
const MOST_VALUES: usize = 4;
/// Of all of them together; a telephone network carries 129 in one.
const MOST_OCTETS: usize = 256;
/// Of a parameter's value.
const LONGEST: usize = 32;
const PARAMS: [&str; 3] = ["purpose", "content", "encoding"];

impl Message {
    /// The values that may go on to another leg, each for a field of its own: those in hexadecimal digits, with the
    /// parameters that the RFC knows. What is anything else, too large or too much is left out.
    pub fn user_to_user(&self) -> Vec<String> {
        let mut room = MOST_OCTETS;
        let values = self.values(HeaderName::Other(USER_TO_USER)).take(MOST_VALUES);
        let passed = values.filter_map(|value| {
            let (octets, text) = passed_on(value)?;
            room = room.checked_sub(octets)?;
            Some(text)
        });
        passed.collect()
    }
}

/// How many octets it stands for, and as it goes on.
fn passed_on(value: &[u8]) -> Option<(usize, String)> {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    let (data, params) = value.split_at_checked(end)?;
    let data = scan::trim(data);
    let whole = !data.is_empty() && data.len().is_multiple_of(2) && data.len() / 2 <= MOST_OCTETS;
    if !whole || !data.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut text = String::from_utf8_lossy(data).into_owned();
    let params = Params::new(params);
    for name in PARAMS {
        let Some(value) = params.get(name) else { continue };
        if value.len() > LONGEST || !scan::is_token(value) {
            return None;
        }
        if name == "encoding" && !value.eq_ignore_ascii_case(b"hex") {
            return None;
        }
        text.push(';');
        text.push_str(name);
        text.push('=');
        text.push_str(&String::from_utf8_lossy(value));
    }
    Some((data.len() / 2, text))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Framing;

    fn check(headers: &str, expected: &[&str]) {
        let text = format!("INVITE sip:a@b SIP/2.0\r\n{headers}\r\n\r\n");
        let message = Message::parse(Bytes::from(text), Framing::Datagram).unwrap();
        assert_eq!(message.user_to_user(), expected, "{headers}");
    }

    #[test]
    fn hexadecimal_values_go_on_with_what_the_rfc_knows_of_them() {
        check("Subject: x", &[]);
        check("User-to-User: 04FA08aa", &["04FA08aa"]);
        check(
            "user-to-user: 00 ; encoding=HEX;x=y ;purpose=isdn-uui;content=isdn-uui",
            &["00;purpose=isdn-uui;content=isdn-uui;encoding=HEX"],
        );
        check(
            "User-to-User: aa;purpose=p, bb\r\nUser-to-User: cc",
            &["aa;purpose=p", "bb", "cc"],
        );
    }

    #[test]
    fn what_is_malformed_too_large_or_too_much_is_left_out() {
        for bad in [
            "",
            "a",
            "abc",
            "xy",
            "\"aabb\"",
            "aabb;encoding=text",
            "aabb;encoding",
            "aabb;purpose=\"a b\"",
            "aabb;purpose=",
            "+79161234567",
            "<sip:a@b>",
        ] {
            check(&format!("User-to-User: {bad}"), &[]);
        }
        check(&format!("User-to-User: aa;content={}", "c".repeat(33)), &[]);
        let (largest, larger) = ("ab".repeat(256), "ab".repeat(257));
        check(&format!("User-to-User: {largest}"), &[&largest]);
        check(&format!("User-to-User: {larger}"), &[]);
        check(&format!("User-to-User: {largest}, cc"), &[&largest]);
        check("User-to-User: 01, 02, 03, 04, 05", &["01", "02", "03", "04"]);
    }
}
