//! SIP statuses and the causes of Q.850, which the telephone network speaks (RFC 3398 sections 7.2.4.1 and 8.2.6.1).

use crate::wire::{HeaderName, Message, Values};

/// What a refusal says, when the telephone network's own reason is told beside a status that says less (RFC 3326).
pub fn refusal(status: u16, response: &Message) -> u16 {
    if !matches!(status, 480 | 500 | 503) {
        return status;
    }
    let told = response.values(HeaderName::Reason).find_map(cause_in);
    told.and_then(status_of).unwrap_or(status)
}

/// Bytes of a cause's text that are passed on.
const LONGEST_TEXT: usize = 64;

/// What a Reason says in the words of the telephone network, as it goes on to somebody else (RFC 3326 section 2); of the
/// text only what can stand in quotes as it is.
pub fn passed_on(reason: &str) -> Option<String> {
    let value = Values::new(reason.as_bytes()).find(|value| cause_in(value).is_some())?;
    let cause = cause_in(value)?;
    let text = std::str::from_utf8(value).ok().and_then(text_in);
    Some(match text {
        Some(text) => format!("Q.850;cause={cause};text=\"{text}\""),
        None => format!("Q.850;cause={cause}"),
    })
}

/// Whether a CANCEL says that somebody else has taken the call, so that nobody has missed it (RFC 3326 section 3.1).
pub fn is_elsewhere(reason: &str) -> bool {
    Values::new(reason.as_bytes()).any(|value| {
        let text = std::str::from_utf8(value).unwrap_or_default();
        let mut parts = text.split(';').map(str::trim);
        let sip = parts
            .next()
            .is_some_and(|protocol| protocol.eq_ignore_ascii_case("SIP"));
        sip && parts.any(|part| part.strip_prefix("cause=").map(str::trim) == Some("200"))
    })
}

fn text_in(value: &str) -> Option<&str> {
    let (_, text) = value.split_once("text=\"")?;
    let (text, _) = text.split_once('"')?;
    let plain = text
        .chars()
        .all(|character| !character.is_control() && character != '\\');
    (plain && text.len() <= LONGEST_TEXT).then_some(text)
}

/// The cause in a value like `Q.850;cause=17;text="User busy"`.
fn cause_in(value: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(value).ok()?;
    let mut parts = text.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("Q.850") {
        return None;
    }
    let cause = parts.find_map(|part| part.strip_prefix("cause=")?.trim().parse().ok());
    cause.filter(|cause| (1..=127).contains(cause))
}

/// `None`: nothing that a caller could make use of.
pub fn status_of(cause: u8) -> Option<u16> {
    Some(match cause {
        1..=3 => 404,
        17 => 486,
        18 | 19 => 480,
        20 => 480,
        21 => 603,
        22 => 410,
        28 => 484,
        _ => return None,
    })
}

/// The Reason value for whoever brings calls from the telephone network.
pub fn reason(status: u16) -> String {
    let (cause, text) = match status {
        404 | 604 => (1, "Unallocated number"),
        408 | 480 => (18, "No user responding"),
        486 | 600 => (17, "User busy"),
        603 => (21, "Call rejected"),
        484 => (28, "Invalid number format"),
        488 | 606 | 415 => (88, "Incompatible destination"),
        503 => (34, "No circuit available"),
        487 => (16, "Normal call clearing"),
        _ => (41, "Temporary failure"),
    };
    format!("Q.850;cause={cause};text=\"{text}\"")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Framing;

    #[test]
    fn a_cause_of_the_telephone_network_says_more_than_a_vague_status() {
        let check = |status: u16, reason: &str, expected: u16| {
            let text = format!(
                "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
                 To: <sip:a@h>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nReason: {reason}\r\n\r\n"
            );
            let response = Message::parse(Bytes::from(text), Framing::Datagram).unwrap();
            assert_eq!(refusal(status, &response), expected, "{status} {reason}");
        };
        check(503, "Q.850;cause=17;text=\"User busy\"", 486);
        check(500, "q.850 ; cause=1", 404);
        check(480, "SIP;cause=600, Q.850;cause=21", 603);
        check(503, "Q.850;cause=38", 503);
        check(503, "Q.850;cause=x", 503);
        check(503, "Q.850", 503);
        check(486, "Q.850;cause=1", 486);
    }

    #[test]
    fn a_cause_goes_on_with_a_text_that_is_one() {
        let check = |reason: &str, expected: Option<&str>| {
            assert_eq!(passed_on(reason).as_deref(), expected, "{reason}");
        };
        let busy = "Q.850;cause=17;text=\"User busy\"";
        check(busy, Some(busy));
        check("q.850 ; cause=17 ; text=\"User busy\"", Some(busy));
        check(&format!("SIP;cause=486;text=\"a, b\", {busy}"), Some(busy));
        check("Q.850;cause=1", Some("Q.850;cause=1"));
        check("Q.850;cause=1;text=\"a\\\"b\"", Some("Q.850;cause=1"));
        check("Q.850;cause=1;text=\"a\rb\"", Some("Q.850;cause=1"));
        check(
            &format!("Q.850;cause=1;text=\"{}\"", "x".repeat(65)),
            Some("Q.850;cause=1"),
        );
        for none in [
            "",
            "SIP;cause=486",
            "Q.850",
            "Q.850;cause=0",
            "Q.850;cause=200",
            "Q.850;text=\"cause=17\"",
        ] {
            check(none, None);
        }
        assert!(is_elsewhere(
            "Q.850;cause=26, SIP ;cause=200;text=\"Call completed elsewhere\""
        ));
        assert!(!is_elsewhere("SIP;cause=487") && !is_elsewhere("Q.850;cause=200"));
    }

    #[test]
    fn what_we_say_comes_back_as_it_was() {
        for status in [404, 480, 486, 484, 603] {
            let cause = cause_in(reason(status).as_bytes()).unwrap();
            assert_eq!(status_of(cause), Some(status));
        }
    }
}
