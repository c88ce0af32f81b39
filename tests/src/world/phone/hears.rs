//! What a phone makes of what it hears.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_sip::Now;
use frontdesk_sip::auth::{Answering, Login, answer};
use frontdesk_sip::command::{Body, Command, Invite, Party, Reply};
use frontdesk_sip::event::{Event, SessionId};
use frontdesk_sip::wire::{HeaderName, Message, Method};

use super::{DOMAIN, Deed, Manner, Phone, PhoneCall, Secrecy, State};
use crate::world::sdp;

impl Phone {
    pub(super) fn settle(&mut self, now: Now) {
        while let Some(event) = self.endpoint.poll_event() {
            self.on_event(event, now);
        }
    }

    pub(super) fn perform(&mut self, deed: Deed, now: Now) {
        let session = match deed {
            Deed::Ring(session) | Deed::Answer(session) | Deed::Refuse(session, _) => session,
        };
        let Some(index) = self
            .place(session)
            .filter(|index| self.calls[*index].state != State::Over)
        else {
            return;
        };
        match deed {
            Deed::Ring(_) => {
                let body = self.early.then(|| self.answer(index));
                self.command(
                    Command::Ring {
                        session,
                        status: if self.early { 183 } else { 180 },
                        headers: Vec::new(),
                        body,
                    },
                    now,
                );
            }
            Deed::Answer(_) => {
                let body = self.answer(index);
                self.calls[index].state = State::Talking;
                self.calls[index].status = Some(200);
                self.command(
                    Command::Accept {
                        session,
                        headers: self.answers_with.clone(),
                        body,
                    },
                    now,
                );
            }
            Deed::Refuse(_, status) => {
                self.calls[index].state = State::Over;
                self.calls[index].status = Some(status);
                self.command(
                    Command::Refuse {
                        session,
                        reply: Reply {
                            status,
                            headers: self.forwarding(status),
                            ..Reply::default()
                        },
                    },
                    now,
                );
            }
        }
    }

    fn on_event(&mut self, event: Event, now: Now) {
        match event {
            Event::Invite { session, request, .. } => {
                let strict = self.provider.as_mut().filter(|provider| provider.challenges);
                match strict.and_then(|provider| provider.challenge(&request, now)) {
                    Some(reply) => self.endpoint.command(Command::Refuse { session, reply }, now),
                    None => self.on_invite(session, &request),
                }
            }
            Event::Request {
                transaction,
                request,
                flow,
            } => {
                let is_told = request.method() == Method::Notify;
                if is_told {
                    self.unasked.push(String::from_utf8_lossy(request.body()).into_owned());
                }
                let provider = self.provider.as_mut();
                let served = provider.and_then(|provider| provider.answer(&request, &flow, now));
                let reply = served.unwrap_or(Reply {
                    status: if is_told { 200 } else { 405 },
                    ..Reply::default()
                });
                self.endpoint.command(Command::Respond { transaction, reply }, now);
            }
            Event::Response {
                token,
                status,
                response,
            } => self.on_response(token, status, response, now),
            Event::InDialog {
                session,
                transaction,
                request,
            } => {
                if let Some(index) = self.place(session) {
                    self.calls[index].others.push(request.method().as_str().to_owned());
                }
                let reply = Reply {
                    status: 200,
                    ..Reply::default()
                };
                self.endpoint.command(Command::Respond { transaction, reply }, now);
                if let Some(index) = self.place(session) {
                    self.on_transfer_notify(index, &request, now);
                }
            }
            other => {
                let Some(index) = other.session().and_then(|session| self.place(session)) else {
                    return;
                };
                self.on_call_event(index, other, now);
            }
        }
    }

