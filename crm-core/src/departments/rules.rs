//! What a department may be set to. Pure; who has a short number and who exists is the store's matter.

use frontdesk_routing::ids::DepartmentId;
use frontdesk_routing::plan::{Announce, Destination, PlanDepartment};
use frontdesk_routing::queue::{Member, QueueSettings, VipRule};

use super::row::USUAL_LEAD_S;
use super::{AnnouncePatch, DepartmentPatch, MemberPatch, QueuePatch, names};
use crate::destinations::{self, DestinationPatch};
use crate::emergency;
use crate::store::faults::{Faults, within};
use crate::store::{FieldError, StoreError};

const LONGEST_NAME: usize = 100;
const MOST_MEMBERS: usize = 1_000;
const RING_S: std::ops::RangeInclusive<u32> = 5..=300;
const REST_S: std::ops::RangeInclusive<u32> = 0..=3_600;
const RETRY_S: std::ops::RangeInclusive<u32> = 1..=600;
const CAPACITY: std::ops::RangeInclusive<u32> = 0..=10_000;
const WAIT_S: std::ops::RangeInclusive<u32> = 5..=86_400;
const ANNOUNCE_S: std::ops::RangeInclusive<u32> = 10..=3_600;
const CALLS_AT_ONCE: std::ops::RangeInclusive<u16> = 1..=100;
const NEW: &str = "a department has a name";

/// `before` is the department as it is; one without a name is new.
pub(super) fn patched(
    before: PlanDepartment,
    patch: DepartmentPatch,
    region: &str,
) -> Result<PlanDepartment, StoreError> {
    let (mut after, mut faults) = (before, Faults::default());
    if let Some(name) = faults.keep(patch.name.map(|name| department_name(&name))) {
        after.name = name.into();
    }
    let short = patch.short_number.map(|short| emergency::short_number(short.trim()));
    if let Some(short) = faults.keep(short) {
        after.short_number = short;
    }
    if let Some(members) = faults.keep(patch.members.map(members)) {
        after.members = members;
    }
    queue(&mut after.queue, &mut faults, patch.queue);
    if let Some(given) = patch.overflow {
        let read = given.map(|given| overflow(given, after.id, region)).transpose();
        if let Some(overflow) = faults.keep(Some(read)) {
            after.overflow = overflow;
        }
    }
    announce(&mut after.announce, &mut faults, patch.announce);
    let whisper = &mut after.whisper;
    whisper.department = patch.whisper.department.unwrap_or(whisper.department);
    whisper.vip = patch.whisper.vip.unwrap_or(whisper.vip);
    if after.name.is_empty() {
        faults.add("name", "required", NEW);
    }
    StoreError::invalid(faults.0)?;
    Ok(after)
}

fn department_name(name: &str) -> Result<String, FieldError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(FieldError::new("name", "required", NEW));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(FieldError::new("name", "too_long", "100 characters at most"));
    }
    Ok(name.to_owned())
}

/// Of one who is named twice the first counts.
fn members(given: Vec<MemberPatch>) -> Result<Vec<Member>, FieldError> {
    if given.len() > MOST_MEMBERS {
        return Err(FieldError::new("members", "too_long", "1000 at most"));
    }
    let mut all: Vec<Member> = Vec::with_capacity(given.len());
    for (at, member) in given.into_iter().enumerate() {
        if !CALLS_AT_ONCE.contains(&member.calls_at_once) {
            let field = format!("members[{at}].calls_at_once");
            return Err(FieldError::new(&field, "invalid", "1 to 100"));
        }
        if all.iter().any(|known| known.staff == member.staff) {
            continue;
        }
        all.push(Member {
            staff: member.staff,
            penalty: member.penalty,
            place: member.place,
            calls_at_once: member.calls_at_once,
        });
    }
    all.sort_by_key(|member| (member.place, member.staff));
    Ok(all)
}

