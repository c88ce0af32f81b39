//! Decisions over a snapshot of 1,000,000 clients, 10,000 staff and 1,000 departments, each for another caller than the one
//! before; what the snapshot takes, and what a change of one client costs.
#![expect(clippy::unwrap_used, reason = "what a bench is fed is its own")]

#[path = "company/mod.rs"]
mod company;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use frontdesk_routing::caller_id::{self, Kind, OutgoingCall};
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::identity;
use frontdesk_routing::ids::{ScheduleId, StaffId};
use frontdesk_routing::internal;
use frontdesk_routing::masking::Viewer;
use frontdesk_routing::plan::{DialPlan, PlanReception, ReceptionSection};
use frontdesk_routing::reception::{Moment, may_take};

use company::{ACCOUNT, CLIENTS, DEPARTMENTS, NOON, STAFF, TRUNK};

/// Walks through everybody in an order that no cache foresees.
struct Turn(u64);

impl Turn {
    fn next(&mut self, of: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % of
    }
}

fn facts(caller: Caller, dialled: &str) -> CallFacts<'_> {
    CallFacts {
        account: ACCOUNT,
        caller,
        dialled,
        at: NOON,
    }
}

/// A call that a provider brings: who it is, VIP or not, whose client, where it goes and as whom it is shown there.
fn from_outside(plan: &DialPlan, client: u64, number: u64) -> (Decision, bool) {
    let caller = company::client_number(client);
    let shown = identity::of_outside(plan, ACCOUNT, Some(caller), "");
    let client = plan.clients.by_number(ACCOUNT, caller);
    let vip = client.is_some_and(|client| client.vip && client.manager.is_some());
    let decision = internal::decide(plan, &facts(Caller::Trunk(TRUNK), &company::connected(number).reveal()));
    if let Decision::Ring { targets, .. } = &decision
        && let Some(staff) = targets.first()
    {
        black_box(Viewer::person(plan, ACCOUNT, *staff).caller(&shown));
    }
    (decision, vip)
}

/// A call to a number outside: by which line, and which number it shows there.
fn to_outside(plan: &DialPlan, staff: StaffId, dialled: &str) -> Decision {
    let decision = internal::decide(plan, &facts(Caller::Staff(staff), dialled));
    if let Decision::Outside { trunks, .. } = &decision {
        let call = OutgoingCall {
            kind: Kind::Direct,
            account: ACCOUNT,
            staff: Some(staff),
            client: None,
            arrived_on: None,
            restricted: false,
            hidden: false,
        };
        let trunk = trunks.first().and_then(|trunk| plan.staff.trunk(*trunk)).unwrap();
        black_box(caller_id::resolve(plan, &call, trunk));
    }
    decision
}

fn decisions(criterion: &mut Criterion) {
    let before = company::resident();
    let plan = company::plan();
    let took = (company::resident() - before) / CLIENTS;
    let clients = company::resident();
    let copy = company::clients();
    let section = (company::resident() - clients) / CLIENTS;
    drop(copy);
    report(&format!(
        "snapshot: {section} bytes a client, {took} with everything else of the company"
    ));
    let mut turn = Turn(1);
    let mut bench = |name: &str, decide: &dyn Fn(&mut Turn) -> Decision| {
        assert!(!matches!(decide(&mut turn), Decision::Refuse { .. }), "{name}");
        criterion.bench_function(&format!("decision/{name}"), |bench| {
            bench.iter(|| black_box(decide(&mut turn)))
        });
    };
    let staff = |turn: &mut Turn| StaffId::from_u128(u128::from(turn.next(STAFF)));
    bench("client_calls_department", &|turn| {
        from_outside(&plan, turn.next(CLIENTS), turn.next(DEPARTMENTS)).0
    });
    bench("client_calls_person", &|turn| {
        from_outside(&plan, turn.next(CLIENTS), DEPARTMENTS + turn.next(STAFF)).0
    });
    bench("stranger_calls_department", &|turn| {
        from_outside(&plan, CLIENTS + turn.next(CLIENTS), turn.next(DEPARTMENTS)).0
    });
    bench("person_calls_person", &|turn| {
        let dialled = company::short_of_staff(turn.next(STAFF));
        internal::decide(&plan, &facts(Caller::Staff(staff(turn)), &dialled))
    });
    bench("person_calls_department", &|turn| {
        let dialled = company::short_of_department(turn.next(DEPARTMENTS));
        internal::decide(&plan, &facts(Caller::Staff(staff(turn)), &dialled))
    });
    bench("person_calls_client", &|turn| {
        let dialled = company::client_number(turn.next(CLIENTS)).reveal();
        to_outside(&plan, staff(turn), &dialled)
    });
    change(criterion, &plan);
}

/// A client's new name, until the plan with it could be handed on.
fn change(criterion: &mut Criterion, plan: &DialPlan) {
    let mut turn = Turn(2);
    criterion.bench_function("plan/client_changed", |bench| {
        bench.iter_batched(
            || {
                let number = company::client_number(turn.next(CLIENTS));
                plan.clients.by_number(ACCOUNT, number).unwrap().clone()
            },
            |client| {
                let mut next = plan.clone();
                let number = client.number;
                next.clients = Arc::new(plan.clients.with(ACCOUNT, number, Some(client)));
                Arc::new(next)
            },
            BatchSize::SmallInput,
        );
    });
}

#[expect(clippy::print_stdout, reason = "it is for who runs the bench")]
fn report(line: &str) {
    println!("{line}");
}

/// Hours in a zone with summer time, of one and of the members of a department.
fn hours(criterion: &mut Criterion) {
    let members: Vec<StaffId> = (0..10).map(StaffId::from_u128).collect();
    let id = ScheduleId::from_u128(1);
    let person = PlanReception {
        receiving: true,
        schedule: Some(id),
        ..PlanReception::default()
    };
    let reception = ReceptionSection {
        people: members.iter().map(|id| (*id, person.clone())).collect(),
        schedules: BTreeMap::from([(id, Arc::new(company::schedule()))])
            .into_iter()
            .collect(),
        ..ReceptionSection::default()
    };
    let plan = DialPlan {
        reception: Arc::new(reception),
        ..DialPlan::default()
    };
    let schedule = company::schedule();
    criterion.bench_function("schedule/open", |bench| {
        bench.iter(|| black_box(schedule.open_at(black_box(NOON))))
    });
    criterion.bench_function("schedule/closed_for_the_night", |bench| {
        bench.iter(|| black_box(schedule.open_at(black_box(NOON + 10 * 3_600_000))));
    });
    criterion.bench_function("reception/ten_people_with_hours", |bench| {
        bench.iter(|| {
            let may = |staff: &&StaffId| may_take(&plan, (**staff, None), black_box(NOON), Moment::default()).is_ok();
            black_box(members.iter().filter(may).count())
        });
    });
}

criterion_group!(benches, decisions, hours);
criterion_main!(benches);
