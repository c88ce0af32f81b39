//! Feature codes: what a phone dials to change a setting or to take a call, and what each account has made of them.

use std::collections::BTreeMap;
use std::fmt;

use crate::because::Because;
use crate::decision::Decision;
use crate::emergency;
use crate::facts::{CallFacts, Caller};
use crate::forwarding::{Change, Condition, Target};
use crate::ids::{AccountId, MailboxId, StaffId};
use crate::number::{PhoneNumber, ShortNumber};
use crate::plan::{DialPlan, PlanMailbox};

/// The places where an account's calls are parked, as they are dialled: a range of short numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    first: u16,
    last: u16,
}

/// A text is no range of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "two numbers from 10 to 65535 as in 701-720, the first not above the last, and {} places at most",
    Places::MOST
)]
pub struct BadPlaces;

impl Default for Places {
    fn default() -> Places {
        Places { first: 701, last: 720 }
    }
}

impl Places {
    pub const MOST: usize = 100;

    /// Reads `701-720`.
    pub fn read(text: &str) -> Result<Places, BadPlaces> {
        let (first, last) = text.split_once(['-', '–']).ok_or(BadPlaces)?;
        let (first, last) = (
            number_of(first.trim()).ok_or(BadPlaces)?,
            number_of(last.trim()).ok_or(BadPlaces)?,
        );
        let places = Places { first, last };
        let good = first >= 10 && (1..=Places::MOST).contains(&places.iter().count());
        good.then_some(places).ok_or(BadPlaces)
    }

    /// In order.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        self.first..=self.last
    }

    /// The place that is dialled so.
    pub fn named(self, dialled: &str) -> Option<u16> {
        number_of(dialled).filter(|place| (self.first..=self.last).contains(place))
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// As it is dialled: no sign and no zeros before it.
fn number_of(text: &str) -> Option<u16> {
    text.parse().ok().filter(|number: &u16| number.to_string() == text)
}

macro_rules! features {
    ($($(#[$doc:meta])* $feature:ident $name:literal $code:literal $words:literal)*) => {
        /// What a code is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Feature { $($(#[$doc])* $feature),* }

        impl Feature {
            pub const ALL: &[Feature] = &[$(Feature::$feature),*];

            /// As the API calls it.
            pub fn name(self) -> &'static str {
                match self { $(Feature::$feature => $name),* }
            }

            pub fn named(name: &str) -> Option<Feature> {
                match name { $($name => Some(Feature::$feature),)* _ => None }
            }

            /// The code of an account that has set none: those of Asterisk's distributions.
            pub fn default_code(self) -> &'static str {
                match self { $(Feature::$feature => $code),* }
            }
        }

        impl fmt::Display for Feature {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Feature::$feature => $words),* })
            }
        }
    };
}

features! {
    DndOn "dnd_on" "*78" "do not disturb"
    DndOff "dnd_off" "*79" "do not disturb no more"
    DndToggle "dnd_toggle" "*76" "do not disturb or no more"
    ForwardAlways "forward_always" "*72" "forward all calls"
    ForwardAlwaysOff "forward_always_off" "*73" "forward all calls no more"
    ForwardBusy "forward_busy" "*90" "forward calls while busy"
    ForwardBusyOff "forward_busy_off" "*91" "forward calls while busy no more"
    ForwardNoAnswer "forward_no_answer" "*92" "forward calls that are not answered"
    ForwardNoAnswerOff "forward_no_answer_off" "*93" "forward calls that are not answered no more"
    ForwardOffline "forward_offline" "*94" "forward calls while no phone is registered"
    ForwardOfflineOff "forward_offline_off" "*95" "forward calls while no phone is registered no more"
    /// A call that rings at the short number after the code.
    PickupPerson "pickup_person" "**" "take a colleague's ringing call"
    /// The call that has rung longest where the caller may pick up.
    PickupAny "pickup_any" "*8" "take a ringing call"
    /// Only as the target of a transfer.
    Park "park" "*68" "park a call"
    Echo "echo" "*43" "echo test"
    SayNumber "say_number" "*65" "say my number"
    Voicemail "voicemail" "*97" "hear messages"
    /// In the mailbox of the person or department whose short number follows the code.
    LeaveMessage "leave_message" "*96" "leave a message"
}

impl Feature {
    /// A number is dialled right after the code.
    pub fn takes_number(self) -> bool {
        matches!(
            self,
            Feature::ForwardAlways
                | Feature::ForwardBusy
                | Feature::ForwardNoAnswer
                | Feature::ForwardOffline
                | Feature::PickupPerson
                | Feature::LeaveMessage
        )
    }
}

