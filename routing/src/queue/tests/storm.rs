//! Random steps, each compared with the model.

use proptest::prelude::*;
use proptest::strategy::Strategy as Arbitrary;

use super::model::{Allowed, Model};
use super::{Strategy, *};

const PEOPLE: u128 = 6;
const DEPARTMENTS: u128 = 3;

#[derive(Debug, Clone)]
enum Step {
    Join {
        department: u128,
        vip: bool,
        manager: Option<u128>,
        waited: u64,
    },
    /// The one of those in a queue at this index; likewise below.
    Leave(usize),
    TakeAway(usize),
    SetVip(usize, bool),
    SetManager(usize, Option<u128>),
    Agent(u128, AgentState),
    EndOfRest(u128),
    /// The ringing call at this index, by one of those at whom it rings or by anybody.
    Answer(usize, Option<u128>),
    Refuse(usize, Refusal),
    RingOut(usize),
    Finish(u128),
    Pass,
    Department(u128, Box<QueueSettings>, Vec<Member>),
    RemoveDepartment(u128),
}

fn vip_rule() -> impl Arbitrary<Value = VipRule> {
    let cap = proptest::option::of(0..20_000_u64);
    prop_oneof![
        2 => cap.prop_map(|overtaken_at_most_ms| VipRule::Strict { overtaken_at_most_ms }),
        1 => (0..20_000_u64).prop_map(|lead_ms| VipRule::HeadStart { lead_ms }),
        1 => Just(VipRule::Ignore),
    ]
}

fn queue_settings() -> impl Arbitrary<Value = QueueSettings> {
    let strategy = proptest::sample::select(vec![
        Strategy::RingAll,
        Strategy::LongestIdle,
        Strategy::FewestCalls,
        Strategy::RoundRobin,
        Strategy::Linear,
        Strategy::Random,
    ]);
    let empty = proptest::sample::select(vec![
        JoinWhenEmpty::Always,
        JoinWhenEmpty::Always,
        JoinWhenEmpty::WhenSomebodyWorks,
        JoinWhenEmpty::WhenSomebodyFree,
    ]);
    let rests = (0..4_000_u64, 0..8_000_u64, 1_000..4_000_u64);
    let limits = (
        proptest::option::of(1..8_u32),
        proptest::option::of(1_000..60_000_u64),
        proptest::option::of(1_000..20_000_u64),
    );
    let rank = (0..3_u16, 0..2_u16);
    (strategy, empty, vip_rule(), rests, limits, rank).prop_map(|(strategy, empty, vip, rests, limits, rank)| {
        QueueSettings {
            strategy,
            ring_time_ms: 5_000,
            wrap_up_ms: rests.0,
            pause_after_missed_ms: rests.1,
            retry_ms: rests.2,
            capacity: limits.0,
            longest_wait_ms: limits.1,
            join_when_empty: empty,
            leave_when_empty_ms: limits.2,
            vip,
            priority: rank.0,
            place: rank.1,
            service_level_ms: 5_000,
        }
    })
}

fn members() -> impl Arbitrary<Value = Vec<Member>> {
    let member = (0..PEOPLE, 0..3_u16, 0..3_u16, 0..3_u16);
    let member = member.prop_map(|(person, penalty, place, calls_at_once)| Member {
        staff: staff(person),
        penalty,
        place,
        calls_at_once,
    });
    proptest::collection::vec(member, 0..5)
}

fn step() -> impl Arbitrary<Value = Step> {
    let manager = proptest::option::weighted(0.3, 0..PEOPLE + 2);
    let waited = prop_oneof![3 => Just(0), 1 => 0..30_000_u64];
    let join = (0..=DEPARTMENTS, any::<bool>(), manager, waited);
    let join = join.prop_map(|(department, vip, manager, waited)| Step::Join {
        department,
        vip,
        manager,
        waited,
    });
    let why = proptest::sample::select(vec![
        Refusal::Busy,
        Refusal::NoAnswer,
        Refusal::Declined,
        Refusal::Unreachable,
    ]);
    let state = (proptest::bool::weighted(0.8), 0..3_u16);
    let state = state.prop_map(|(reachable, calls)| AgentState {
        reachable,
        calls: calls.saturating_sub(1),
    });
    let index = 0..64_usize;
    let another = proptest::option::weighted(0.7, 0..PEOPLE + 2);
    prop_oneof![
        8 => join,
        1 => index.clone().prop_map(Step::Leave),
        1 => index.clone().prop_map(Step::TakeAway),
        1 => (index.clone(), another).prop_map(|(at, manager)| Step::SetManager(at, manager)),
        1 => (0..PEOPLE).prop_map(Step::EndOfRest),
        2 => (index.clone(), any::<bool>()).prop_map(|(at, vip)| Step::SetVip(at, vip)),
        5 => (0..PEOPLE, state).prop_map(|(person, state)| Step::Agent(person, state)),
        3 => (index.clone(), proptest::option::weighted(0.1, 0..PEOPLE)).prop_map(|(at, by)| Step::Answer(at, by)),
        4 => (index.clone(), why).prop_map(|(at, why)| Step::Refuse(at, why)),
        2 => index.prop_map(Step::RingOut),
        4 => (0..PEOPLE).prop_map(Step::Finish),
        2 => Just(Step::Pass),
        1 => (0..DEPARTMENTS, queue_settings(), members())
            .prop_map(|(id, settings, members)| Step::Department(id, Box::new(settings), members)),
        1 => (0..DEPARTMENTS * 8).prop_map(Step::RemoveDepartment),
    ]
}

