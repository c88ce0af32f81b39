//! Who calls, and as whom the called phones show them.

use std::borrow::Cow;
use std::net::SocketAddr;

use frontdesk_routing::facts::Caller;
use frontdesk_routing::identity::{self, CallerIdentity};
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::masking::ShownCaller;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DialPlan, Owner, PlanStaff, PlanTrunk};
use frontdesk_sip::command::Party;
use frontdesk_sip::privacy::{self, Identity};
use frontdesk_sip::wire::{Message, Uri};

use super::output::{CallDirection, CdrParty};

/// A caller who has proved who they are.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) account: AccountId,
    pub(super) caller: Caller,
    pub(super) shown: CallerIdentity,
    pub(super) party: CdrParty,
    pub(super) direction: CallDirection,
}

/// A party as a phone's From or asserted identity; `host` is ours as that phone knows it.
pub(super) fn shown_as(shown: &ShownCaller, host: SocketAddr) -> Party {
    match (shown.number(), shown.name()) {
        (None, "") => privacy::anonymous(),
        (None, name) => Party {
            display: name.to_owned(),
            ..privacy::anonymous()
        },
        (Some(number), name) => Party {
            display: name.to_owned(),
            uri: format!("sip:{number}@{host}"),
        },
    }
}

/// Who calls, by their credentials; what a staff member's phone claims in From or PAI does not count.
pub(super) fn know(plan: &DialPlan, owner: Owner<'_>, request: &Message) -> Known {
    match owner {
        Owner::Staff(staff) => know_staff(plan, staff, &Identity::read(request)),
        Owner::Trunk(trunk) => know_outside(plan, trunk, &Identity::read(request)),
    }
}

pub(super) fn party_of_staff(staff: &PlanStaff) -> CdrParty {
    CdrParty {
        staff: Some(staff.id),
        trunk: None,
        number: staff.short_number.map(|short| short.to_string()),
        name: Some(staff.name.to_string()),
        restricted: false,
    }
}

/// What a phone claims of its identity does not count, but that it wants to stay unknown does, outside (RFC 3323).
fn know_staff(plan: &DialPlan, staff: &PlanStaff, claimed: &Identity) -> Known {
    let shown = CallerIdentity {
        restricted: claimed.is_restricted(),
        ..identity::of_staff(plan, staff)
    };
    let party = CdrParty {
        name: Some(shown.name.clone()),
        ..party_of_staff(staff)
    };
    Known {
        account: staff.account,
        caller: Caller::Staff(staff.id),
        shown,
        party,
        direction: CallDirection::Internal,
    }
}

/// A provider is trusted to say who calls. A caller who wants to stay unknown is shown without a number.
fn know_outside(plan: &DialPlan, trunk: &PlanTrunk, identity: &Identity) -> Known {
    let region = plan.accounts.get(trunk.account).map(|account| &*account.region);
    let region = region.unwrap_or_default();
    let said = identity.asserted.iter().chain([&identity.from]);
    let found = said.map(|party| (number_in(&party.uri, region), party));
    let (number, named) = match found.clone().find(|(number, _)| number.is_some()) {
        Some((number, party)) => (number, party.display.as_str()),
        None => (None, identity.from.display.as_str()),
    };
    let mut shown = identity::of_outside(plan, trunk.account, number, named);
    shown.restricted = identity.is_restricted();
    if shown.restricted && shown.client.is_none() {
        shown.name = String::new();
    }
    let party = CdrParty {
        staff: None,
        trunk: Some(trunk.id),
        number: number.map(PhoneNumber::reveal),
        name: (!shown.name.is_empty()).then(|| shown.name.clone()),
        restricted: shown.restricted,
    };
    Known {
        account: trunk.account,
        caller: Caller::Trunk(trunk.id),
        shown,
        party,
        direction: CallDirection::Inbound,
    }
}

/// The user part of a URI, unescaped; of a `tel:` URI its number.
pub(super) fn dialled_in(uri: &[u8]) -> String {
    let Ok(uri) = Uri::read(uri) else { return String::new() };
    let user = uri.decoded_user().unwrap_or(Cow::Borrowed(uri.host()));
    String::from_utf8_lossy(&user).chars().take(64).collect()
}

/// The number in `sip:+7916...@host`, `sip:8916...@host` or `tel:+7916...`.
pub(super) fn number_in(uri: &str, region: &str) -> Option<PhoneNumber> {
    let uri = Uri::read(uri.as_bytes()).ok()?;
    let user = uri.decoded_user().unwrap_or(Cow::Borrowed(uri.host()));
    let text = std::str::from_utf8(&user).ok()?;
    let digits: String = text
        .chars()
        .take_while(|c| *c != ';')
        .filter(|c| !"-.() ".contains(*c))
        .collect();
    PhoneNumber::from_dialled(&digits, region).ok()
}
