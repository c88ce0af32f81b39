//! Why a decision fell so.

use std::fmt;

use crate::caller_id::Source;
use crate::features::Feature;
use crate::forwarding::{Condition, MOST_HOPS};
use crate::reception::Skipped;

/// The rule that made a decision, as a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    ShortNumberOf {
        name: String,
    },
    DepartmentOf {
        name: String,
        members: usize,
    },
    /// A connected number.
    NumberOf {
        name: String,
    },
    NumberOfDepartment {
        name: String,
        members: usize,
    },
    /// The menu of that name answers.
    Menu {
        name: String,
    },
    /// Callers of the number are answered to hear its greeting.
    Greets,
    NumberNotConnected,
    /// A message would be left, and none can be.
    NoMailbox,
    /// The disk of the recordings is full.
    NoRoom,
    /// Whose mailbox it is.
    Mailbox {
        name: String,
    },
    /// A number outside, and the trunk that is tried first.
    Outside {
        trunk: String,
    },
    /// The same by a route of the account.
    OutsideByRoute {
        route: String,
        trunk: String,
    },
    /// The account's route for such numbers has no trunks on purpose.
    Barred {
        route: String,
    },
    /// An emergency number, and the trunk that is tried first.
    Emergency {
        trunk: String,
    },
    /// A forwarding to an emergency number.
    ForwardedToEmergency,
    /// No trunk of the account takes calls to that number.
    NoTrunk,
    /// The trunk that the call came by may bring no more.
    TrunkFull {
        trunk: String,
        why: &'static str,
    },
    /// Why none of the trunks could be tried: they are full, down or nowhere to be found.
    NoTrunkFree(String),
    NumberUnknown,
    NumberMalformed,
    OwnNumberNoOtherPhone,
    /// A call from outside shows a number of our own.
    OwnNumberComesBack,
    /// A telephone outside that we ring has sent the call on to us.
    ComesBack,
    NobodyOnline {
        name: String,
    },
    /// No agent of the department can be reached, and its line is not joined then.
    NobodyWorks {
        name: String,
    },
    /// As many wait in the department's line as may.
    LineFull {
        name: String,
    },
    /// The department sends calls that its line does not take to this person.
    Overflow {
        name: String,
    },
    /// The department has been deleted.
    DepartmentGone {
        name: String,
    },
    /// The call has waited as long as it may.
    WaitedTooLong {
        name: String,
    },
    /// Departments overflow into each other without end.
    OverflowLoop {
        name: String,
    },
    /// The person wants no calls.
    DoNotDisturb {
        name: String,
    },
    /// The person's telephone outside rings or talks already.
    InCall {
        name: String,
    },
    /// Whoever would be rung gets no such call.
    Skipped {
        whom: Box<Because>,
        why: Skipped,
    },
    /// A department or a number outside its hours.
    Closed {
        name: String,
        /// When it opens, as its clocks show it.
        until: Option<String>,
        /// False: nobody has entered hours for that day.
        known: bool,
    },
    /// One that is closed has somebody who gets its calls.
    Instead {
        of: Box<Because>,
        then: Box<Because>,
    },
    /// There is no way to the telephone that a person takes calls by.
    NoWayTo {
        name: String,
    },
    Forwarded {
        by: String,
        why: Condition,
        then: Box<Because>,
    },
    ForwardingLoop {
        name: String,
    },
    ForwardedTooOften,
    FeatureCode(Feature),
    /// The system has begun the call.
    Ordered(Ordered),
    /// A feature code that wants a number after it.
    FeatureNeedsNumber(Feature),
    /// Why a feature code could not do what it is for.
    FeatureRefused(Feature, &'static str),
    /// Which number a call shows outside.
    Shows(Source),
    /// The stub reaches nobody: no client's number was hidden from this person lately.
    NoHiddenClient,
    /// The account does not let the stub reach anybody.
    HiddenClientNotReached,
    Draining,
    JournalFull,
    NoPort,
    NoCommonCodec,
    /// More than the forks that the caller's INVITE may still have.
    TooManyPhones,
    /// An impossible case; it is counted and answered 500.
    Bug(&'static str),
}

/// For whom the system begins a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordered {
    /// Somebody clicked on a number in the CRM.
    Crm,
    /// A visitor of a site wants to be called.
    Widget,
}

impl fmt::Display for Ordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ordered::Crm => "ordered with a click",
            Ordered::Widget => "ordered by a visitor of the site",
        })
    }
}