/// The queues and their model, and what became of every caller.
struct Storm {
    queues: Queues,
    model: Model,
    calls: u128,
    joined: usize,
    gone: usize,
}

impl Storm {
    fn new(departments: Vec<(QueueSettings, Vec<Member>)>) -> Storm {
        let mut storm = Storm {
            queues: Queues::new(3),
            model: Model::default(),
            calls: 0,
            joined: 0,
            gone: 0,
        };
        storm.pass_time(100_000);
        for ((settings, members), id) in departments.into_iter().zip(0..) {
            storm.step(Step::Department(id, Box::new(settings), members));
        }
        storm
    }

    fn pass_time(&mut self, ms: u64) {
        self.model.advance(self.model.now + ms);
    }

    fn any_call(&self, at: usize) -> Option<u128> {
        let callers = &self.model.callers;
        Some(callers.get(at.checked_rem(callers.len())?)?.id)
    }

    fn ringing(&self, at: usize) -> Option<(u128, u128)> {
        let mut ringing = self.model.callers.iter().filter(|caller| !caller.rings.is_empty());
        let caller = ringing.nth(at % ringing.clone().count().max(1))?;
        Some((caller.id, caller.rings[at % caller.rings.len()]))
    }

    fn step(&mut self, step: Step) {
        let now = self.model.now;
        match step {
            Step::Join {
                department,
                vip,
                manager,
                waited,
            } => self.join(department, vip, manager, waited),
            Step::Leave(at) => self.leave(at),
            Step::TakeAway(at) => self.take_away(at),
            Step::SetVip(at, vip) => self.set_vip(at, vip),
            Step::SetManager(at, manager) => self.set_manager(at, manager),
            Step::EndOfRest(person) => {
                let rested = self.queues.end_of_rest(staff(person), now);
                assert_eq!(rested, self.model.end_of_rest(person));
            }
            Step::Agent(person, state) => {
                self.model.set_state(person, state);
                self.queues.agent_changed(staff(person), state, now);
            }
            Step::Answer(at, by) => {
                if let Some((id, rings)) = self.ringing(at) {
                    let by = by.unwrap_or(rings);
                    self.model.answered(id, by);
                    assert!(self.queues.answered(call(id), staff(by), now));
                    self.gone += 1;
                }
            }
            Step::Refuse(at, why) => {
                if let Some((id, person)) = self.ringing(at) {
                    self.model.refused(id, person, why);
                    let over = self.queues.refused(call(id), staff(person), why, now);
                    assert_eq!(over, self.model.caller(id).rings.is_empty());
                }
            }
            Step::RingOut(at) => {
                if let Some((id, _)) = self.ringing(at) {
                    for person in self.model.caller(id).rings.clone() {
                        self.model.refused(id, person, Refusal::NoAnswer);
                    }
                    assert!(self.queues.offer_over(call(id), now));
                }
            }
            Step::Finish(person) => {
                if let Some(department) = self.model.agent(person).serves.first().copied() {
                    self.model.finished(person, department.0);
                    let served = self.queues.agents[&staff(person)].serves[0].call;
                    assert!(self.queues.finished(served, now));
                }
            }
            Step::Pass => self.pass(),
            Step::Department(id, settings, members) => {
                self.drain();
                let queue = department(id);
                self.queues.set_department(queue, (*settings).clone(), members.clone());
                self.model.set_department(id, *settings, members);
            }
            Step::RemoveDepartment(id) => {
                let calls = self.queues.remove_department(department(id));
                let calls: Vec<u128> = calls.iter().map(|call| call.as_u128()).collect();
                self.gone += calls.len();
                assert_eq!(calls, self.model.remove_department(id));
            }
        }
        self.model.settle();
        self.drain();
        self.check();
    }

    fn leave(&mut self, at: usize) {
        if let Some(id) = self.any_call(at) {
            self.model.leave(id);
            assert!(self.queues.leave(call(id)));
            self.gone += 1;
        }
    }

    fn take_away(&mut self, at: usize) {
        if let Some(id) = self.any_call(at) {
            self.model.remove(id);
            assert!(self.queues.take_away(call(id)));
            assert!(!self.queues.take_away(call(id)) && !self.queues.leave(call(id)));
            self.gone += 1;
        }
    }

    /// It takes no time of its own; likewise below.
    fn set_vip(&mut self, at: usize, vip: bool) {
        self.drain();
        if let Some(id) = self.any_call(at) {
            self.model.set_vip(id, vip);
            assert!(self.queues.set_vip(call(id), vip));
        }
    }

    fn set_manager(&mut self, at: usize, manager: Option<u128>) {
        self.drain();
        if let Some(id) = self.any_call(at) {
            self.model.set_manager(id, manager);
            assert!(self.queues.set_manager(call(id), manager.map(staff)));
        }
    }