/// A text is no feature code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    #[error("a code is `*` or `#` and up to 5 more of `*`, `#` and digits")]
    Malformed,
    #[error("another feature has this code")]
    Taken,
    /// What would be dialled after a code that takes a number could be another code.
    #[error("one code begins another, and a number follows it")]
    Ambiguous,
}

/// The codes of one account: the defaults but for what it has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeatureCodes {
    changed: BTreeMap<Feature, Option<Box<str>>>,
}

impl FeatureCodes {
    /// `None` switches a feature off. The codes as a whole have to be [`FeatureCodes::check`]ed.
    pub fn set(&mut self, feature: Feature, code: Option<&str>) {
        if code == Some(feature.default_code()) {
            self.changed.remove(&feature);
        } else {
            self.changed.insert(feature, code.map(Box::from));
        }
    }

    pub fn code(&self, feature: Feature) -> Option<&str> {
        match self.changed.get(&feature) {
            Some(changed) => changed.as_deref(),
            None => Some(feature.default_code()),
        }
    }

    /// What differs from the defaults.
    pub fn changed(&self) -> impl Iterator<Item = (Feature, Option<&str>)> {
        self.changed.iter().map(|(feature, code)| (*feature, code.as_deref()))
    }

    /// Every feature whose code cannot be dialled or tells it from another's no more.
    pub fn check(&self) -> Vec<(Feature, BadCode)> {
        let codes = || {
            let code = |feature: &Feature| self.code(*feature).map(|code| (*feature, code));
            Feature::ALL.iter().filter_map(code)
        };
        let mut bad = Vec::new();
        for (feature, code) in codes() {
            let mut others = codes().filter(|(other, _)| *other != feature);
            if !is_code(code) {
                bad.push((feature, BadCode::Malformed));
            } else if others.clone().any(|(_, other)| other == code) {
                bad.push((feature, BadCode::Taken));
            } else if feature.takes_number() && others.any(|(_, other)| other.starts_with(code)) {
                bad.push((feature, BadCode::Ambiguous));
            }
        }
        bad
    }

    /// The feature that was dialled, and what was dialled after its code.
    fn find<'a>(&self, dialled: &'a str) -> Option<(Feature, &'a str)> {
        let mut found = None;
        for feature in Feature::ALL {
            let Some(rest) = self.code(*feature).and_then(|code| dialled.strip_prefix(code)) else {
                continue;
            };
            // Phones send a typed `#` along: `*72101#`.
            let rest = rest.strip_suffix('#').unwrap_or(rest);
            if rest.is_empty() {
                return Some((*feature, rest));
            }
            if feature.takes_number() {
                found = Some((*feature, rest));
            }
        }
        found
    }
}

fn is_code(code: &str) -> bool {
    let plain = code.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte));
    (2..=6).contains(&code.len()) && code.starts_with(['*', '#']) && plain
}

/// A call to a feature, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureCall {
    /// Do not disturb becomes the other of what it is.
    DndToggle,
    Change(Feature, Change),
    PickupPerson(StaffId),
    PickupAny,
    Park,
    /// The number of a place where calls are parked.
    Retrieve(u16),
    Echo,
    SayNumber,
    Voicemail,
    LeaveMessage(MailboxId),
}

/// `None`: what was dialled is no feature code. Only the account's own people have them.
pub fn decide(plan: &DialPlan, facts: &CallFacts<'_>) -> Option<Decision> {
    let Caller::Staff(caller) = facts.caller else {
        return None;
    };
    if emergency::meant(plan, facts.account, facts.dialled).is_some() {
        return None;
    }
    if let Some(place) = place(plan, facts.account, facts.dialled) {
        return Some(Decision::Feature(FeatureCall::Retrieve(place)));
    }
    let (feature, number) = plan.features.of(facts.account).codes.find(facts.dialled)?;
    let own = plan.staff.get(caller).and_then(|caller| caller.short_number);
    Some(match read(plan, facts.account, feature, number) {
        Ok(FeatureCall::Change(_, Change::Forward(_, Some(Target::Short(to))))) if own == Some(to) => {
            Decision::refuse(403, Because::FeatureRefused(feature, "the number is one's own"))
        }
        Ok(call) => Decision::Feature(call),
        Err((status, because)) => Decision::refuse(status, because),
    })
}

