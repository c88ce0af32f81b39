//! Challenges to our requests.

use std::sync::Arc;

use bytes::Bytes;

use super::net::{CALLEE, CALLER, FAIR, Net, accept, body, bye, invite, reply};
use crate::auth::{AuthConfig, Authenticator, Check, Credentials, Ha1};
use crate::command::{Command, Reply};
use crate::event::Event;
use crate::wire::{Framing, HeaderName, Message, ResponseBuilder};

const REALM: &str = "provider.example";

/// A provider that wants credentials for what it is sent.
struct Strict {
    auth: Authenticator,
    status: u16,
}

impl Strict {
    fn new(status: u16) -> Strict {
        Strict {
            auth: Authenticator::new([7; 32], AuthConfig::new(REALM)),
            status,
        }
    }

    /// `None`: the request carries the right credentials.
    fn refusal(&mut self, net: &Net, request: &Message) -> Option<Reply> {
        let secrets = |user: &str| (user == "line").then(|| Ha1::new("line", REALM, "secret"));
        let reply = match self.auth.check(&as_authorization(request), &secrets, net.now()) {
            Check::Passed { .. } => return None,
            Check::Challenge { reply } | Check::Failed { reply, .. } => reply,
        };
        let name = if self.status == 407 {
            "Proxy-Authenticate"
        } else {
            "WWW-Authenticate"
        };
        let headers = reply
            .headers
            .into_iter()
            .map(|(_, value)| (name.into(), value))
            .collect();
        Some(Reply {
            status: self.status,
            headers,
            ..Reply::default()
        })
    }

    fn serve(&mut self, net: &mut Net, side: usize, event: &Event) {
        if let Event::Invite { session, request, .. } = event {
            let session = *session;
            let command = match self.refusal(net, request) {
                Some(reply) => Command::Refuse { session, reply },
                None => accept(session),
            };
            net.command(side, command);
        }
        if let Event::Offer { session, request } = event {
            let session = *session;
            let command = match self.refusal(net, request) {
                Some(reply) => Command::RefuseOffer { session, reply },
                None => Command::AnswerOffer {
                    session,
                    body: body("answer"),
                },
            };
            net.command(side, command);
        }
        if let Event::InDialog {
            transaction, request, ..
        } = event
        {
            let reply = self.refusal(net, request).unwrap_or_else(|| reply(200));
            let transaction = *transaction;
            net.command(side, Command::Respond { transaction, reply });
        }
    }
}

/// The checker of this crate reads `Authorization` alone.
fn as_authorization(request: &Message) -> Message {
    let text = String::from_utf8_lossy(request.bytes()).replace("Proxy-Authorization:", "Authorization:");
    Message::parse(Bytes::from(text), Framing::Datagram).unwrap()
}

fn call(net: &mut Net, secret: &str) -> crate::event::SessionId {
    let session = net.ends[CALLER].new_session();
    let mut invite = invite(session, net.flow(CALLER), Some(body("offer")));
    invite.credentials = Some(Arc::new(Credentials {
        user: "line".into(),
        secret: secret.into(),
    }));
    net.command(CALLER, Command::Invite(Box::new(invite)));
    session
}

#[test]
fn a_challenged_invite_goes_again_with_credentials_and_so_does_what_follows() {
    for status in [401, 407] {
        let (mut net, mut strict) = (Net::new(FAIR, 1), Strict::new(status));
        let session = call(&mut net, "secret");
        net.run(3000, &mut |net, side, event| strict.serve(net, side, event));
        assert_eq!(net.names(CALLER), ["Answered"], "{status}");
        let spoken: Vec<String> = net
            .spoken
            .iter()
            .filter(|(side, _)| *side == CALLER)
            .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        let invites: Vec<&String> = spoken.iter().filter(|text| text.starts_with("INVITE")).collect();
        let call_id = |text: &str| {
            text.lines()
                .find(|line| line.starts_with("Call-ID"))
                .unwrap()
                .to_owned()
        };
        assert_eq!(call_id(invites[0]), call_id(invites[1]));
        assert!(invites[0].contains("CSeq: 1 INVITE") && invites[1].contains("CSeq: 2 INVITE"));
        let ack = spoken.iter().rfind(|text| text.starts_with("ACK")).unwrap();
        assert!(ack.contains("uthorization: Digest username=\"line\""), "{ack}");
        let info = Command::SendInDialog {
            session,
            token: 5,
            method: "INFO".into(),
            headers: Vec::new(),
            body: None,
        };
        net.command(CALLER, info);
        net.run(3000, &mut |net, side, event| strict.serve(net, side, event));
        assert_eq!(net.names(CALLER), ["Answered", "InDialogResult 5 200"]);
        net.command(CALLER, bye(session));
        net.pass(3000);
        net.assert_nothing_is_left();
    }
}

