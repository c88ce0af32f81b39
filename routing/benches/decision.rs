//! A decision over a plan of 10 000 staff, and a client found among a million.
#![expect(clippy::unwrap_used, reason = "what a bench is fed is its own")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::ids::{AccountId, ClientId, StaffId};
use frontdesk_routing::internal;
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{ClientSection, DialPlan, PlanClient, PlanStaff, StaffSection};

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
            };
            black_box(internal::decide(&plan, &facts))
        });
    });
    let number = PhoneNumber::from_e164("+79160777777").unwrap();
    criterion.bench_function("plan/client_by_number", |bench| {
        bench.iter(|| black_box(plan.clients.by_number(account, black_box(number))));
    });
}

criterion_group!(benches, decisions);
criterion_main!(benches);