impl Because {
    /// Several people are rung, not the phones of one.
    pub fn is_group(&self) -> bool {
        if let Because::Forwarded { then: of, .. }
        | Because::Instead { then: of, .. }
        | Because::Skipped { whom: of, .. } = self
        {
            return of.is_group();
        }
        matches!(self, Because::DepartmentOf { .. } | Because::NumberOfDepartment { .. })
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Because::ShortNumberOf { name } => write!(f, "the short number is {name}'s"),
            Because::DepartmentOf { name, members } => {
                write!(f, "the short number is the department {name}'s, of {members} members")
            }
            Because::NumberOf { name } => write!(f, "the number is connected with {name}"),
            Because::NumberOfDepartment { name, members } => {
                write!(
                    f,
                    "the number is connected with the department {name}, of {members} members"
                )
            }
            Because::Menu { name } => write!(f, "the menu {name} answers"),
            Because::Greets => f.write_str("the number greets its callers"),
            Because::NumberNotConnected => f.write_str("the number is not connected with anybody"),
            Because::NoMailbox => f.write_str("no messages can be left"),
            Because::NoRoom => f.write_str("no room for messages"),
            Because::Mailbox { name } => write!(f, "a message can be left for {name}"),
            Because::Outside { trunk } => write!(f, "a number outside, by {trunk}"),
            Because::OutsideByRoute { route, trunk } => {
                write!(f, "a number outside, by the route {route}: {trunk}")
            }
            Because::Barred { route } => write!(f, "the route {route} lets nobody call such numbers"),
            Because::Emergency { trunk } => write!(f, "an emergency number, by {trunk}"),
            Because::ForwardedToEmergency => f.write_str("calls are not forwarded to an emergency number"),
            Because::NoTrunk => f.write_str("no trunk takes calls to that number"),
            Because::TrunkFull { trunk, why } => write!(f, "{trunk} {why}"),
            Because::NoTrunkFree(why) => write!(f, "no trunk can take the call: {why}"),
            Because::NumberUnknown => f.write_str("nobody in this account has that number"),
            Because::NumberMalformed => f.write_str("what was dialled is not a number"),
            Because::OwnNumberComesBack => f.write_str("the call has left by one of our own numbers and comes back"),
            Because::ComesBack => f.write_str("a telephone that rings for this call has sent it back to us"),
            Because::OwnNumberNoOtherPhone => f.write_str("the caller dialled their own number and has no other phone"),
            Because::NobodyOnline { name } => write!(f, "no phone of {name} is registered"),
            Because::NobodyWorks { name } => write!(f, "nobody of the department {name} can take calls now"),
            Because::LineFull { name } => write!(f, "as many wait for the department {name} as may"),
            Because::Overflow { name } => write!(f, "such calls go to {name}"),
            Because::DepartmentGone { name } => write!(f, "the department {name} is no more"),
            Because::WaitedTooLong { name } => write!(f, "waited for the department {name} as long as one may"),
            Because::OverflowLoop { name } => write!(f, "the overflow comes back to the department {name}"),
            Because::DoNotDisturb { name } => write!(f, "{name} does not want to be disturbed"),
            Because::InCall { name } => write!(f, "the telephone of {name} is in a call already"),
            Because::Skipped { whom, why } => write!(f, "{whom}, who {why}"),
            Because::Closed { name, until, known } => closed(f, name, until.as_deref(), *known),
            Because::Instead { of, then } => write!(f, "{of}: {then}"),
            Because::NoWayTo { name } => write!(f, "no line leads to the telephone of {name}"),
            Because::Forwarded { by, why, then } => write!(f, "{by} forwards {why}: {then}"),
            Because::ForwardingLoop { name } => write!(f, "the forwarding comes back to {name}"),
            Because::ForwardedTooOften => write!(f, "forwarded {MOST_HOPS} times already"),
            Because::FeatureCode(feature) => write!(f, "a feature code: {feature}"),
            Because::FeatureNeedsNumber(feature) => write!(f, "a feature code without its number: {feature}"),
            Because::FeatureRefused(feature, why) => write!(f, "a feature code: {feature}, but {why}"),
            Because::Shows(source) => write!(f, "{source}"),
            Because::NoHiddenClient => f.write_str("the stub was dialled, but no client was hidden lately"),
            Because::HiddenClientNotReached => f.write_str("hidden clients are not reached by the stub or a token"),
            Because::Ordered(kind) => write!(f, "{kind}"),
            Because::Draining => f.write_str("the daemon is stopping and takes no new calls"),
            Because::JournalFull => f.write_str("records cannot be kept at present, so no new calls are taken"),
            Because::NoCommonCodec => f.write_str("the caller's phone offers no audio that we can carry"),
            Because::TooManyPhones => f.write_str("the call may not be forked to so many phones"),
            Because::NoPort => f.write_str("no audio port is free"),
            Because::Bug(what) => write!(f, "an error of the program: {what}"),
        }
    }
}

fn closed(f: &mut fmt::Formatter<'_>, name: &str, until: Option<&str>, known: bool) -> fmt::Result {
    match (until, known) {
        (Some(until), _) => write!(f, "{name} is closed until {until}"),
        (None, true) => write!(f, "{name} is closed"),
        (None, false) => write!(f, "nobody has entered the hours of {name} for that day"),
    }
}