#[test]
fn wrong_credentials_are_tried_once() {
    let (mut net, mut strict) = (Net::new(FAIR, 1), Strict::new(401));
    call(&mut net, "wrong");
    net.run(3000, &mut |net, side, event| strict.serve(net, side, event));
    assert_eq!(net.names(CALLER), ["Refused 401"]);
    assert_eq!(net.names(CALLEE), ["Invite", "Invite"]);
    net.assert_nothing_is_left();
}

#[test]
fn a_challenged_bye_goes_again() {
    let (mut net, mut strict) = (Net::new(FAIR, 1), Strict::new(407));
    let session = call(&mut net, "secret");
    net.run(3000, &mut |net, side, event| strict.serve(net, side, event));
    net.lose = Some(|side, text| side == CALLEE && text.contains("BYE"));
    net.command(CALLER, bye(session));
    net.pass(100);
    let (_, sent) = net.spoken.iter().rfind(|(side, _)| *side == CALLER).unwrap().clone();
    let sent = Message::parse(sent, Framing::Datagram).unwrap();
    let challenge = "Digest realm=\"provider.example\", nonce=\"n1\", qop=\"auth\"";
    let refusal = ResponseBuilder::to(&sent, 407, "Proxy Authentication Required")
        .header("Proxy-Authenticate", challenge)
        .body(None)
        .finish();
    let (flow, now) = (net.flow(CALLER), net.now());
    net.ends[CALLER].receive(&flow, refusal, now);
    let again = net.ends[CALLER].poll_transmit().expect("a second BYE");
    let again = Message::parse(again.bytes, Framing::Datagram).unwrap();
    let value = again.header(HeaderName::ProxyAuthorization).expect("credentials");
    assert!(value.starts_with(b"Digest username=\"line\", realm=\"provider.example\", nonce=\"n1\""));
    assert_eq!(again.cseq().unwrap().0, sent.cseq().unwrap().0 + 1);
}

#[test]
fn a_challenged_reinvite_goes_again_of_whoever_called() {
    for calls in [CALLER, CALLEE] {
        let (mut net, mut strict) = (Net::new(FAIR, 1), Strict::new(401));
        call(&mut net, "secret");
        net.run(3000, &mut |net, side, event| strict.serve(net, side, event));
        // The last one: the first INVITE was a session of its own for the callee.
        let events = net.events.iter().rev();
        let mut sessions = events
            .filter(|(side, _)| *side == calls)
            .filter_map(|(_, event)| event.session());
        let session = sessions.next().unwrap();
        let credentials = Credentials {
            user: "line".into(),
            secret: "secret".into(),
        };
        net.ends[calls].set_credentials(session, Arc::new(credentials));
        let reinvite = Command::Reinvite {
            session,
            headers: Vec::new(),
            body: body("again"),
        };
        net.command(calls, reinvite);
        net.run(3000, &mut |net, side, event| strict.serve(net, side, event));
        let last = net.names(calls).pop();
        assert_eq!(last.as_deref(), Some("OfferResult 200"), "{calls}: {:?}", net.steps());
        let refused = net.steps().iter().filter(|step| step.ends_with("401 INVITE")).count();
        assert_eq!(refused, 2, "the INVITE and the re-INVITE: {:?}", net.steps());
        net.command(CALLER, bye(net.session(CALLER)));
        net.pass(3000);
        net.assert_nothing_is_left();
    }
}
