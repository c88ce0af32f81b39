//! A peer that says anything at any time, in messages that are well formed: what we send stays well formed and bounded,
//! nobody hears of a session after its end, and nothing is left.

use std::collections::BTreeSet;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::net::{accept, body, bye, invite, reply};
use super::script::{Script, field, request};
use crate::command::Command;
use crate::event::{Event, SessionId, TransactionId};
use crate::flow::FlowId;
use crate::wire::{Framing, Message};

const METHODS: &[&str] = &[
    "INVITE", "ACK", "BYE", "CANCEL", "PRACK", "PRACK", "UPDATE", "UPDATE", "INFO", "OPTIONS",
];

const STATUSES: &[&str] = &[
    "100 x", "180 x", "183 x", "183 x", "200 x", "200 x", "200 x", "202 x", "302 x", "401 x", "405 x", "408 x",
    "422 x", "481 x", "487 x", "491 x", "500 x", "503 x", "603 x",
];

const FIELDS: &[&str] = &[
    "Supported: timer, 100rel\n",
    "Require: 100rel\nRSeq: 1\n",
    "Require: 100rel\nRSeq: 2\n",
    "Require: 100rel\nRSeq: 4294967295\n",
    "Require: 100rel\n",
    "Require: timer\nSession-Expires: 90;refresher=uac\n",
    "Session-Expires: 90;refresher=uas\nSupported: timer\n",
    "Session-Expires: 1\nSupported: timer\n",
    "Session-Expires: 0\n",
    "Session-Expires: 4294967295\nMin-SE: 4294967295\nSupported: timer\n",
    "Min-SE: 3600\n",
    "Min-SE: 100000\n",
    "Allow: INVITE, UPDATE, BYE\n",
    "Allow: INVITE, BYE\n",
    "Retry-After: 0\n",
    "Retry-After: 99999999999\n",
    "Retry-After: 3 (soon);duration=5\n",
    "RAck: 1 1 INVITE\n",
    "RAck: 4294967295 4294967295 INVITE\n",
    "Replaces: c1;to-tag=0000000000000000;from-tag=ft\n",
    "Max-Breadth: 0\n",
    "",
    "",
];

struct Chaos {
    script: Script,
    rng: StdRng,
    sessions: Vec<SessionId>,
    over: BTreeSet<SessionId>,
    transactions: Vec<TransactionId>,
    /// Our last requests and responses, as text.
    requests: Vec<String>,
    responses: Vec<String>,
    number: u32,
}

impl Chaos {
    fn new(seed: u64) -> Chaos {
        Chaos {
            script: Script::new(),
            rng: StdRng::seed_from_u64(seed),
            sessions: Vec::new(),
            over: BTreeSet::new(),
            transactions: Vec::new(),
            requests: Vec::new(),
            responses: Vec::new(),
            number: 0,
        }
    }

    fn fields(&mut self) -> String {
        let mut fields = String::new();
        for _ in 0..self.rng.random_range(0..3) {
            fields.push_str(FIELDS.choose(&mut self.rng).unwrap());
        }
        // The last RSeq that we sent, so that some PRACKs fit.
        if let Some(rseq) = self.responses.iter().rev().find_map(|text| field(text, "RSeq")) {
            fields.push_str(&format!("RAck: {rseq} 1 INVITE\n"));
        }
        fields
    }

    fn described(&mut self, text: String) -> String {
        match self.rng.random_bool(0.4) {
            true => text.replace(
                "Content-Length: 0\n\n",
                "Content-Type: application/sdp\nContent-Length: 5\n\noffer",
            ),
            false => text,
        }
    }

    fn step(&mut self) {
        self.number += 1;
        let sent = match self.rng.random_range(0..20) {
            0 => self.new_invite(),
            1 => self.call(),
            2..8 => self.respond(),
            8..13 => self.ask(),
            13..18 => self.act(),
            18 => {
                let pause = self.rng.random_range(0..3_000);
                self.script.pass(pause)
            }
            _ => {
                let pause = [40_000, 100_000, 900_000][self.rng.random_range(0..3)];
                self.script.pass(pause)
            }
        };
        self.listen(sent);
    }

    fn new_invite(&mut self) -> Vec<(FlowId, String)> {
        let extra = self.fields();
        let text = request("INVITE", &format!("z9hG4bKn{}", self.number), &extra);
        let text = self.described(text.replace("Call-ID: c1", &format!("Call-ID: c{}", self.number)));
        self.script.give(&text)
    }

    fn call(&mut self) -> Vec<(FlowId, String)> {
        let session = self.script.endpoint.new_session();
        self.sessions.push(session);
        let offer = self.rng.random_bool(0.7).then(|| body("offer"));
        let mut invite = invite(session, self.script.flow, offer);
        invite.request_uri = "sip:101@192.0.2.9:40000".to_owned();
        self.script.command(Command::Invite(Box::new(invite)))
    }

