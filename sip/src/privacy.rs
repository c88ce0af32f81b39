//! Who a caller says to be and who others say the caller is (RFC 3323, RFC 3325).
//!
//! What is asserted is worth as much as the peer that asserts it: the owner decides whether to believe it.

use std::borrow::Cow;

use crate::command::Party;
use crate::wire::Message;

/// A request's words about its caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// `From` without its tag.
    pub from: Party,
    /// `P-Asserted-Identity`: at most a SIP URI and a `tel` one.
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
        let _ = request;
        Identity::default()
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

fn is_anonymous(party: &Party) -> bool {
    let uri = party.uri.to_ascii_lowercase();
    uri.ends_with("@anonymous.invalid") || uri.starts_with("sip:anonymous@")
}
