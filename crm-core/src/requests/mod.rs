//! What visitors of the company's sites have asked for, and how far each has been served.

mod calling;
mod erase;
mod rules;
mod store;

use frontdesk_routing::ids::{AccountId, CallId, ClientId, DealId, SiteId};
use frontdesk_routing::number::PhoneNumber;

pub use frontdesk_routing::ids::RequestId;

pub(crate) use calling::ALL as CALLING;
pub use calling::{Due, Going, begin, call_by_hand, due, going, next, postpone, settle};
pub(crate) use erase::{ALL as ERASE, erase};
pub use rules::MOST_ATTEMPTS;
pub(crate) use store::{ALL, of_client};
pub use store::{get, list, set_state, submit, whose};

/// What a visitor has asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: RequestId,
    pub account: AccountId,
    pub site: SiteId,
    pub site_name: String,
    pub kind: Kind,
    pub state: State,
    pub number: PhoneNumber,
    pub name: String,
    /// What is ordered.
    pub subject: String,
    pub comment: String,
    /// The page that it was sent from.
    pub page: String,
    /// `None` once the client has been erased.
    pub client: Option<ClientId>,
    /// When the visitor is to be called; `None`: no call has been asked for, or nobody knows when one could be.
    pub wanted_at: Option<i64>,
    /// When the next call begins by itself.
    pub next_at: Option<i64>,
    pub attempts: u32,
    /// The newest call.
    pub call: Option<CallId>,
    pub created_at: i64,
    pub updated_at: i64,
    pub version: i64,
}

/// Which form was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To be called back.
    Callback,
    /// An order.
    Form,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Callback => "callback",
            Kind::Form => "form",
        }
    }

    pub fn named(name: &str) -> Option<Kind> {
        [Kind::Callback, Kind::Form]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has talked to the visitor yet.
    New,
    /// Somebody has.
    Called,
    /// The calls have come to nothing, or it was too late for one.
    Missed,
    /// Somebody says that nothing is left to do.
    Done,
}

impl State {
    pub const ALL: [State; 4] = [State::New, State::Called, State::Missed, State::Done];

    pub fn name(self) -> &'static str {
        match self {
            State::New => "new",
            State::Called => "called",
            State::Missed => "missed",
            State::Done => "done",
        }
    }

    pub fn named(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// As a visitor types it; name and number are needed.
#[derive(Debug, Clone, Default)]
pub struct NewRequest {
    /// The same key again is the same request.
    pub key: Option<String>,
    /// `callback` when absent.
    pub kind: Option<String>,
    /// In any usual form of the account's region, or with the country's code.
    pub number: Option<String>,
    pub name: Option<String>,
    pub subject: Option<String>,
    pub comment: Option<String>,
    pub page: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    pub request: Request,
    /// The lead that it has become; `None`: it was there before.
    pub lead: Option<DealId>,
    /// A client was made of the visitor, who has this number.
    pub new_client: Option<PhoneNumber>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct RequestQuery {
    pub state: Option<State>,
    pub site: Option<SiteId>,
    pub client: Option<ClientId>,
}
