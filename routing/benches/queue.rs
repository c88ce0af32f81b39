//! Each operation of the queues while 10 000 callers wait, in 1 000 departments and in one.
#![expect(clippy::unwrap_used, reason = "what a bench is fed is its own")]
#![expect(clippy::disallowed_methods, reason = "one operation of a cycle is timed by itself")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk_routing::ids::{CallId, DepartmentId, StaffId};
use frontdesk_routing::queue::{AgentState, Entrant, JoinWhenEmpty, Member, QueueSettings, Queues, Refusal, Strategy};

const WAITING: u32 = 10_000;

const OPERATIONS: [&str; 12] = [
    "join",
    "set_vip",
    "leave",
    "agent_changed",
    "next_offer",
    "refused",
    "pass",
    "answered",
    "finished",
    "position",
    "statistics",
    "deadline",
];

fn staff(number: u32) -> StaffId {
    StaffId::from_u128(spread(number))
}

fn department(number: u32) -> DepartmentId {
    DepartmentId::from_u128(spread(number))
}

/// Identifiers lie far apart.
fn spread(number: u32) -> u128 {
    (u128::from(number) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

/// Three members a department, each in two departments, all in a call.
struct Company {
    queues: Queues,
    departments: u32,
    joins: u32,
    turn: u32,
    now: u64,
    timed: &'static str,
    spent: Duration,
    runs: u32,
}

impl Company {
    fn new(departments: u32, strategy: Strategy) -> Company {
        let settings = QueueSettings {
            strategy,
            join_when_empty: JoinWhenEmpty::Always,
            longest_wait_ms: Some(u64::MAX / 2),
            ..QueueSettings::default()
        };
        let mut company = Company {
            queues: Queues::new(1),
            departments,
            joins: 0,
            turn: 0,
            now: 1_000_000,
            timed: "",
            spent: Duration::ZERO,
            runs: 0,
        };
        for number in 0..departments {
            let next = (number + 1) % departments;
            let agents = [number, next]
                .into_iter()
                .flat_map(|home| (0..3).map(move |at| home * 3 + at));
            let members = agents.map(|agent| Member::new(staff(agent))).collect();
            company
                .queues
                .set_department(department(number), settings.clone(), members);
        }
        for agent in 0..departments * 3 {
            company.report(agent, 1);
        }
        for number in 0..WAITING {
            company.now += 1;
            company.join(number % departments);
        }
        company
    }

    fn time<T>(&mut self, operation: &str, run: impl FnOnce(&mut Queues) -> T) -> T {
        if operation != self.timed {
            return run(&mut self.queues);
        }
        let began = Instant::now();
        let result = black_box(run(&mut self.queues));
        self.spent += began.elapsed();
        self.runs += 1;
        result
    }

    fn report(&mut self, agent: u32, calls: u16) {
        let (now, reachable) = (self.now, true);
        self.time("agent_changed", |queues| {
            queues.agent_changed(staff(agent), AgentState { reachable, calls }, now);
        });
    }

    fn join(&mut self, home: u32) -> CallId {
        let (id, now) = (CallId::from_u128(spread(self.joins)), self.now);
        self.joins += 1;
        let entrant = Entrant {
            vip: self.joins.is_multiple_of(10),
            manager: None,
            waited_since: now,
        };
        self.time("join", |queues| queues.join(id, department(home), entrant, now))
            .unwrap();
        id
    }

    /// Two callers join; one leaves; an agent becomes free, refuses a call, rests and answers it.
    fn cycle(&mut self) {
        self.turn += 1;
        self.now += 1;
        let home = self.turn.wrapping_mul(7_919) % self.departments;
        let agent = home * 3;
        let first = self.join(home);
        self.join(home);
        self.time("set_vip", |queues| queues.set_vip(first, true));
        self.time("position", |queues| queues.position(first));
        self.time("leave", |queues| queues.leave(first));
        self.report(agent, 0);
        let now = self.now;
        let offer = self.time("next_offer", |queues| queues.next_offer(now)).unwrap();
        self.time("refused", |queues| {
            queues.refused(offer.call, staff(agent), Refusal::Declined, now)
        });
        self.time("deadline", |queues| queues.deadline()).unwrap();
        self.now += 5_000;
        let now = self.now;
        self.time("pass", |queues| queues.pass(now));
        let offer = self.queues.next_offer(now).unwrap();
        self.time("answered", |queues| queues.answered(offer.call, staff(agent), now));
        self.report(agent, 1);
        self.time("finished", |queues| queues.finished(offer.call, now));
        self.time("statistics", |queues| queues.statistics(offer.department));
    }

    /// So many cycles, and what as many runs of the timed operation took: some come twice in a cycle.
    fn cycles(&mut self, cycles: u64) -> Duration {
        (self.spent, self.runs) = (Duration::ZERO, 0);
        for _ in 0..cycles {
            self.cycle();
        }
        self.spent * u32::try_from(cycles).unwrap() / self.runs
    }
}

fn queues(criterion: &mut Criterion) {
    for departments in [1_000, 1] {
        let mut company = Company::new(departments, Strategy::LongestIdle);
        for operation in OPERATIONS {
            company.timed = operation;
            criterion.bench_function(&format!("queue/{departments}/{operation}"), |bench| {
                bench.iter_custom(|cycles| company.cycles(cycles));
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = queues
}
criterion_main!(benches);
