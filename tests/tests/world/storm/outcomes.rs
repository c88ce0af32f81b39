//! What came of the deeds of storms.

use frontdesk::engine::output::BoardChange;
use frontdesk_tests::world::World;
use frontdesk_tests::world::people::{CLIENT_NUMBER, LINE};

use super::{HIDDEN_FROM, SECRET, STUB};

/// What became of deeds, in all storms.
#[derive(Debug, Default)]
pub struct Outcomes {
    answered: usize,
    /// Sent to somebody else by a transfer that was taken up.
    transferred: usize,
    /// Two calls that a transfer has made one.
    joined: usize,
    held: usize,
    picked_up: usize,
    parked: usize,
    fetched: usize,
    served: usize,
    taken_over: usize,
    into_us: usize,
    forwarded: usize,
    acknowledged: usize,
    /// That were up when the process died.
    cut: usize,
    /// Messages to people who are not to see the number of somebody whom they name.
    hidden: usize,
}

impl Outcomes {
    pub fn add(&mut self, world: &World, cut: usize) {
        let records = world.records_of_calls();
        let told = |what: &str| records.iter().filter(|row| row.because.contains(what)).count();
        let pracks = world
            .transcript
            .lines()
            .iter()
            .filter(|line| line.title() == "200 PRACK");
        let calls = || world.phones.iter().flat_map(|phone| &phone.calls);
        let reached = |numbers: &[&str]| {
            let dialled = calls().filter(|call| call.outgoing && numbers.contains(&call.dialled.as_str()));
            dialled.filter(|call| call.status == Some(200)).count()
        };
        let held = world
            .board
            .iter()
            .filter(|change| matches!(change, BoardChange::CallHeld { held: true, .. }));
        self.answered += records.iter().filter(|row| row.answered_at.is_some()).count();
        self.transferred += calls().filter(|call| call.told.contains(&200)).count();
        self.joined += told("went on in call");
        self.held += held.count();
        self.picked_up += reached(&["*8", "**101", "**102", "**103", "**104"]);
        self.parked += told("parked at 70");
        self.fetched += reached(&["701", "702"]);
        self.served += told("a feature code");
        self.taken_over += told("taken over by");
        self.into_us += told("to 300; then") + told("to *96102; then");
        self.forwarded += told("forwarded by");
        self.acknowledged += pracks.count();
        self.cut += cut;
        self.hidden += hidden(world);
    }

    /// In so many storms enough of everything has come to pass; the least is that of ten.
    pub fn suffice(&self, storms: usize) {
        let least = [
            (self.answered, 500),
            (self.transferred, 60),
            (self.joined, 30),
            (self.held, 60),
            (self.picked_up, 40),
            (self.parked, 20),
            (self.fetched, 6),
            (self.served, 200),
            (self.taken_over, 40),
            (self.into_us, 10),
            (self.forwarded, 5),
            (self.acknowledged, 200),
            (self.cut, 80),
            (self.hidden, 300),
        ];
        assert!(
            least.iter().all(|(times, least)| times * 10 >= least * storms),
            "{self:?}"
        );
    }
}

/// How many messages hide a number from whoever they go to; none may hold its digits.
fn hidden(world: &World) -> usize {
    let [client, secret] = [CLIENT_NUMBER, SECRET].map(|number| &number[2..]);
    let mut hidden = 0;
    for line in world.transcript.lines() {
        let name = line.phone.trim_end_matches('\'');
        if !line.from_server || name == LINE.name {
            continue;
        }
        let text = String::from_utf8_lossy(&line.bytes);
        let sees_clients = HIDDEN_FROM.iter().all(|person| person.name != name);
        assert!(!text.contains(secret), "{}: {text}", line.phone);
        assert!(sees_clients || !text.contains(client), "{}: {text}", line.phone);
        hidden += usize::from(text.contains(STUB) || text.contains("anonymous.invalid"));
    }
    hidden
}
