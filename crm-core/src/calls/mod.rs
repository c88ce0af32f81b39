//! Calls: the records of conversations and their legs.

mod list;
mod orders;
mod recent;
mod store;

use crate::access::Whose;
use frontdesk_routing::ids::{AccountId, CallId, ClientId, DepartmentId, LegId, StaffId, TrunkId};

pub use list::list;
pub(crate) use list::{ALL as LIST, floor_of_client, of_client};
pub(crate) use orders::ALL as ORDERS;
pub use orders::{Missed, OrderKey, Ordered, missed, order, ordered, take_back};
pub(crate) use recent::ALL as RECENT;
pub use recent::seen_hidden;
pub(crate) use store::{ALL, save};
pub use store::{close_open, get, legs};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($variant),* }

        impl $name {
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            pub fn named(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
    };
}

words! { CallDirection { Internal "internal" Inbound "inbound" Outbound "outbound" } }
words! { Disposition { Answered "answered" Busy "busy" NoAnswer "no_answer" Abandoned "abandoned" Failed "failed" } }
words! { EndedBy { Caller "caller" Callee "callee" System "system" } }

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    pub staff: Option<StaffId>,
    pub trunk: Option<TrunkId>,
    /// E.164 or short number.
    pub number: Option<String>,
    pub name: Option<String>,
    /// Somebody outside who keeps the number back.
    pub restricted: bool,
}

impl Party {
    /// The number, unless it is kept back.
    pub(crate) fn shown_number(&self) -> Option<&str> {
        self.number.as_deref().filter(|_| !self.restricted)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub id: CallId,
    pub account: AccountId,
    pub direction: CallDirection,
    pub caller: Party,
    /// As dialled.
    pub called: String,
    /// Who answered, or else who was rung.
    pub callee: Party,
    pub client: Option<ClientId>,
    /// `None` while the call goes on.
    pub disposition: Option<Disposition>,
    pub because: String,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub ended_by: Option<EndedBy>,
    /// The final SIP status towards the caller, or 200.
    pub status: u16,
    /// Whose line it was in last.
    pub department: Option<DepartmentId>,
    /// How long it was in lines, in milliseconds.
    pub waited_ms: Option<i64>,
}

impl Call {
    /// Whose it is by its record alone, without who else was rung.
    pub fn whose(&self) -> Whose {
        Whose {
            people: [self.caller.staff, self.callee.staff].into_iter().flatten().collect(),
            line: self.department,
            project: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub id: LegId,
    pub caller: bool,
    pub staff: Option<StaffId>,
    pub trunk: Option<TrunkId>,
    pub sip_call_id: String,
    pub peer: Option<String>,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub status: u16,
}

#[derive(Debug, Clone, Default)]
pub struct CallQuery {
    /// Not before, unix milliseconds.
    pub from: Option<i64>,
    /// Before.
    pub until: Option<i64>,
    pub direction: Option<CallDirection>,
    /// `*` stands for any digits.
    pub number: Option<String>,
    pub staff: Option<StaffId>,
    pub client: Option<ClientId>,
    pub recorded: Option<bool>,
    pub disposition: Option<Disposition>,
}
