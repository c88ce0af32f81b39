//! Identifiers: ULIDs, one type each.

use std::fmt;
use std::str::FromStr;

use ulid::Ulid;

/// A text is not a ULID of 26 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: 26 characters of Crockford's base 32 expected")]
pub struct BadId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Ulid);

        impl $name {
            /// Made of a moment (unix milliseconds) and 80 random bits.
            pub fn new(unix_ms: i64, random: u128) -> Self {
                $name(Ulid::from_parts(u64::try_from(unix_ms).unwrap_or(0), random))
            }

            pub const fn as_u128(self) -> u128 {
                self.0.0
            }

            pub const fn from_u128(value: u128) -> Self {
                $name(Ulid(value))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Ulid::from_string(text).map($name).map_err(|_| BadId)
            }
        }
    )*};
}

ids! {
    /// A tenant company.
    AccountId
    StaffId
    SipAccountId
    ClientId
    DepartmentId
    TrunkId
    /// The whole story of a conversation; not the SIP header of that name.
    CallId
    /// Our side of one party.
    LegId
    RecordingId
    LoginId
    TokenId
    /// A number that is connected with somebody.
    NumberId
    AuditId
    /// A part of an account with its own reception of calls.
    ProjectId
    /// Hours that people, departments and numbers are open in.
    ScheduleId
    /// Something that a person is told by mail or by a short message.
    NoticeId
    /// An address outside that is told what happens.
    WebhookId
    /// A file whose rows were brought in.
    ImportId
    /// One telling of a webhook.
    DeliveryId
    /// Which lines take which calls outside.
    RouteId
    /// A site whose visitors ask to be called.
    SiteId
    /// What a visitor of a site has asked for.
    RequestId
    /// What somebody has written down of a client.
    NoteId
    /// A sound that a company has given us.
    PromptId
    /// A question that callers answer with keys.
    MenuId
    /// A named set of rights of an account's own.
    RoleId
    /// People who have roles in common.
    GroupId
    /// Where messages are left for a person or a department.
    MailboxId
    /// A lead, or a deal that is being made with a client.
    DealId
    /// One change of a lead or a deal.
    DealChangeId
}