    fn on_call_event(&mut self, index: usize, event: Event, now: Now) {
        let session = self.calls[index].session;
        match event {
            Event::Cancelled { reason, .. } => {
                self.calls[index].reason = reason;
                self.over(index, Some(487));
            }
            Event::Progress { response, .. } => {
                self.calls[index].progress.push(response.status().unwrap_or(0));
                self.calls[index].heard = sdp::read(response.body()).or(self.calls[index].heard.take());
            }
            Event::Answered { response, .. } => {
                // An answer in a reliable 183 is not given again (RFC 6337 section 2).
                self.calls[index].heard = sdp::read(response.body()).or(self.calls[index].heard.take());
                self.calls[index].state = State::Talking;
                self.calls[index].status = Some(200);
                if !self.calls[index].offered && self.forgets_answer {
                    let reply = Reply {
                        status: 488,
                        ..Reply::default()
                    };
                    self.endpoint.command(Command::RefuseOffer { session, reply }, now);
                    self.over(index, Some(200));
                } else if !self.calls[index].offered {
                    let body = self.answer(index);
                    self.endpoint.command(Command::AnswerOffer { session, body }, now);
                }
            }
            Event::Refused {
                status: 401,
                response: Some(response),
                ..
            } if !self.calls[index].tried => {
                self.calls[index].tried = true;
                self.calls[index].session = self.endpoint.new_session();
                self.invite(index, Some(response), now);
            }
            Event::Refused { status, response, .. } => {
                self.calls[index].reason = response.and_then(|response| response.listed(HeaderName::Reason));
                self.over(index, Some(status));
            }
            Event::Acked { body, .. } if !body.is_empty() => self.calls[index].heard = sdp::read(&body),
            Event::Offer { request, .. } => self.on_offer(index, &request, now),
            Event::OfferResult { status, response, .. } => {
                self.calls[index].results.push(status);
                if let Some(seen) = response.and_then(|response| sdp::read(response.body())) {
                    self.calls[index].heard = Some(seen);
                }
            }
            Event::InDialogResult { status, .. } => self.calls[index].results.push(status),
            Event::Ended { by, reason, .. } => {
                self.calls[index].ended_by = Some(by);
                self.calls[index].reason = reason;
                self.over(index, None);
            }
            _ => {}
        }
    }

    fn on_invite(&mut self, session: SessionId, request: &Message) {
        let from = request.from().ok();
        let uri = from
            .as_ref()
            .map(|from| String::from_utf8_lossy(from.raw_uri()).into_owned());
        let asserted = request.header(HeaderName::PAssertedIdentity);
        let alert = request.header(HeaderName::Other("Alert-Info"));
        self.calls.push(PhoneCall {
            state: State::Ringing,
            shown: (
                from.map(|from| from.display().into_owned()).unwrap_or_default(),
                uri.unwrap_or_default(),
            ),
            asserted: asserted.map(|value| String::from_utf8_lossy(value).into_owned()),
            max_forwards: request.max_forwards(),
            alert: alert.map(|value| String::from_utf8_lossy(value).into_owned()),
            heard: sdp::read(request.body()),
            ..PhoneCall::new(session)
        });
        let soon = self.elapsed + Duration::from_millis(20);
        if let (Secrecy::Refuses(status), true) = (self.secrecy, self.last().is_offered_srtp()) {
            return self.due.push((soon, Deed::Refuse(session, status)));
        }
        match self.manner {
            Manner::Answer(after) => {
                self.due.push((soon, Deed::Ring(session)));
                self.due.push((soon + after, Deed::Answer(session)));
            }
            Manner::Ring => self.due.push((soon, Deed::Ring(session))),
            Manner::Refuse(status, after) => {
                if !after.is_zero() {
                    self.due.push((soon, Deed::Ring(session)));
                }
                self.due.push((soon + after, Deed::Refuse(session, status)));
            }
            Manner::Mute => {}
        }
    }

    fn on_offer(&mut self, index: usize, request: &Message, now: Now) {
        let session = self.calls[index].session;
        self.calls[index].offers += 1;
        if self.offer_status != 200 {
            let reply = Reply {
                status: self.offer_status,
                ..Reply::default()
            };
            self.endpoint.command(Command::RefuseOffer { session, reply }, now);
            return;
        }
        if !request.body().is_empty() {
            self.calls[index].heard = sdp::read(request.body());
        }
        let body = self.answer(index);
        self.endpoint.command(Command::AnswerOffer { session, body }, now);
    }

    fn on_response(&mut self, token: u64, status: u16, response: Option<Message>, now: Now) {
        let Some(place) = self.asked.iter().position(|(asked, _)| *asked == token) else {
            return;
        };
        let (_, mut request) = self.asked.remove(place);
        match response {
            Some(response) if status == 401 && request.after.is_none() => {
                let uri = request.request_uri.clone();
                let method = request.method.clone();
                if let Some(value) = self.credentials(&response, &method, &uri) {
                    request.headers.push((Cow::Borrowed("Authorization"), value));
                }
                request.after = Some(response);
                self.asked.push((token, request.clone()));
                self.endpoint.command(Command::Request(Box::new(request)), now);
            }
            response => {
                self.answers.push(status);
                if request.method == "PUBLISH" {
                    self.on_published(status, response.as_ref());
                }
                if let Some(response) = response {
                    let values = response.values(HeaderName::Contact);
                    self.contacts = values
                        .map(|value| String::from_utf8_lossy(value).into_owned())
                        .collect();
                }
            }
        }
    }

