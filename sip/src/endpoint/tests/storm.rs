//! Owners that do anything at any time over a bad net, beside a model of what each of them was promised.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::net::{CALLEE, CALLER, FAIR, Net, Weather, accept, body, bye, established, invite, reply, ring, willing};
use crate::command::Command;
use crate::event::{Event, SessionId, TransactionId};

#[derive(Debug, Default)]
struct Told {
    invited: bool,
    answered: u32,
    over: u32,
    reinvites: u32,
    results: u32,
    sent: u32,
    sent_results: u32,
}

struct Storm {
    net: Net,
    rng: StdRng,
    told: BTreeMap<(usize, SessionId), Told>,
    offers: Vec<(usize, SessionId)>,
    requests: Vec<(usize, TransactionId)>,
    heard: usize,
}

impl Storm {
    fn new(weather: Weather, seed: u8) -> Self {
        Storm {
            net: Net::new(weather, seed),
            rng: StdRng::from_seed([seed ^ 0x5a; 32]),
            told: BTreeMap::new(),
            offers: Vec::new(),
            requests: Vec::new(),
            heard: 0,
        }
    }

    fn listen(&mut self) {
        while let Some((side, event)) = self.net.events.get(self.heard) {
            self.heard += 1;
            let Some(session) = event.session() else { continue };
            let told = self.told.entry((*side, session)).or_default();
            assert_eq!(told.over, 0, "{event:?} after the end");
            match event {
                Event::Invite { .. } => assert!(!std::mem::replace(&mut told.invited, true)),
                Event::Answered { .. } => told.answered += 1,
                Event::Refused { .. } | Event::Ended { .. } | Event::Cancelled { .. } => told.over += 1,
                Event::Offer { .. } => self.offers.push((*side, session)),
                Event::OfferResult { .. } => told.results += 1,
                Event::InDialog { transaction, .. } => self.requests.push((*side, *transaction)),
                Event::InDialogResult { .. } => told.sent_results += 1,
                Event::Progress { .. }
                | Event::SecondOffer { .. }
                | Event::Acked { .. }
                | Event::Request { .. }
                | Event::Response { .. }
                | Event::Subscribe { .. }
                | Event::SubscriptionRefreshed { .. }
                | Event::SubscriptionEnded { .. }
                | Event::FlowLeft { .. } => {}
            }
            assert!(told.answered <= 1 && told.results <= told.reinvites && told.sent_results <= told.sent);
        }
    }

    fn act(&mut self) {
        let choice = self.rng.random_range(0..29);
        if choice == 0 {
            let side = self.rng.random_range(0..2);
            let session = self.net.ends[side].new_session();
            let offer = self.rng.random_bool(0.7).then(|| body("offer"));
            let mut invite = invite(session, self.net.flow(side), offer);
            invite.request_uri = format!("sip:x@192.0.2.{}", 2 - side);
            self.told.insert((side, session), Told::default());
            self.net.command(side, Command::Invite(Box::new(invite)));
            return;
        }
        if (1..=5).contains(&choice) {
            if let Some((side, session)) = self.pick_offer() {
                self.answer(side, session);
            }
            return;
        }
        if (6..=8).contains(&choice) {
            let at = self.rng.random_range(0..=self.requests.len());
            if let Some((side, transaction)) = self.requests.get(at).copied() {
                self.net.command(
                    side,
                    Command::Respond {
                        transaction,
                        reply: reply(200),
                    },
                );
            }
            return;
        }
        let live: Vec<_> = self
            .told
            .iter()
            .filter(|(_, told)| told.over == 0)
            .map(|(key, _)| *key)
            .collect();
        let Some((side, session)) = live.get(self.rng.random_range(0..=live.len())).copied() else {
            return;
        };
        self.command(side, session, choice);
    }

