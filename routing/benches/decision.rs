//! A decision over a plan of 10 000 staff, and a client found among a million.
#![expect(clippy::unwrap_used, reason = "what a bench is fed is its own")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::ids::{AccountId, ClientId, ScheduleId, StaffId};
use frontdesk_routing::internal;
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{
    ClientSection, DialPlan, PlanClient, PlanReception, PlanStaff, ReceptionSection, StaffSection,
};
use frontdesk_routing::reception::{Moment, may_take};
use frontdesk_routing::schedule::{Schedule, day};
use jiff::tz::TimeZone;

const STAFF: u32 = 10_000;
const CLIENTS: u64 = 1_000_000;

fn plan(account: AccountId) -> DialPlan {
    let name: Arc<str> = "Ivanov".into();
    let staff = (0..STAFF).map(|number| PlanStaff {
        id: StaffId::from_u128(u128::from(number)),
        account,
        name: Arc::clone(&name),
        short_number: ShortNumber::read(&format!("{number:05}")).ok(),
        phone: None,
        sip: None,
        caller_id: Default::default(),
    });
    let clients = (0..CLIENTS).map(|number| PlanClient {
        id: ClientId::from_u128(u128::from(number)),
        account,
        number: PhoneNumber::from_e164(&format!("+7916{number:07}")).unwrap(),
        name: Arc::clone(&name),
        vip: false,
        manager: None,
    });
    DialPlan {
        staff: Arc::new(StaffSection::new(staff.collect(), Vec::new())),
        clients: Arc::new(ClientSection::new(clients.collect())),
        ..DialPlan::default()
    }
}

fn decisions(criterion: &mut Criterion) {
    let account = AccountId::from_u128(1);
    let plan = plan(account);
    let caller = Caller::Staff(StaffId::from_u128(1));
    criterion.bench_function("decision/short_number", |bench| {
        bench.iter(|| {
            let facts = CallFacts {
                account,
                caller,
                dialled: black_box("07777"),
                at: 0,
            };
            black_box(internal::decide(&plan, &facts))
        });
    });
    let number = PhoneNumber::from_e164("+79160777777").unwrap();
    criterion.bench_function("plan/client_by_number", |bench| {
        bench.iter(|| black_box(plan.clients.by_number(account, black_box(number))));
    });
    let client = plan.clients.by_number(account, number).cloned();
    criterion.bench_function("plan/client_changed", |bench| {
        bench.iter(|| black_box(plan.clients.with(account, number, black_box(client.clone()))));
    });
}

/// Hours in a zone with summer time, of one and of the members of a department.
fn hours(criterion: &mut Criterion) {
    let unix_ms = 1_794_830_400_000;
    let schedule = || {
        let hours = day(["09:00-13:00", "14:00-18:00"]).ok();
        Schedule::new(
            TimeZone::get("Europe/Berlin").unwrap(),
            std::array::from_fn(|_| hours.clone()),
            BTreeMap::new(),
        )
    };
    let members: Vec<StaffId> = (0..10).map(StaffId::from_u128).collect();
    let id = ScheduleId::from_u128(1);
    let person = PlanReception {
        receiving: true,
        schedule: Some(id),
        ..PlanReception::default()
    };
    let reception = ReceptionSection {
        people: members.iter().map(|id| (*id, person.clone())).collect(),
        schedules: [(id, Arc::new(schedule()))].into(),
        ..ReceptionSection::default()
    };
    let plan = DialPlan {
        reception: Arc::new(reception),
        ..DialPlan::default()
    };
    let schedule = schedule();
    criterion.bench_function("schedule/open", |bench| {
        bench.iter(|| black_box(schedule.open_at(black_box(unix_ms))))
    });
    criterion.bench_function("schedule/closed_for_the_night", |bench| {
        bench.iter(|| black_box(schedule.open_at(black_box(unix_ms + 10 * 3_600_000))));
    });
    criterion.bench_function("reception/ten_people_with_hours", |bench| {
        bench.iter(|| {
            let may =
                |staff: &&StaffId| may_take(&plan, (**staff, None), black_box(unix_ms), Moment::default()).is_ok();
            black_box(members.iter().filter(may).count())
        });
    });
}

criterion_group!(benches, decisions, hours);
criterion_main!(benches);
