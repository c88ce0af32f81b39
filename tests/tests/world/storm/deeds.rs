//! What is done in a storm, by whom it can be done at that moment.

use std::sync::Arc;

use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk_routing::plan::RecordingPolicy;
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::sdp::{ALAW, ULAW};
use frontdesk_tests::world::{ms, s};
use rand::Rng;

use super::{Deed, EVERYBODY, Storm, plan};

/// Dialled in place of a number: pickups, parked parties, and what we do ourselves.
const CODES: [&str; 18] = [
    "*8", "*8", "**101", "**102", "**103", "**104", "701", "701", "702", "*68", "*43", "*65", "*79", "*73", "*72104",
    "*90103", "*92101", "*93",
];
/// So far back in the transcript a place that was told is looked for.
const RECENT: usize = 600;

impl Storm {
    /// Whether that was possible.
    pub fn perform(&mut self, deed: Deed, phone: usize) -> bool {
        match deed {
            Deed::Dial => self.dial(phone),
            Deed::Consult => self.consult(),
            Deed::PickUp => self.pick_up(phone),
            Deed::Fetch => self.fetch(phone),
            Deed::Transfer => self.transfer(phone),
            Deed::End => self.with_call(phone, None, |storm, phone, call| storm.world.give_up(phone, call)),
            Deed::TakeOver => self.take_over(phone),
            Deed::JoinCalls => self.join_calls(),
            Deed::Hold => self.offer(phone, true, &["sendonly", "sendrecv", "inactive"]),
            Deed::Update => self.offer(phone, false, &["sendonly", "sendrecv"]),
            Deed::Info => self.with_call(phone, Some(State::Talking), |storm, phone, call| {
                storm.world.act(phone, |phone, now| phone.info(call, now));
                true
            }),
            Deed::ChangeManner => self.change_manner(phone),
            Deed::Register => self.register(phone, 3600),
            Deed::Unregister => self.register(phone, 0),
            Deed::Operator => self.operator(),
            Deed::FallSilent => self.with_call(phone, Some(State::Talking), Storm::fall_silent),
            Deed::BreakConnection => self.break_connection(),
            Deed::NatForgets => self.nat_forgets(phone),
            Deed::ChangePlan => {
                let policy = [RecordingPolicy::Always, RecordingPolicy::Never][self.rng.random_range(0..2)];
                let count = self.rng.random_range(2..=4);
                self.world
                    .input(Input::Plan(Arc::new(plan(&EVERYBODY[..count], policy))));
                true
            }
            Deed::FillJournal => {
                let load = self.rng.random_range(60..=100);
                self.world.input(Input::JournalLoad(load));
                true
            }
            Deed::EmptyJournal => {
                self.world.input(Input::JournalLoad(0));
                true
            }
            Deed::Restart => self.restart(),
            Deed::Crash => self.crash(),
        }
    }

    fn dial(&mut self, phone: usize) -> bool {
        let number = match self.rng.random_range(0..4) {
            0 => CODES[self.rng.random_range(0..CODES.len())],
            _ => ["101", "102", "103", "104", "200", "999", "300", "*96102"][self.rng.random_range(0..8)],
        };
        self.dial_number(phone, number)
    }

    fn dial_number(&mut self, phone: usize, number: &str) -> bool {
        let with_offer = self.rng.random_range(0..5) > 0;
        self.world.phones[phone].forgets_answer = self.rng.random_range(0..20) == 0;
        self.world.act(phone, |phone, now| phone.dial(number, with_offer, now));
        true
    }

    /// Somebody of those whose last call is so.
    fn any(&mut self, state: State) -> Option<usize> {
        let phones = self.world.phones.iter().enumerate();
        let fitting = phones.filter(|(_, phone)| phone.calls.last().is_some_and(|call| call.state == state));
        let fitting: Vec<usize> = fitting.map(|(at, _)| at).collect();
        (!fitting.is_empty()).then(|| fitting[self.rng.random_range(0..fitting.len())])
    }

