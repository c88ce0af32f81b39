//! History-Info (RFC 7044): by which ways a call came to the phone that rings.

use std::borrow::Cow;
use std::fmt::Write;

use frontdesk_routing::forwarding::{Condition, Hop};

/// Where a call went from there.
pub(super) struct Turn {
    pub(super) uri: String,
    /// Why, in the numbers of RFC 4458.
    pub(super) cause: u16,
}

/// The header field; `first` is the URI of whoever was called at first.
pub(super) fn history(first: &str, turns: &[Turn]) -> (Cow<'static, str>, String) {
    let (mut index, mut value) = ("1".to_owned(), format!("<{first}>;index=1"));
    for Turn { uri, cause } in turns {
        let before = index.clone();
        index.push_str(".1");
        let _ = write!(value, ", <{uri};cause={cause}>;index={index};mp={before}");
    }
    (Cow::Borrowed("History-Info"), value)
}

/// What a person's forwarding is called there.
pub(super) fn cause(hop: &Hop) -> u16 {
    match hop.why {
        _ if hop.dnd => 486,
        Condition::Always => 302,
        Condition::Busy => 486,
        Condition::NoAnswer => 408,
        Condition::Offline => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_names_the_entry_that_it_came_from() {
        let turn = |uri: &str, cause| Turn {
            uri: uri.to_owned(),
            cause,
        };
        let turns = [turn("sip:2@h", 486), turn("sip:3@h", 408)];
        let (name, value) = history("sip:1@h", &turns);
        assert_eq!(name, "History-Info");
        let expected = "<sip:1@h>;index=1, <sip:2@h;cause=486>;index=1.1;mp=1, <sip:3@h;cause=408>;index=1.1.1;mp=1.1";
        assert_eq!(value, expected);
    }
}
