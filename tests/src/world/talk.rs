//! Who hears whom: what stories of several parties ask.

use super::phone::{Manner, State};
use super::{World, ms, s};

impl World {
    /// One calls another, and both talk; each has the call last in its list.
    pub fn talk(&mut self, caller: usize, callee: usize, number: &str) -> usize {
        let manner = std::mem::replace(&mut self.phones[callee].manner, Manner::Answer(ms(500)));
        let before = self.phones[callee].calls.len();
        let call = self.dial(caller, number);
        let both = self.wait_for(s(60), |world| {
            let taken = world.phones[callee].calls.get(before).map(|call| call.state);
            world.phones[caller].call(call).state == State::Talking && taken == Some(State::Talking)
        });
        assert!(both, "{:#?}", self.transcript.ladder());
        self.phones[callee].manner = manner;
        self.run_for(s(2));
        call
    }

    /// The media threads have joined the last calls of these two phones.
    pub fn together(&self, one: usize, other: usize) -> bool {
        let leg = |phone: usize| {
            let talking = self.phones[phone]
                .calls
                .iter()
                .rfind(|call| call.state == State::Talking)?;
            self.media.leg_at(talking.heard.as_ref()?.port)
        };
        let (Some(one), Some(other)) = (leg(one), leg(other)) else {
            return false;
        };
        self.media.legs.get(&one).and_then(|leg| leg.joined) == Some(other)
    }

    /// Hangs up whatever a phone has.
    pub fn end_calls(&mut self, phone: usize) {
        for call in 0..self.phones[phone].calls.len() {
            if self.phones[phone].call(call).state != State::Over {
                self.hang_up(phone, call);
            }
        }
    }

    /// Every message that the server sent to a phone.
    pub fn all_sent_to(&self, phone: usize) -> impl Iterator<Item = String> {
        let name = &self.phones[phone].name;
        let lines = self.transcript.lines().iter();
        let sent = lines.filter(move |line| line.from_server && line.phone == *name);
        sent.map(|line| String::from_utf8_lossy(&line.bytes).into_owned())
    }

    /// What the server sent to a phone, whole.
    pub fn sent_to(&self, phone: usize, title: &str) -> Vec<String> {
        let name = &self.phones[phone].name;
        let lines = self.transcript.lines().iter();
        let sent = lines.filter(|line| line.from_server && line.phone == *name && line.title() == title);
        sent.map(|line| String::from_utf8_lossy(&line.bytes).into_owned())
            .collect()
    }
}
