//! What a viewer is shown of a party: all that it may be told, or a stub and a name where clients' numbers are hidden.
//!
//! Nothing else makes a number into text for somebody: phones, pages, events and exports take what a [`Viewer`] gives.

mod recent;
mod text;
mod token;

use std::fmt;

use crate::identity::{self, Asserted, CallerIdentity};
use crate::ids::{AccountId, ClientId, StaffId};
use crate::number::PhoneNumber;
use crate::outbound::region;
use crate::plan::{AccountCallerId, DialPlan};

pub use recent::{Dialled, RecentClients, means_hidden};
pub use text::{may_hold_a_number, without_numbers};
pub use token::Token;

/// A number as one viewer may see it. Only a [`Viewer`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownNumber(String);

impl ShownNumber {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShownNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A party as one viewer is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownCaller {
    /// The name is empty when only the number is known.
    Number {
        name: String,
        number: ShownNumber,
    },
    /// A client whose number is hidden from this viewer: a name or a token over the stub.
    Stub {
        label: String,
        number: ShownNumber,
    },
    /// Somebody known who has no number here, or wants to keep it back.
    Client {
        label: String,
    },
    Anonymous,
}

impl ShownCaller {
    pub fn number(&self) -> Option<&ShownNumber> {
        match self {
            ShownCaller::Number { number, .. } | ShownCaller::Stub { number, .. } => Some(number),
            ShownCaller::Client { .. } | ShownCaller::Anonymous => None,
        }
    }

    pub fn name(&self) -> &str {
        match self {
            ShownCaller::Number { name, .. } => name,
            ShownCaller::Stub { label, .. } | ShownCaller::Client { label } => label,
            ShownCaller::Anonymous => "",
        }
    }
}

/// One side of a call as records and the board hold it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Party<'a> {
    /// A colleague, whose number is no secret.
    pub staff: Option<StaffId>,
    /// E.164, a short number, or as dialled.
    pub number: Option<&'a str>,
    pub name: Option<&'a str>,
    /// Somebody outside who keeps their number back (RFC 3323): nobody is shown it.
    pub restricted: bool,
}

/// Whether whoever has this number outside may not see clients' numbers.
pub fn hides_from(plan: &DialPlan, account: AccountId, number: PhoneNumber) -> bool {
    let mut staff = plan.staff.staff().iter();
    staff.any(|staff| staff.account == account && staff.caller_id.hides_clients && staff.phone == Some(number))
}

/// Who looks.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    plan: &'a DialPlan,
    account: AccountId,
    hides: bool,
}