    fn respond(&mut self) -> Vec<(FlowId, String)> {
        let Some(ours) = self.requests.choose(&mut self.rng).cloned() else {
            return Vec::new();
        };
        let copied =
            ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\n", field(&ours, name).unwrap()));
        let to = field(&ours, "To").unwrap();
        let tag = ["one", "two", "three"].choose(&mut self.rng).unwrap();
        let to = if to.contains(";tag=") {
            to.to_owned()
        } else {
            format!("{to};tag={tag}")
        };
        let (status, extra) = (STATUSES.choose(&mut self.rng).unwrap(), self.fields());
        let text = format!(
            "SIP/2.0 {status}\n{}To: {to}\nContact: <sip:{tag}@192.0.2.9:40000>\n{extra}Content-Length: 0\n\n",
            copied.concat()
        );
        let text = self.described(text);
        self.script.give(&text)
    }

    /// A request inside one of the dialogs.
    fn ask(&mut self) -> Vec<(FlowId, String)> {
        let method = *METHODS.choose(&mut self.rng).unwrap();
        let inbound = self.rng.random_bool(0.5);
        let source = if inbound { &self.responses } else { &self.requests };
        let Some(ours) = source.choose(&mut self.rng).cloned() else {
            return Vec::new();
        };
        // What is From in our requests is To in theirs.
        let (from, to) = if inbound { ("From", "To") } else { ("To", "From") };
        let (from, to) = (field(&ours, from).unwrap(), field(&ours, to).unwrap());
        let number = self
            .rng
            .random_range(1..=6)
            .max(self.number / 8 * u32::from(self.rng.random_bool(0.7)));
        let extra = self.fields();
        let text = request(method, &format!("z9hG4bKi{}", self.number), &extra)
            .replace("From: <sip:101@pbx.example>;tag=ft", &format!("From: {from}"))
            .replace("To: <sip:102@pbx.example>", &format!("To: {to}"))
            .replace("Call-ID: c1", &format!("Call-ID: {}", field(&ours, "Call-ID").unwrap()))
            .replace("CSeq: 1 ", &format!("CSeq: {number} "));
        let text = self.described(text);
        self.script.give(&text)
    }

    fn act(&mut self) -> Vec<(FlowId, String)> {
        if let Some(transaction) = self.transactions.pop() {
            let reply = reply(200);
            return self.script.command(Command::Respond { transaction, reply });
        }
        let recent = self.sessions.len().saturating_sub(6);
        let Some(session) = self.sessions[recent..].choose(&mut self.rng).copied() else {
            return Vec::new();
        };
        let headers = Vec::new;
        let described = self.rng.random_bool(0.6);
        let command = match self.rng.random_range(0..12) {
            0..3 => Command::Ring {
                session,
                status: 183,
                headers: headers(),
                body: described.then(|| body("early")),
            },
            3..5 => accept(session),
            5..7 => Command::AnswerOffer {
                session,
                body: body("answer"),
            },
            7 => Command::RefuseOffer {
                session,
                reply: reply(488),
            },
            8..10 => Command::Reinvite {
                session,
                headers: headers(),
                body: body("again"),
            },
            10 => Command::SendInDialog {
                session,
                token: 1,
                method: "UPDATE".into(),
                headers: headers(),
                body: None,
            },
            _ if described => Command::Cancel { session, reason: None },
            _ => {
                self.over.insert(session);
                bye(session)
            }
        };
        self.script.command(command)
    }

    fn listen(&mut self, sent: Vec<(FlowId, String)>) {
        assert!(sent.len() < 2_000, "{} messages at once", sent.len());
        for (_, text) in sent {
            let message = Message::parse(Bytes::from(text.clone()), Framing::Stream).unwrap();
            assert!(message.fault().is_none(), "{text}");
            let text = text.replace("\r\n", "\n");
            let kept = if message.is_request() {
                &mut self.requests
            } else {
                &mut self.responses
            };
            kept.push(text);
            if kept.len() > 12 {
                kept.remove(0);
            }
        }
        for event in self.script.events() {
            if let Some(session) = event.session() {
                let late = matches!(event, Event::InDialogResult { .. } | Event::OfferResult { .. });
                assert!(late || !self.over.contains(&session), "{event:?} after the end");
            }
            if let Event::Refused { session, .. } | Event::Cancelled { session, .. } | Event::Ended { session, .. } =
                event
            {
                self.over.insert(session);
            } else if let Event::Invite { session, .. } = event {
                self.sessions.push(session);
            } else if let Event::Request { transaction, .. } | Event::InDialog { transaction, .. } = event {
                self.transactions.push(transaction);
            }
        }
    }
}

#[test]
fn whatever_a_peer_says_in_and_about_dialogs_nothing_is_left() {
    for seed in 0..16 {
        let mut chaos = Chaos::new(seed);
        for _ in 0..1_200 {
            chaos.step();
        }
        for session in std::mem::take(&mut chaos.sessions) {
            let sent = chaos.script.command(bye(session));
            chaos.over.insert(session);
            chaos.listen(sent);
        }
        chaos.script.pass(100_000);
        chaos.script.events();
        chaos.script.assert_nothing_is_left();
    }
}
