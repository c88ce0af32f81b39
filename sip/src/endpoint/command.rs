//! What the owner asks.

use super::Endpoint;
use super::in_dialog::Inside;
use super::outgoing::Answer;
use crate::Now;
use crate::command::{Body, Command, Headers, Reply};
use crate::dialog::reliable::{Exchange, Provisional};
use crate::dialog::session::{Phase, Unacked};
use crate::dialog::subscription::Notice;
use crate::event::{Event, SessionId};

impl Endpoint {
    pub(super) fn on_command(&mut self, command: Command, now: Now) {
        match command {
            Command::Respond { transaction, reply } => self.respond(transaction, &reply, now),
            Command::Invite(invite) => self.start_invite(*invite, now),
            Command::Request(request) => self.start_outside(*request, now),
            Command::Ring {
                session,
                status,
                headers,
                body,
            } => {
                let status = if (100..200).contains(&status) { status } else { 180 };
                let ring = Provisional { status, headers, body };
                self.ring(session, ring, now);
            }
            Command::Accept { session, headers, body } => {
                if let Some((headers, body)) = self.hold_accept(session, (headers, body)) {
                    self.accept(session, headers, body, now);
                }
            }
            Command::Refuse { session, reply } => self.refuse(session, &reply, now),
            Command::Cancel { session, reason } => self.cancel(session, reason, now),
            Command::AnswerOffer { session, body } => self.answer_offer(session, body, now),
            Command::RefuseOffer { session, reply } => self.refuse_offer(session, &reply, now),
            Command::Reinvite { session, headers, body } => self.want_reinvite(session, headers, body, now),
            Command::SendInDialog {
                session,
                token,
                method,
                headers,
                body,
            } => {
                self.send_in_dialog(
                    session,
                    Inside {
                        token,
                        method,
                        headers,
                        body,
                    },
                    now,
                );
            }
            Command::Bye { session, reason } => self.bye(session, reason, now),
            Command::AcceptSubscription {
                subscription,
                expires,
                headers,
            } => self.accept_subscription(subscription, expires, &headers, now),
            Command::RefuseSubscription { subscription, reply } => self.refuse_subscription(subscription, &reply, now),
            Command::Notify {
                subscription,
                state,
                headers,
                body,
            } => self.notify(subscription, Notice { state, headers, body }, now),
        }
    }

    fn answer_invite(&mut self, id: SessionId, answer: &Answer<'_>, now: Now) {
        if let Some(Phase::Incoming { tx }) = self.sessions.get(&id.0).map(|session| &session.phase) {
            self.answer(*tx, answer, now);
        }
    }

    /// 2xx. When offer and answer have gone in a reliable provisional response and its PRACK, it has no body (RFC 6337
    /// section 2).
    pub(super) fn accept(&mut self, id: SessionId, mut headers: Headers, body: Body, now: Now) {
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        let Phase::Incoming { tx } = session.phase else { return };
        let open = session.exchange() == Exchange::Open;
        let Some(request) = self.server_request(tx).cloned() else {
            return;
        };
        self.agree_as_uas(id, &request, &mut headers, now);
        let answer = Answer {
            headers: &headers,
            body: Some(&body).filter(|_| open),
            contact: true,
            abilities: true,
            ..Answer::of(200)
        };
        self.answer(tx, &answer, now);
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if open {
            session.described = Some(body);
        }
        session.phase = Phase::Established;
        session.unacked = Some(Unacked {
            tx,
            cseq: request.cseq().map_or(0, |(number, _)| number),
            first: true,
            offered: open && request.body().is_empty(),
        });
    }

    fn refuse(&mut self, id: SessionId, reply: &Reply, now: Now) {
        let Some(Phase::Incoming { .. }) = self.sessions.get(&id.0).map(|session| &session.phase) else {
            return;
        };
        let status = if (300..700).contains(&reply.status) {
            reply.status
        } else {
            500
        };
        self.answer_invite(
            id,
            &Answer {
                status,
                ..Answer::from_reply(reply)
            },
            now,
        );
        self.end_established(id, now);
        self.purge_events(id);
    }

    fn cancel(&mut self, id: SessionId, reason: Option<String>, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        match session.phase {
            Phase::Calling { tx } => {
                session.phase = Phase::Cancelling { tx };
                self.purge_events(id);
                self.give_up_invite(tx, reason, now);
            }
            Phase::Answering { .. } | Phase::Established => {
                self.bye(id, reason, now);
                self.events.push_back(Event::Refused {
                    session: id,
                    status: 487,
                    response: None,
                });
            }
            Phase::Incoming { .. } | Phase::Cancelling { .. } | Phase::Leaving { .. } => {}
        }
    }

    fn bye(&mut self, id: SessionId, reason: Option<String>, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        match session.phase {
            Phase::Incoming { .. } => self.refuse(
                id,
                &Reply {
                    status: 480,
                    ..Reply::default()
                },
                now,
            ),
            Phase::Calling { tx } | Phase::Cancelling { tx } => {
                self.give_up_invite(tx, reason, now);
                self.detach(tx, now);
                self.end_session(id);
            }
            Phase::Answering { tx } => {
                self.ack_without_answer(id, tx, now);
                self.hang_up(id, reason, now);
            }
            Phase::Established if session.unacked.is_some_and(|unacked| unacked.first) => {
                session.phase = Phase::Leaving { reason };
            }
            Phase::Established => self.hang_up(id, reason, now),
            Phase::Leaving { .. } => {}
        }
        self.purge_events(id);
    }
}