fn queue(queue: &mut QueueSettings, faults: &mut Faults, patch: QueuePatch) {
    let strategy = ("queue.strategy", &patch.strategy);
    faults.word(&mut queue.strategy, strategy, names::strategy_named);
    let join = ("queue.join_when_empty", &patch.join_when_empty);
    faults.word(&mut queue.join_when_empty, join, names::join_named);
    for (field, given, range, place) in [
        ("queue.ring_time_s", patch.ring_time_s, RING_S, &mut queue.ring_time_ms),
        ("queue.wrap_up_s", patch.wrap_up_s, REST_S, &mut queue.wrap_up_ms),
        (
            "queue.pause_after_missed_s",
            patch.pause_after_missed_s,
            REST_S,
            &mut queue.pause_after_missed_ms,
        ),
        ("queue.retry_s", patch.retry_s, RETRY_S, &mut queue.retry_ms),
        (
            "queue.service_level_s",
            patch.service_level_s,
            WAIT_S,
            &mut queue.service_level_ms,
        ),
    ] {
        if let Some(Some(seconds)) = faults.keep(given.map(|given| within(field, Some(given), range))) {
            *place = ms(seconds);
        }
    }
    let longest = patch
        .longest_wait_s
        .map(|given| within("queue.longest_wait_s", given, WAIT_S));
    if let Some(longest) = faults.keep(longest) {
        queue.longest_wait_ms = longest.map(ms);
    }
    let leave = patch
        .leave_when_empty_s
        .map(|given| within("queue.leave_when_empty_s", given, WAIT_S));
    if let Some(leave) = faults.keep(leave) {
        queue.leave_when_empty_ms = leave.map(ms);
    }
    let capacity = patch.capacity.map(|given| within("queue.capacity", given, CAPACITY));
    if let Some(capacity) = faults.keep(capacity) {
        queue.capacity = capacity;
    }
    queue.priority = patch.priority.unwrap_or(queue.priority);
    queue.place = patch.place.unwrap_or(queue.place);
    vip(queue, faults, (patch.vip, patch.vip_lead_s, patch.overtaken_at_most_s));
}

type VipPatch = (Option<String>, Option<u32>, Option<Option<u32>>);

/// A rule's own number stays what it was, or is the usual one when the rule is new.
fn vip(queue: &mut QueueSettings, faults: &mut Faults, (rule, lead, overtaken): VipPatch) {
    let (mut lead_ms, mut cap) = (ms(USUAL_LEAD_S), VipRule::default());
    match queue.vip {
        VipRule::HeadStart { lead_ms: set } => lead_ms = set,
        rule @ VipRule::Strict { .. } => cap = rule,
        VipRule::Ignore => {}
    }
    if let Some(Some(lead)) = faults.keep(lead.map(|lead| within("queue.vip_lead_s", Some(lead), WAIT_S))) {
        lead_ms = ms(lead);
    }
    let overtaken = overtaken.map(|given| within("queue.overtaken_at_most_s", given, WAIT_S));
    if let Some(overtaken) = faults.keep(overtaken) {
        cap = VipRule::Strict {
            overtaken_at_most_ms: overtaken.map(ms),
        };
    }
    let before = match queue.vip {
        VipRule::Strict { .. } => "strict",
        VipRule::HeadStart { .. } => "head_start",
        VipRule::Ignore => "ignore",
    };
    queue.vip = match rule.as_deref().unwrap_or(before) {
        "strict" => cap,
        "head_start" => VipRule::HeadStart { lead_ms },
        "ignore" => VipRule::Ignore,
        _ => return faults.add("queue.vip", "unknown", "one of: strict head_start ignore"),
    };
}

fn overflow(given: DestinationPatch, own: DepartmentId, region: &str) -> Result<Destination, FieldError> {
    let to = destinations::read("overflow", given, region)?;
    match to == Destination::Department(own) {
        true => {
            let why = "not the department itself";
            Err(FieldError::new("overflow.department_id", "invalid", why))
        }
        false => Ok(to),
    }
}

fn announce(announce: &mut Announce, faults: &mut Faults, patch: AnnouncePatch) {
    let every = patch.every_s.map(|given| within("announce.every_s", given, ANNOUNCE_S));
    if let Some(every) = faults.keep(every) {
        announce.every_s = every;
    }
    announce.position = patch.position.unwrap_or(announce.position);
    announce.wait = patch.wait.unwrap_or(announce.wait);
}

