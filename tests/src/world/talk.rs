//! Who hears whom: what stories of several parties ask.

use std::time::Duration;

use frontdesk::engine::input::{First, Input, OperatorCommand, Originate};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::ids::{AccountId, CallId};

use super::people::ACCOUNT;
use super::phone::{Manner, State};
use super::{World, ms, s};

/// Longer than any net keeps back what is to come.
const LONG: Duration = Duration::from_secs(120);

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

    /// Goes on until these two hear each other.
    #[track_caller]
    pub fn meet(&mut self, one: usize, other: usize) {
        let met = self.wait_for(LONG, |world| world.together(one, other));
        assert!(met, "{}", self.ladder());
    }

    /// The final status of a call that a phone has made.
    #[track_caller]
    pub fn status_of(&mut self, phone: usize, call: usize) -> u16 {
        self.wait_for(LONG, |world| world.phones[phone].call(call).status.is_some());
        let status = self.phones[phone].call(call).status;
        status.unwrap_or_else(|| panic!("no answer\n{}", self.ladder()))
    }

    /// Goes on until this call of a phone is over.
    #[track_caller]
    pub fn see_end(&mut self, phone: usize, call: usize) {
        let over = self.wait_for(LONG, |world| world.phones[phone].call(call).state == State::Over);
        assert!(over, "{}", self.ladder());
    }

    /// Ends a call in the way that its state asks for; whether there was anything to end.
    pub fn give_up(&mut self, phone: usize, call: usize) -> bool {
        let (state, outgoing) = {
            let call = self.phones[phone].call(call);
            (call.state, call.outgoing)
        };
        match state {
            State::Talking | State::Ringing => self.hang_up(phone, call),
            State::Calling if outgoing => self.act(phone, |phone, now| phone.cancel(call, now)),
            State::Calling | State::Over => return false,
        }
        true
    }

    /// Somebody orders a call by the API or on a site: it has this number.
    pub fn order(&mut self, call: u128, first: First, to: &str, kind: Ordered) {
        let order = Originate {
            call: CallId::from_u128(call),
            account: AccountId::from_u128(ACCOUNT),
            first,
            to: to.to_owned(),
            kind,
        };
        self.input(Input::Operator(OperatorCommand::Originate(Box::new(order))));
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

    /// How often a phone has sent such a message, each again that was lost.
    pub fn sent_by(&self, phone: usize, title: &str) -> usize {
        let name = &self.phones[phone].name;
        let lines = self.transcript.lines().iter();
        lines
            .filter(|line| !line.from_server && line.phone == *name && line.title() == title)
            .count()
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