/// A place where calls are parked; whoever has its number as a short number comes first.
pub fn place(plan: &DialPlan, account: AccountId, dialled: &str) -> Option<u16> {
    let slot = plan.features.of(account).places.named(dialled)?;
    is_free(plan, account, slot).then_some(slot)
}

/// Nobody has the place's number as a short number.
pub fn is_free(plan: &DialPlan, account: AccountId, slot: u16) -> bool {
    ShortNumber::read(&slot.to_string()).is_ok_and(|short| {
        plan.staff.by_short(account, short).is_none()
            && plan.departments.by_short(account, short).is_none()
            && plan.menus.by_short(account, short).is_none()
    })
}

type Refusal = (u16, Because);

fn read(plan: &DialPlan, account: AccountId, feature: Feature, number: &str) -> Result<FeatureCall, Refusal> {
    let change = |change| Ok(FeatureCall::Change(feature, change));
    let off = |condition| change(Change::Forward(condition, None));
    let forward = |condition| {
        let to = target(plan, account, feature, number)?;
        change(Change::Forward(condition, Some(to)))
    };
    match feature {
        Feature::DndOn => change(Change::Dnd(true)),
        Feature::DndOff => change(Change::Dnd(false)),
        Feature::DndToggle => Ok(FeatureCall::DndToggle),
        Feature::ForwardAlways => forward(Condition::Always),
        Feature::ForwardAlwaysOff => off(Condition::Always),
        Feature::ForwardBusy => forward(Condition::Busy),
        Feature::ForwardBusyOff => off(Condition::Busy),
        Feature::ForwardNoAnswer => forward(Condition::NoAnswer),
        Feature::ForwardNoAnswerOff => off(Condition::NoAnswer),
        Feature::ForwardOffline => forward(Condition::Offline),
        Feature::ForwardOfflineOff => off(Condition::Offline),
        Feature::PickupPerson => {
            let short = ShortNumber::read(number).ok();
            let staff = short.and_then(|short| plan.staff.by_short(account, short));
            staff
                .map(|staff| FeatureCall::PickupPerson(staff.id))
                .ok_or_else(|| missing(feature, number))
        }
        Feature::PickupAny => Ok(FeatureCall::PickupAny),
        Feature::Park => Ok(FeatureCall::Park),
        Feature::Echo => Ok(FeatureCall::Echo),
        Feature::SayNumber => Ok(FeatureCall::SayNumber),
        Feature::Voicemail => Ok(FeatureCall::Voicemail),
        Feature::LeaveMessage => {
            let short = ShortNumber::read(number).map_err(|_| missing(feature, number))?;
            let mailbox = mailbox_at(plan, account, short)?.filter(|mailbox| mailbox.enabled);
            let mailbox = mailbox.ok_or((480, Because::NoMailbox))?;
            Ok(FeatureCall::LeaveMessage(mailbox.id))
        }
    }
}

/// The mailbox of whoever has the short number, if there is one; the error: nobody has it.
fn mailbox_at(plan: &DialPlan, account: AccountId, short: ShortNumber) -> Result<Option<&PlanMailbox>, Refusal> {
    if let Some(staff) = plan.staff.by_short(account, short) {
        return Ok(plan.mailboxes.of_staff(staff.id));
    }
    let department = plan.departments.by_short(account, short);
    let department = department.ok_or((404, Because::NumberUnknown))?;
    Ok(plan.mailboxes.of_department(department.id))
}

fn missing(feature: Feature, number: &str) -> Refusal {
    match number.is_empty() {
        true => (484, Because::FeatureNeedsNumber(feature)),
        false => (404, Because::NumberUnknown),
    }
}

/// A short number of the account, else a number as it is dialled in the account's country.
fn target(plan: &DialPlan, account: AccountId, feature: Feature, number: &str) -> Result<Target, Refusal> {
    if let Ok(short) = ShortNumber::read(number) {
        let known = plan.staff.by_short(account, short).is_some()
            || plan.departments.by_short(account, short).is_some()
            || plan.menus.by_short(account, short).is_some();
        return match known {
            true => Ok(Target::Short(short)),
            false => Err((404, Because::NumberUnknown)),
        };
    }
    let region = plan.accounts.get(account).map(|account| &*account.region);
    PhoneNumber::from_dialled(number, region.unwrap_or_default())
        .map(Target::Outside)
        .map_err(|_| missing(feature, number))
}

#[cfg(test)]
mod tests;