    fn join(&mut self, department: u128, vip: bool, manager: Option<u128>, waited: u64) {
        let now = self.model.now;
        self.calls += 1;
        let entrant = Entrant {
            vip,
            manager: manager.map(staff),
            waited_since: now - waited,
        };
        let joined = self
            .queues
            .join(call(self.calls), super::department(department), entrant, now);
        assert_eq!(joined.map(|_| ()), self.model.join(self.calls, department, entrant));
        self.joined += usize::from(joined.is_ok());
    }

    fn pass(&mut self) {
        let expired = self.queues.pass(self.model.now);
        let mut expired: Vec<_> = expired.iter().map(|gone| (gone.call.as_u128(), gone.why)).collect();
        expired.sort_by_key(|(id, _)| *id);
        self.gone += expired.len();
        assert_eq!(expired, self.model.pass());
    }

    fn drain(&mut self) {
        while let Some(offer) = self.queues.next_offer(self.model.now) {
            let ordered: Vec<u128> = offer.agents.iter().map(|staff| staff.as_u128()).collect();
            let mut rings = ordered.clone();
            rings.sort_unstable();
            let (id, allowed) = self.model.expected().expect("an offer where none is due");
            assert_eq!(offer.call, call(id));
            match allowed {
                Allowed::All(agents) => assert_eq!(rings, agents),
                Allowed::OneOf(agents) => assert!(rings.len() == 1 && agents.contains(&rings[0])),
            }
            for person in &rings {
                assert_eq!(self.model.agent(*person).offer, None, "two offers at once");
            }
            self.not_overtaken_too_long(id, rings[0]);
            self.model.offered(id, &ordered);
        }
        assert_eq!(self.model.expected(), None, "a caller and a free agent are left");
    }

    /// Whoever is offered to a member stands behind no VIP who came later than the cap allows.
    fn not_overtaken_too_long(&self, id: u128, agent: u128) {
        let offered = self.model.callers.iter().find(|caller| caller.id == id).unwrap();
        let department = &self.model.departments[&offered.department];
        let cap = match department.settings.vip {
            VipRule::Strict { overtaken_at_most_ms } => overtaken_at_most_ms.unwrap_or(u64::MAX),
            VipRule::HeadStart { lead_ms } => lead_ms,
            VipRule::Ignore => 0,
        };
        if !department.members.iter().any(|member| member.staff == staff(agent)) {
            return;
        }
        for other in &self.model.callers {
            let waits = other.rings.is_empty() && !other.leaves && other.department == offered.department;
            let later = offered.since.saturating_sub(other.since);
            assert!(!waits || later <= cap, "{other:?} is overtaken by {offered:?}");
        }
    }

    fn check(&self) {
        assert_eq!(self.joined, self.gone + self.model.callers.len(), "a caller is lost");
        assert_eq!(self.queues.deadline(), self.model.deadline());
        for id in 0..DEPARTMENTS {
            let order = self.model.departments.get(&id).map(|_| self.model.order(id));
            let order = order.unwrap_or_default();
            let calls = self.queues.calls(department(id));
            let calls: Vec<u128> = calls.iter().map(|call| call.as_u128()).collect();
            assert_eq!(calls, order);
            assert_eq!(self.queues.statistics(department(id)), self.model.statistics(id));
            for (call_id, at) in order.iter().zip(1..) {
                assert_eq!(self.queues.position(call(*call_id)), Some(at));
                let wait = self.model.expected_wait(id, at);
                assert_eq!(self.queues.expected_wait(call(*call_id)), wait);
            }
        }
        for (person, agent) in &self.model.agents {
            let view = self.queues.agent(staff(*person));
            let offer = view.and_then(|view| view.offer);
            assert_eq!(offer, agent.offer.map(call));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn v25_v30_every_step_does_what_the_plain_model_does(
        departments in proptest::collection::vec((queue_settings(), members()), 3),
        steps in proptest::collection::vec((0..4_000_u64, step()), 1..150),
    ) {
        let mut storm = Storm::new(departments);
        for (ms, step) in steps {
            storm.pass_time(ms);
            storm.step(step);
        }
    }

    #[test]
    fn v30_the_same_steps_give_the_same_offers(
        settings in queue_settings(),
        seed in any::<u64>(),
        callers in 1..40_u128,
    ) {
        let offers = || {
            let mut office = Office::new(QueueSettings { join_when_empty: JoinWhenEmpty::Always, capacity: None, ..settings.clone() }, &[1, 2, 3, 4]);
            office.queues.random = Random::new(seed);
            office.at_work(&[1, 2, 3, 4]);
            let mut all = Vec::new();
            for id in 0..callers {
                office.join(id);
                for (offered, agents) in office.offers() {
                    office.later(700).answer(offered, agents[0]);
                    all.push((offered, agents));
                }
                if let Some((offered, _)) = all.last().filter(|_| id % 3 == 2) {
                    let _ = office.queues.finished(call(*offered), office.now);
                }
            }
            all
        };
        prop_assert_eq!(offers(), offers());
    }
}
