//! An office of a few people; ids are small numbers.

mod agents;
mod departments;
mod life;
mod managers;
mod model;
mod places;
mod storm;
mod strategies;

use super::*;

fn staff(number: u128) -> StaffId {
    StaffId::from_u128(number)
}

fn call(number: u128) -> CallId {
    CallId::from_u128(number)
}

fn department(number: u128) -> DepartmentId {
    DepartmentId::from_u128(number)
}

const SALES: u128 = 1;
const SUPPORT: u128 = 2;

fn settings(strategy: Strategy) -> QueueSettings {
    QueueSettings {
        strategy,
        join_when_empty: JoinWhenEmpty::Always,
        ..QueueSettings::default()
    }
}

/// The queues, and a time that tests move on.
struct Office {
    queues: Queues,
    now: u64,
}

impl Office {
    /// Sales, with these people; nobody is at work.
    fn new(settings: QueueSettings, people: &[u128]) -> Office {
        let mut office = Office {
            queues: Queues::new(7),
            now: 1_000_000,
        };
        office.department(SALES, settings, people);
        office
    }

    fn department(&mut self, id: u128, settings: QueueSettings, people: &[u128]) {
        let members = people.iter().zip(0..).map(|(person, place)| Member {
            place,
            ..Member::new(staff(*person))
        });
        self.queues.set_department(department(id), settings, members.collect());
    }

    fn later(&mut self, ms: u64) -> &mut Office {
        self.now += ms;
        self
    }

    /// They come to work, a millisecond after each other.
    fn at_work(&mut self, people: &[u128]) {
        for person in people {
            self.report(*person, true, 0);
            self.now += 1;
        }
    }

    fn report(&mut self, person: u128, reachable: bool, calls: u16) {
        let state = AgentState { reachable, calls };
        self.queues.agent_changed(staff(person), state, self.now);
    }

    fn join(&mut self, id: u128) {
        self.join_as(id, SALES, Entrant::default()).unwrap();
    }

    fn join_vip(&mut self, id: u128) {
        let vip = Entrant {
            vip: true,
            ..Entrant::default()
        };
        self.join_as(id, SALES, vip).unwrap();
    }

    /// `waited_since` of 0 means now.
    fn join_as(&mut self, id: u128, to: u128, mut entrant: Entrant) -> Result<Place, JoinRefusal> {
        if entrant.waited_since == 0 {
            entrant.waited_since = self.now;
        }
        self.queues.join(call(id), department(to), entrant, self.now)
    }

    /// The offers until there is none: the call and those at whom it rings.
    fn offers(&mut self) -> Vec<(u128, Vec<u128>)> {
        let mut offers = Vec::new();
        while let Some(offer) = self.queues.next_offer(self.now) {
            let mut agents: Vec<u128> = offer.agents.iter().map(|staff| staff.as_u128()).collect();
            agents.sort_unstable();
            offers.push((offer.call.as_u128(), agents));
            assert!(offers.len() < 1_000, "offers without end");
        }
        offers
    }

    fn refuse(&mut self, id: u128, person: u128, why: Refusal) -> bool {
        self.queues.refused(call(id), staff(person), why, self.now)
    }

    fn ring_out(&mut self, id: u128) {
        assert!(self.queues.offer_over(call(id), self.now));
    }

    fn answer(&mut self, id: u128, person: u128) {
        assert!(self.queues.answered(call(id), staff(person), self.now));
    }

    fn finish(&mut self, person: u128) {
        let served = self.queues.agents[&staff(person)].serves[0].call;
        assert!(self.queues.finished(served, self.now));
    }

    fn pass(&mut self) -> Vec<(u128, ExpiredWhy)> {
        let expired = self.queues.pass(self.now);
        expired.iter().map(|gone| (gone.call.as_u128(), gone.why)).collect()
    }

    fn order(&self) -> Vec<u128> {
        let calls = self.queues.calls(department(SALES));
        calls.iter().map(|call| call.as_u128()).collect()
    }

    fn statistics(&self) -> Statistics {
        self.queues.statistics(department(SALES)).unwrap()
    }
}