    /// Whoever talks calls somebody else beside.
    fn consult(&mut self) -> bool {
        let Some(phone) = self.any(State::Talking) else {
            return false;
        };
        let number = ["101", "102", "103", "104"][self.rng.random_range(0..4)];
        self.dial_number(phone, number)
    }

    /// By code, of a phone that rings.
    fn pick_up(&mut self, phone: usize) -> bool {
        let Some(ringing) = self.any(State::Ringing) else {
            return false;
        };
        let user = &self.world.phones[ringing].user;
        let owner = EVERYBODY.iter().find(|person| person.user == *user);
        let Some(owner) = owner.filter(|_| ringing != phone) else {
            return false;
        };
        match self.rng.random_range(0..4) {
            0 => self.dial_number(phone, "*8"),
            _ => self.dial_number(phone, &format!("**{}", owner.number)),
        }
    }

    /// From the place that somebody was told of last.
    fn fetch(&mut self, phone: usize) -> bool {
        let place = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let place = text.split("200 Parked at ").nth(1)?;
            Some(place.trim_end().to_owned())
        };
        let recent = self.world.transcript.lines().iter().rev().take(RECENT);
        let told = recent
            .filter(|line| line.from_server)
            .find_map(|line| place(&line.bytes));
        told.is_some_and(|place| self.dial_number(phone, &place))
    }

    /// Blind: to somebody, to a department, to a place, to a menu, to a mailbox, to nobody.
    fn transfer(&mut self, phone: usize) -> bool {
        let number = [
            "101", "102", "103", "104", "200", "999", "*68", "*68", "*68", "*68", "702", "*43", "300", "300", "*96102",
        ][self.rng.random_range(0..15)];
        self.with_call(phone, Some(State::Talking), |storm, phone, call| {
            storm.world.act(phone, |phone, now| phone.refer(call, number, now));
            true
        })
    }

    /// Attended: of two calls of one phone, whatever state the second is in.
    fn join_calls(&mut self) -> bool {
        let of_one = |(at, phone): (usize, &frontdesk_tests::world::phone::Phone)| {
            let calls = phone.calls.iter().enumerate();
            let mut live = calls
                .filter(|(_, call)| call.state != State::Over)
                .map(|(call, _)| call);
            Some((at, live.next()?, live.next_back()?))
        };
        let pairs: Vec<(usize, usize, usize)> = self.world.phones.iter().enumerate().filter_map(of_one).collect();
        if pairs.is_empty() {
            return false;
        }
        let (phone, first, second) = pairs[self.rng.random_range(0..pairs.len())];
        self.world
            .act(phone, |phone, now| phone.refer_to_call(first, second, now));
        true
    }

    /// An INVITE that names a dialog of another phone, early or not.
    fn take_over(&mut self, phone: usize) -> bool {
        let of = self.rng.random_range(0..self.world.phones.len());
        let early_only = self.rng.random_range(0..2) == 0;
        self.with_call(of, None, |storm, of, call| {
            let value = storm.world.phones[of].replaces(call, early_only);
            storm.world.phones[phone].claims.push(("Replaces".into(), value));
            storm.dial(phone);
            storm.world.phones[phone].claims.pop();
            true
        })
    }

    fn offer(&mut self, phone: usize, again: bool, directions: &[&'static str]) -> bool {
        let direction = directions[self.rng.random_range(0..directions.len())];
        self.with_call(phone, Some(State::Talking), |storm, phone, call| {
            storm.world.act(phone, |phone, now| match again {
                true => phone.reinvite(call, direction, now),
                false => phone.update(call, direction, now),
            });
            true
        })
    }

    fn with_call(
        &mut self,
        phone: usize,
        state: Option<State>,
        deed: impl FnOnce(&mut Storm, usize, usize) -> bool,
    ) -> bool {
        let calls = self.world.phones[phone].calls.iter();
        let fitting = calls.enumerate().filter(|(_, call)| match state {
            Some(state) => call.state == state,
            None => call.state != State::Over,
        });
        let call = fitting.map(|(index, _)| index).next_back();
        call.is_some_and(|call| deed(self, phone, call))
    }

    fn change_manner(&mut self, phone: usize) -> bool {
        let after = ms(self.rng.random_range(0..4_000));
        self.world.phones[phone].manner = match self.rng.random_range(0..10) {
            0..6 => Manner::Answer(after),
            6 => Manner::Ring,
            7 => Manner::Refuse(
                [486, 603, 480, 404, 500, 302, 302, 302][self.rng.random_range(0..8)],
                after,
            ),
            8 => Manner::Refuse(486, s(0)),
            _ => Manner::Mute,
        };
        self.world.phones[phone].early = self.rng.random_bool(0.3);
        let reliable = self.rng.random_range(0..4) == 0;
        self.world.phones[phone].claims = self.claims(phone);
        if reliable {
            let required = ("Require".into(), "100rel".to_owned());
            self.world.phones[phone].claims.push(required);
        }
        self.world.phones[phone].codecs =
            [vec![ALAW, ULAW], vec![ULAW], vec![ALAW], vec![18]][self.rng.random_range(0..4)].clone();
        self.world.phones[phone].lets_go = self.rng.random_range(0..4) > 0;
        let number = ["101", "103", "104", "999"][self.rng.random_range(0..4)];
        self.world.phones[phone].sends_on_to = Some(number.to_owned());
        self.world.phones[phone].offer_status = [200, 200, 200, 488, 491, 500][self.rng.random_range(0..6)];
        true
    }

    fn register(&mut self, phone: usize, expires: u32) -> bool {
        self.world.act(phone, |phone, now| phone.register(expires, now));
        true
    }

    fn operator(&mut self) -> bool {
        let call = self.world.calls_up().first().copied();
        if let Some(call) = call {
            self.world.input(Input::Operator(OperatorCommand::HangUp { call }));
        }
        call.is_some()
    }

    fn fall_silent(&mut self, phone: usize, call: usize) -> bool {
        let heard = self.world.phones[phone].call(call).heard.as_ref();
        let leg = heard.and_then(|heard| self.world.media.leg_at(heard.port));
        if leg.is_some() {
            self.world.fall_silent(phone, call);
        }
        leg.is_some()
    }

    fn break_connection(&mut self) -> bool {
        let connected = self.connected();
        let phone = connected[self.rng.random_range(0..connected.len())];
        self.world.break_connection(phone);
        self.world.register(phone);
        true
    }

    /// Whoever is connected by a stream.
    fn connected(&self) -> Vec<usize> {
        let phones = self.world.phones.iter().enumerate();
        let connected = phones.filter(|(_, phone)| phone.flow.transport != Transport::Udp);
        connected.map(|(at, _)| at).collect()
    }

    /// Mostly the phone notices and registers from its new port, as it would with its next sign of life.
    fn nat_forgets(&mut self, phone: usize) -> bool {
        if self.world.phones[phone].nat.is_none() {
            return false;
        }
        self.world.nat_forgets(phone);
        if self.rng.random_bool(0.7) {
            self.world.register(phone);
        }
        true
    }

    /// The process ends in good order and comes back with what was written down.
    fn restart(&mut self) -> bool {
        self.world.input(Input::Drain);
        self.world.input(Input::HangUpAll);
        self.world.media.assert_empty();
        self.world.restart(plan(&EVERYBODY, RecordingPolicy::Always));
        true
    }

    /// The process dies with all calls that are up; whoever had a connection comes by a new one.
    fn crash(&mut self) -> bool {
        self.cut += self.world.crash(plan(&EVERYBODY, RecordingPolicy::Always));
        for phone in self.connected() {
            self.world.register(phone);
        }
        true
    }
}
