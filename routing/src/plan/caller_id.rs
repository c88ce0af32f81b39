//! What is set of caller-ID: the numbers that those who are called see, and from whom clients' numbers are hidden.

use std::fmt;

use crate::number::PhoneNumber;

/// One person's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StaffCallerId {
    /// What their calls show.
    pub displayed_number: Option<PhoneNumber>,
    /// What their emergency calls show, where that is not the account's: they sit elsewhere.
    pub emergency_number: Option<PhoneNumber>,
    /// Calls that the CRM makes for them show the displayed one too, instead of the account's single number.
    pub on_system_calls: bool,
    /// They see no client's number, on none of their phones and nowhere else.
    pub hides_clients: bool,
    /// Their event stream gets the caller's card when their phone rings.
    pub raises_card: bool,
}

/// An account's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCallerId {
    /// What calls of the CRM and of widgets show.
    pub single_number: Option<PhoneNumber>,
    /// What emergency calls show: the number of the site; of people elsewhere their own one says more.
    pub emergency_number: Option<PhoneNumber>,
    pub forwarded: ForwardedShows,
    /// What a hidden client's number is shown as.
    pub stub: PhoneNumber,
    /// Whoever dials the stub, or a hidden client's token, reaches that client.
    pub stub_dials_back: bool,
    pub key: HidingKey,
}

impl Default for AccountCallerId {
    fn default() -> AccountCallerId {
        AccountCallerId {
            single_number: None,
            emergency_number: None,
            forwarded: ForwardedShows::default(),
            stub: PhoneNumber::STUB,
            stub_dials_back: true,
            key: HidingKey::default(),
        }
    }
}

/// What a call shows that goes on to a number outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedShows {
    /// The client's number, by trunks that are told who sent the call on; by others the connected number.
    #[default]
    Client,
    /// The connected number that the client called.
    Did,
    /// The stub, by trunks that take numbers which are not ours; by others the connected number.
    Stub,
}

/// What tokens of hidden clients are made with; without it nobody can tell whose a token is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct HidingKey(pub [u8; 16]);

impl fmt::Debug for HidingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HidingKey(…)")
    }
}