impl<'a> Viewer<'a> {
    /// A person. Somebody whom the plan does not know sees as little as possible.
    pub fn person(plan: &'a DialPlan, account: AccountId, staff: StaffId) -> Viewer<'a> {
        let known = plan.staff.get(staff).filter(|staff| staff.account == account);
        Viewer {
            plan,
            account,
            hides: known.is_none_or(|staff| staff.caller_id.hides_clients),
        }
    }

    /// Whoever has a phone: a person, or somebody outside who is told all.
    pub fn phone(plan: &'a DialPlan, account: AccountId, staff: Option<StaffId>) -> Viewer<'a> {
        match staff {
            Some(staff) => Viewer::person(plan, account, staff),
            None => Viewer::of(plan, account, false),
        }
    }

    /// Somebody from whom clients' numbers are hidden, or not.
    pub fn of(plan: &'a DialPlan, account: AccountId, hides: bool) -> Viewer<'a> {
        Viewer { plan, account, hides }
    }

    /// Clients' numbers are hidden.
    pub fn is_masked(&self) -> bool {
        self.hides
    }

    /// A party of a call.
    pub fn caller(&self, identity: &CallerIdentity) -> ShownCaller {
        match &identity.asserted {
            Asserted::Inside(number) => ShownCaller::Number {
                name: identity.name.clone(),
                number: ShownNumber(number.clone()),
            },
            Asserted::Outside(_) if identity.restricted => self.unnumbered(identity),
            Asserted::Outside(number) if self.hides => ShownCaller::Stub {
                label: self.label(&identity.name, identity.client, Some(*number)),
                number: self.stub(),
            },
            Asserted::Outside(number) => ShownCaller::Number {
                name: identity.name.clone(),
                number: ShownNumber(number.reveal()),
            },
            Asserted::Nobody => self.unnumbered(identity),
        }
    }

    /// Somebody who keeps their number back: named if they are a client.
    fn unnumbered(&self, identity: &CallerIdentity) -> ShownCaller {
        let number = match &identity.asserted {
            Asserted::Outside(number) => Some(*number),
            Asserted::Inside(_) | Asserted::Nobody => None,
        };
        let known = !identity.restricted || identity.client.is_some();
        match (known, self.hides) {
            (false, _) => ShownCaller::Anonymous,
            (true, _) if identity.name.is_empty() => ShownCaller::Anonymous,
            (true, true) if identity.client.is_none() && number.is_none() => ShownCaller::Anonymous,
            (true, false) => ShownCaller::Client {
                label: identity.name.clone(),
            },
            (true, true) => ShownCaller::Client {
                label: self.label(&identity.name, identity.client, number),
            },
        }
    }

    /// Somebody outside by their number, as a client if it is one's.
    pub fn outside(&self, number: PhoneNumber, display: &str) -> CallerIdentity {
        identity::of_outside(self.plan, self.account, Some(number), display)
    }

    /// A party of a record: its name and its number.
    pub fn party(&self, party: Party<'_>) -> (Option<String>, Option<ShownNumber>) {
        if party.restricted && party.staff.is_none() {
            return (party.name.map(|name| self.text(name)), None);
        }
        let name = party.name.map(str::to_owned);
        let number = party.number;
        match number.and_then(|number| self.hidden(number)) {
            Some(hidden) if party.staff.is_none() => {
                let client = self.plan.clients.by_number(self.account, hidden);
                let name = name.unwrap_or_default();
                let label = self.label(&name, client.map(|client| client.id), Some(hidden));
                (Some(label), Some(self.stub()))
            }
            _ if party.staff.is_some() => (name, number.map(|number| ShownNumber(number.to_owned()))),
            _ => (
                name.map(|name| self.text(&name)),
                number.map(|number| self.number(number)),
            ),
        }
    }

    /// A number by itself: E.164, a short one, or what somebody has dialled.
    pub fn number(&self, text: &str) -> ShownNumber {
        if !self.hides || !text::is_long(text) {
            return ShownNumber(text.to_owned());
        }
        match self.read(text) {
            Some(number) if self.is_ours(number) => ShownNumber(text.to_owned()),
            Some(_) | None => self.stub(),
        }
    }

    /// A client of the address book.
    pub fn client(&self, client: ClientId, name: &str, number: &str) -> (String, ShownNumber) {
        if !self.hides {
            return (name.to_owned(), ShownNumber(number.to_owned()));
        }
        let number = PhoneNumber::from_e164(number).ok();
        (self.label(name, Some(client), number), self.stub())
    }

    /// Free text: whatever in it could be a number is left out.
    pub fn text(&self, text: &str) -> String {
        match self.hides {
            true => without_numbers(text),
            false => text.to_owned(),
        }
    }

    /// What all hidden numbers look like.
    pub fn stub(&self) -> ShownNumber {
        let stub = self.settings().map_or(PhoneNumber::STUB, |settings| settings.stub);
        ShownNumber(stub.reveal())
    }

    /// A client's number that this text is, if this viewer may not see it.
    fn hidden(&self, text: &str) -> Option<PhoneNumber> {
        if !self.hides || !text::is_long(text) {
            return None;
        }
        self.read(text).filter(|number| !self.is_ours(*number))
    }

    fn read(&self, text: &str) -> Option<PhoneNumber> {
        let plain: String = text.chars().filter(|c| !"-() \u{a0}".contains(*c)).collect();
        PhoneNumber::from_dialled(&plain, region(self.plan, self.account)).ok()
    }

    /// A connected number, or the stub itself.
    fn is_ours(&self, number: PhoneNumber) -> bool {
        let stub = self.settings().map(|settings| settings.stub);
        stub == Some(number) || self.plan.numbers.get(self.account, number).is_some()
    }

    /// The name, or a token where there is none or where the name itself holds a number.
    fn label(&self, name: &str, client: Option<ClientId>, number: Option<PhoneNumber>) -> String {
        let named = client.is_some() && !name.is_empty() && !text::is_long(name);
        match named {
            true => name.to_owned(),
            false => format!("Client {}", self.token(client, number)),
        }
    }

    /// What a client is called who has no name.
    pub fn token(&self, client: Option<ClientId>, number: Option<PhoneNumber>) -> Token {
        let key = self.settings().map(|settings| settings.key).unwrap_or_default();
        Token::new(key, client, number)
    }

    fn settings(&self) -> Option<&'a AccountCallerId> {
        self.plan.accounts.get(self.account).map(|account| &account.caller_id)
    }
}

#[cfg(test)]
mod tests;
