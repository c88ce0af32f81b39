//! When visitors of a site can be called.

use frontdesk_crm_core::sites::Receiver;
use frontdesk_routing::ids::{AccountId, ScheduleId};
use frontdesk_routing::plan::DialPlan;
use frontdesk_routing::schedule::{Open, Schedule};

const HALF_HOUR_MS: i64 = 30 * 60 * 1_000;
/// The first time that can be chosen lies so far ahead at least.
const NOTICE_MS: i64 = 10 * 60 * 1_000;
/// Half hours that are looked at: a week.
const HORIZON: i64 = 7 * 48;
/// Times that are offered.
const OFFERED: usize = 48;

/// Whether calls are taken at a moment, in unix milliseconds: by the site's own hours, or else by those of its department;
/// a person's own hours count beside the site's. Whoever has no hours is always open. A day of which nothing is said is
/// what the account says.
pub fn open_at(
    plan: &DialPlan,
    (account, to): (AccountId, Receiver),
    schedule: Option<ScheduleId>,
    unix_ms: i64,
) -> Open {
    let own = match to {
        Receiver::Staff(staff) => plan.reception.person(staff).and_then(|person| person.schedule),
        Receiver::Department(department) => {
            let desk = plan.reception.departments.get(&department);
            desk.and_then(|desk| desk.schedule).filter(|_| schedule.is_none())
        }
    };
    let mut hours = [schedule, own]
        .into_iter()
        .filter_map(|hours| plan.reception.schedule(hours));
    let closed = |hours: &Schedule| match hours.open_at(unix_ms) {
        Open::Open => None,
        Open::Unknown if plan.reception.open_when_unknown.contains(&account) => None,
        Open::Unknown => Some(Open::Closed { opens_at: None }),
        closed @ Open::Closed { .. } => Some(closed),
    };
    hours.find_map(closed).unwrap_or(Open::Open)
}

/// Half hours of the next week at which calls are taken, the first ones.
pub fn times(plan: &DialPlan, site: (AccountId, Receiver), schedule: Option<ScheduleId>, unix_ms: i64) -> Vec<i64> {
    let first = unix_ms
        .saturating_add(NOTICE_MS)
        .div_euclid(HALF_HOUR_MS)
        .saturating_add(1);
    (0..HORIZON)
        .map(|place| first.saturating_add(place).saturating_mul(HALF_HOUR_MS))
        .filter(|at| open_at(plan, site, schedule, *at) == Open::Open)
        .take(OFFERED)
        .collect()
}