    fn command(&mut self, side: usize, session: SessionId, choice: u32) {
        let known = self.net.ends[side].session_info(session).is_some();
        let told = self.told.get_mut(&(side, session)).unwrap();
        let command = match choice {
            9 => ring(session),
            10..=11 => Command::Ring {
                session,
                status: 183,
                headers: Vec::new(),
                body: self.rng.random_bool(0.7).then(|| body("early")),
            },
            12..=15 => accept(session),
            16 => Command::Refuse {
                session,
                reply: reply(486),
            },
            17 => Command::Cancel { session, reason: None },
            18..=23 => Command::Reinvite {
                session,
                headers: Vec::new(),
                body: body("again"),
            },
            24..=27 => Command::SendInDialog {
                session,
                token: 1,
                method: "INFO".into(),
                headers: Vec::new(),
                body: None,
            },
            _ => bye(session),
        };
        told.reinvites += u32::from(known && matches!(command, Command::Reinvite { .. }));
        told.sent += u32::from(matches!(command, Command::SendInDialog { .. }));
        let ends = matches!(command, Command::Bye { .. }) && known;
        self.net.command(side, command);
        self.listen();
        let told = self.told.get_mut(&(side, session)).unwrap();
        let gone = self.net.ends[side].session_info(session).is_none();
        if ends || (gone && told.over == 0) {
            told.over += 1;
        }
    }

    fn pick_offer(&mut self) -> Option<(usize, SessionId)> {
        let at = self.rng.random_range(0..=self.offers.len());
        (at < self.offers.len()).then(|| self.offers.swap_remove(at))
    }

    fn answer(&mut self, side: usize, session: SessionId) {
        let command = if self.rng.random_bool(0.7) {
            Command::AnswerOffer {
                session,
                body: body("fine"),
            }
        } else {
            Command::RefuseOffer {
                session,
                reply: reply(488),
            }
        };
        self.net.command(side, command);
    }

    fn finish(&mut self) {
        self.listen();
        for ((side, session), told) in &mut self.told {
            if told.over == 0 {
                told.over += 1;
                self.net.command(*side, bye(*session));
                assert!(self.net.ends[*side].poll_event().is_none(), "no event follows");
            }
        }
        self.heard = self.net.events.len();
        for _ in 0..200 {
            self.net.pass(1000);
            while let Some((side, event)) = self.net.events.get(self.heard) {
                let (side, invited) = (*side, matches!(event, Event::Invite { .. }));
                self.heard += 1;
                if let Some(session) = event.session().filter(|_| invited) {
                    self.net.command(
                        side,
                        Command::Refuse {
                            session,
                            reply: reply(480),
                        },
                    );
                }
            }
        }
        self.net.assert_nothing_is_left();
    }
}

#[test]
fn whatever_two_owners_do_each_session_ends_once_and_nothing_is_left() {
    let weathers = [(0, 0, 1), (0, 30, 600), (10, 10, 200), (30, 10, 800)];
    for (loss, double, delay) in weathers {
        for seed in 0..40 {
            let mut storm = Storm::new(Weather { loss, double, delay }, seed);
            for _ in 0..250 {
                storm.act();
                storm.listen();
                let pause = storm.rng.random_range(0..1500);
                storm.net.pass(pause);
                storm.listen();
            }
            storm.finish();
        }
    }
}

#[test]
fn mutated_messages_in_the_middle_of_calls_do_no_harm() {
    let mut rng = StdRng::from_seed([77; 32]);
    for seed in 0..12 {
        let mut net = Net::new(FAIR, seed);
        let (caller, callee) = established(&mut net);
        net.command(
            CALLEE,
            Command::Reinvite {
                session: callee,
                headers: Vec::new(),
                body: body("again"),
            },
        );
        net.run(300, &mut willing);
        net.call(Some(body("offer")));
        net.run(300, &mut willing);
        net.command(CALLER, bye(caller));
        net.run(300, &mut willing);
        let spoken = net.spoken.clone();
        for _ in 0..1500 {
            let (side, bytes) = &spoken[rng.random_range(0..spoken.len())];
            let mut bytes = bytes.to_vec();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..bytes.len());
                match rng.random_range(0..4) {
                    0 => bytes[at] = rng.random(),
                    1 => bytes.truncate(at.max(1)),
                    2 => drop(bytes.splice(at..at, *b"9")),
                    _ => drop(bytes.remove(at)),
                }
                if bytes.is_empty() {
                    bytes.push(b'x');
                }
            }
            let (flow, now) = (net.flow(1 - side), net.now());
            net.ends[1 - side].receive(&flow, bytes.into(), now);
            net.pass_over(1 - side);
        }
        net.end_all();
    }
}
