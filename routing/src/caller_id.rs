//! Which number those outside are shown: one resolver for all calls that leave by a trunk.

use std::fmt;

use crate::because::Because;
use crate::ids::{AccountId, StaffId};
use crate::number::PhoneNumber;
use crate::plan::trunks::RedirectionStyle;
use crate::plan::{AccountCallerId, DialPlan, ForwardedShows, PlanTrunk, StaffCallerId};

/// How a call came to leave the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody dialled it, on a phone, in an app or with the SIM.
    Direct,
    /// Somebody clicked on it in the CRM.
    Crm,
    /// A visitor of a site wants to be called.
    Widget,
    /// A client called in and was sent on to a number outside.
    Forwarded,
    Emergency,
}

/// A call that leaves by a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutgoingCall {
    pub kind: Kind,
    pub account: AccountId,
    /// Who calls; of a forwarded call who has sent it on.
    pub staff: Option<StaffId>,
    /// Who is sent on, if that is known.
    pub client: Option<PhoneNumber>,
    /// The number that the client called.
    pub arrived_on: Option<PhoneNumber>,
    /// Whoever calls wants to stay unknown (RFC 3323).
    pub restricted: bool,
    /// Somebody on the way may not see clients' numbers.
    pub hidden: bool,
}

/// What a trunk is told of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    /// `None`: what the trunk registers as, if it does.
    pub number: Option<PhoneNumber>,
    /// The number is kept from whoever is called.
    pub restricted: bool,
    /// The number is not ours: who has sent the call on. The inner `None`: what the trunk registers as.
    pub sent_on_by: Option<Option<PhoneNumber>>,
}

/// Whose number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Displayed,
    Single,
    /// The account's for emergencies.
    Emergency,
    /// That of where the staff member sits, for emergencies.
    Place,
    /// The number that the client called.
    Did,
    Client,
    Stub,
    Trunk,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Displayed => "it shows the displayed number of its staff member",
            Source::Single => "it shows the account's single number",
            Source::Emergency => "it shows the number of the site",
            Source::Place => "it shows the number of the staff member's own site",
            Source::Did => "it shows the number that the client called",
            Source::Client => "it shows the client's number",
            Source::Stub => "it shows the stub",
            Source::Trunk => "it shows the line's own number",
        })
    }
}

/// What a call shows by this trunk, and why. Only connected numbers are shown, what a line registers as, and of a call that was sent
/// on, where the account and the trunk allow it, the client's number or the stub.
pub fn resolve(plan: &DialPlan, call: &OutgoingCall, trunk: &PlanTrunk) -> (Presented, Because) {
    let numbers = Numbers::of(plan, call, trunk);
    let ours = |(number, source)| {
        let presented = Presented {
            number,
            restricted: call.restricted && call.kind != Kind::Emergency,
            sent_on_by: None,
        };
        (presented, Because::Shows(source))
    };
    match call.kind {
        Kind::Direct => ours(numbers.direct()),
        Kind::Crm if numbers.staff.on_system_calls => ours(numbers.displayed().unwrap_or_else(|| numbers.single())),
        Kind::Crm | Kind::Widget => ours(numbers.single()),
        Kind::Emergency => ours(numbers.emergency()),
        Kind::Forwarded => forwarded(&numbers, call, trunk).unwrap_or_else(|| {
            let presented = Presented {
                number: numbers.did().0,
                restricted: false,
                sent_on_by: None,
            };
            (presented, Because::Shows(numbers.did().1))
        }),
    }
}

/// A number that is not ours goes only where the provider is told in the same breath who sent the call on.
fn forwarded(numbers: &Numbers<'_>, call: &OutgoingCall, trunk: &PlanTrunk) -> Option<(Presented, Because)> {
    if trunk.redirection == RedirectionStyle::None || trunk.privacy {
        return None;
    }
    let (number, source) = match (numbers.account.forwarded, call.hidden) {
        (ForwardedShows::Did, _) => return None,
        (ForwardedShows::Client, false) => (call.client?, Source::Client),
        (ForwardedShows::Client, true) | (ForwardedShows::Stub, _) => (numbers.account.stub, Source::Stub),
    };
    let presented = Presented {
        number: Some(number),
        restricted: call.restricted && source == Source::Client,
        sent_on_by: Some(numbers.did().0),
    };
    Some((presented, Because::Shows(source)))
}

type Shown = (Option<PhoneNumber>, Source);

/// What there is to show.
struct Numbers<'a> {
    plan: &'a DialPlan,
    call: &'a OutgoingCall,
    trunk: &'a PlanTrunk,
    staff: StaffCallerId,
    account: AccountCallerId,
}

impl<'a> Numbers<'a> {
    fn of(plan: &'a DialPlan, call: &'a OutgoingCall, trunk: &'a PlanTrunk) -> Numbers<'a> {
        let staff = call.staff.and_then(|staff| plan.staff.get(staff));
        let staff = staff.filter(|staff| staff.account == call.account);
        let account = plan.accounts.get(call.account);
        Numbers {
            plan,
            call,
            trunk,
            staff: staff.map(|staff| staff.caller_id).unwrap_or_default(),
            account: account.map(|account| account.caller_id.clone()).unwrap_or_default(),
        }
    }

    fn connected(&self, number: Option<PhoneNumber>) -> Option<PhoneNumber> {
        number.filter(|number| self.plan.numbers.get(self.call.account, *number).is_some())
    }

    fn displayed(&self) -> Option<Shown> {
        let number = self.connected(self.staff.displayed_number)?;
        Some((Some(number), Source::Displayed))
    }

    fn direct(&self) -> Shown {
        self.displayed().unwrap_or_else(|| self.single())
    }

    fn single(&self) -> Shown {
        match self.connected(self.account.single_number) {
            Some(number) => (Some(number), Source::Single),
            None => (self.connected(self.trunk.shown_number), Source::Trunk),
        }
    }

    fn emergency(&self) -> Shown {
        let own = self.connected(self.staff.emergency_number);
        match (own, self.connected(self.account.emergency_number)) {
            (Some(number), _) => (Some(number), Source::Place),
            (None, Some(number)) => (Some(number), Source::Emergency),
            (None, None) => self.single(),
        }
    }

    fn did(&self) -> Shown {
        match self.connected(self.call.arrived_on) {
            Some(number) => (Some(number), Source::Did),
            None => self.direct(),
        }
    }
}

#[cfg(test)]
mod tests;