fn ms(seconds: u32) -> u64 {
    u64::from(seconds).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::{AccountId, StaffId};

    use frontdesk_routing::number::ShortNumber;

    use super::*;

    fn sales() -> PlanDepartment {
        let short = ShortNumber::read("200").unwrap();
        PlanDepartment::new(
            DepartmentId::from_u128(1),
            AccountId::from_u128(1),
            "Sales".into(),
            short,
        )
    }

    fn check(patch: DepartmentPatch, expected: Result<(), &str>) {
        let fields = match patched(sales(), patch.clone(), "RU") {
            Ok(_) => Ok(()),
            Err(StoreError::Invalid(faults)) => {
                let fields: Vec<String> = faults.into_iter().map(|fault| fault.field).collect();
                Err(fields.join(" "))
            }
            Err(other) => panic!("{other}"),
        };
        assert_eq!(fields, expected.map_err(str::to_owned), "{patch:?}");
    }

    fn with(set: impl FnOnce(&mut DepartmentPatch)) -> DepartmentPatch {
        let mut patch = DepartmentPatch::default();
        set(&mut patch);
        patch
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        check(DepartmentPatch::default(), Ok(()));
        check(with(|patch| patch.name = Some(" ".into())), Err("name"));
        check(
            with(|patch| patch.short_number = Some("12345678".into())),
            Err("short_number"),
        );
        check(
            with(|patch| patch.short_number = Some("112".into())),
            Err("short_number"),
        );
        check(
            with(|patch| patch.queue.strategy = Some("best".into())),
            Err("queue.strategy"),
        );
        check(
            with(|patch| patch.queue.ring_time_s = Some(1)),
            Err("queue.ring_time_s"),
        );
        check(
            with(|patch| patch.queue.longest_wait_s = Some(Some(0))),
            Err("queue.longest_wait_s"),
        );
        check(with(|patch| patch.queue.vip = Some("first".into())), Err("queue.vip"));
        let own = DepartmentId::from_u128(1).to_string();
        let to = |overflow| with(|patch| patch.overflow = Some(Some(overflow)));
        let department = |id: String| DestinationPatch {
            department: Some(id),
            ..DestinationPatch::default()
        };
        check(to(department(own)), Err("overflow.department_id"));
        check(to(department("x".into())), Err("overflow.department_id"));
        check(to(DestinationPatch::default()), Err("overflow"));
        let number = |text: &str| DestinationPatch {
            number: Some(text.into()),
            ..DestinationPatch::default()
        };
        check(to(number("12")), Err("overflow.number"));
        check(to(number("8 916 123-45-67")), Ok(()));
        let member = |calls_at_once| MemberPatch {
            staff: StaffId::from_u128(1),
            penalty: 0,
            place: 0,
            calls_at_once,
        };
        let members = with(|patch| patch.members = Some(vec![member(1), member(0)]));
        check(members, Err("members[1].calls_at_once"));
    }

    /// V25: the rule for VIPs is changed without losing what is set of it.
    #[test]
    fn a_vip_rule_keeps_its_number_until_another_is_given() {
        type Given<'a> = (Option<&'a str>, Option<u32>, Option<Option<u32>>);
        let run = |patches: &[Given<'_>]| {
            let mut plan = sales();
            for (rule, lead, overtaken) in patches {
                let patch = with(|patch| {
                    patch.queue.vip = rule.map(str::to_owned);
                    patch.queue.vip_lead_s = *lead;
                    patch.queue.overtaken_at_most_s = *overtaken;
                });
                plan = patched(plan, patch, "RU").unwrap();
            }
            plan.queue.vip
        };
        let strict = |cap| VipRule::Strict {
            overtaken_at_most_ms: cap,
        };
        assert_eq!(run(&[]), strict(Some(600_000)));
        assert_eq!(run(&[(None, None, Some(None))]), strict(None));
        assert_eq!(run(&[(None, None, Some(Some(60)))]), strict(Some(60_000)));
        let lead = |lead_ms| VipRule::HeadStart { lead_ms };
        assert_eq!(run(&[(Some("head_start"), None, None)]), lead(300_000));
        assert_eq!(
            run(&[(Some("head_start"), Some(90), None), (None, None, None)]),
            lead(90_000)
        );
        assert_eq!(run(&[(Some("ignore"), None, None)]), VipRule::Ignore);
    }
}