    pub(super) fn invite(&mut self, index: usize, after: Option<Message>, now: Now) {
        let named = format!("sip:{}@{DOMAIN}", self.calls[index].dialled);
        let by_contact = self.provider.as_ref().filter(|provider| provider.by_contact);
        let uri = by_contact
            .and_then(|provider| provider.contact())
            .unwrap_or_else(|| named.clone());
        let mut headers = self.calls[index].claims.clone();
        if let Some(value) = after
            .as_ref()
            .and_then(|challenge| self.credentials(challenge, "INVITE", &uri))
        {
            headers.push((Cow::Borrowed("Authorization"), value));
        }
        let body = self.calls[index].offered.then(|| self.offer(index));
        let invite = Invite {
            session: self.calls[index].session,
            flow: self.flow,
            request_uri: uri.clone(),
            route: Vec::new(),
            from: self.from.clone(),
            to: Party {
                display: String::new(),
                uri: named,
            },
            max_forwards: 70,
            session_id: None,
            headers,
            body,
            second: None,
            after,
            credentials: None,
            follow_routes: false,
        };
        self.command(Command::Invite(Box::new(invite)), now);
    }

    pub(super) fn credentials(&mut self, challenge: &Message, method: &str, uri: &str) -> Option<String> {
        self.token += 1;
        let login = Login {
            user: &self.user,
            secret: &self.secret,
        };
        let cnonce = format!("{}{}", self.name, self.token);
        answer(
            challenge.headers(HeaderName::WwwAuthenticate),
            &login,
            &Answering {
                method,
                uri,
                cnonce: &cnonce,
                count: 1,
            },
        )
    }

    pub(super) fn offer(&mut self, index: usize) -> Body {
        let direction = self.calls[index].direction;
        let body = self.describe(index, direction);
        self.with_parts(match self.secrecy {
            Secrecy::Ignorant | Secrecy::Refuses(_) | Secrecy::Rejects => body,
            Secrecy::Knows => sdp::secured(&body),
            Secrecy::Both => sdp::both_ways(&body),
        })
    }

    /// An answer mirrors what was heard, or keeps the hold.
    pub(super) fn answer(&mut self, index: usize) -> Body {
        let call = &self.calls[index];
        let heard = call.heard.as_ref().map_or("sendrecv", |heard| heard.direction.as_str());
        let direction = match (call.direction, heard) {
            ("sendrecv", heard) => sdp::mirrored(heard),
            (own, "sendrecv") => own,
            ("sendonly", "recvonly") => "sendonly",
            _ => "inactive",
        };
        let secret = call.is_offered_srtp();
        let body = self.describe(index, direction);
        self.with_parts(match self.secrecy {
            Secrecy::Rejects if secret => sdp::rejected(&sdp::secured(&body)),
            Secrecy::Knows | Secrecy::Both if secret => sdp::secured(&body),
            Secrecy::Ignorant | Secrecy::Refuses(_) | Secrecy::Rejects | Secrecy::Knows | Secrecy::Both => body,
        })
    }

    fn with_parts(&self, description: String) -> Body {
        let Some(beside) = self.beside else {
            return Body::sdp(Bytes::from(description));
        };
        let parts = [beside, &format!("Content-Type: application/sdp\r\n\r\n{description}")];
        Body {
            content_type: Cow::Borrowed("multipart/mixed;boundary=\"a b\""),
            bytes: Bytes::from(format!("--a b\r\n{}\r\n--a b--\r\n", parts.join("\r\n--a b\r\n"))),
        }
    }

    fn describe(&mut self, index: usize, direction: &str) -> String {
        self.version += 1;
        let at = SocketAddr::new(self.home.ip(), 20_000 + 2 * u16::try_from(index).unwrap_or(0));
        let mut body = sdp::write(at, &self.codecs, direction, self.version);
        if !self.events {
            body = sdp::without_events(&body);
        }
        body
    }

    fn over(&mut self, index: usize, status: Option<u16>) {
        let call = &mut self.calls[index];
        call.state = State::Over;
        if call.status.is_none() {
            call.status = status;
        }
    }

    pub(super) fn place(&self, session: SessionId) -> Option<usize> {
        self.calls.iter().position(|call| call.session == session)
    }
}
