//! What a phone does with its calls.

use std::borrow::Cow;
use std::io;
use std::time::{Duration, Instant};

use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Command, Invite, Party, Reply};
use frontdesk_sip::event::{Event, SessionId, TransactionId};
use frontdesk_sip::wire::Message;
use rand::Rng;

use super::audio::Audio;
use super::{Order, Shell};
use crate::shell::clock;

/// One in so many later incoming calls is declined, and one is not answered.
const ODDITY: u32 = 12;
/// One in so many callers of a long conversation puts the other side on hold, for so long after so long.
const HOLDERS: u32 = 4;
const LONG: Duration = Duration::from_secs(10);
const HOLD: Duration = Duration::from_secs(4);

/// One conversation, or the attempt at one.
pub(super) struct Call {
    audio: Audio,
    stage: Stage,
}

enum Stage {
    /// Our INVITE is under way; `challenged`: with credentials.
    Calling {
        order: Order,
        challenged: bool,
    },
    /// It rings here; `None`: nobody is there to answer.
    Ringing {
        answer_at: Option<Instant>,
        answer: Body,
    },
    Talking(Talk),
}

#[derive(Debug, Clone, Copy)]
struct Talk {
    /// When this side hangs up, if it is the one.
    until: Option<Instant>,
    /// Whose turn to speak it is at the beginning.
    first: bool,
    /// When to put the other side on hold, or to take it back.
    hold: Option<(Instant, bool)>,
}

impl Call {
    fn is_first(&self) -> bool {
        matches!(self.stage, Stage::Talking(Talk { first: true, .. }))
    }

    pub(super) fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Calling { .. } => None,
            Stage::Ringing { answer_at, .. } => answer_at,
            Stage::Talking(talk) => talk.hold.map(|(at, _)| at).into_iter().chain(talk.until).min(),
        }
    }
}

impl Shell {
    pub(super) async fn place(&mut self, order: Order) {
        if self.calls.len() >= self.line.most_calls {
            return;
        }
        let Ok(audio) = self.open_audio().await else { return };
        self.invite(order, audio, None, clock::now());
    }

    async fn open_audio(&mut self) -> io::Result<Audio> {
        let session_id = self.rng.random();
        Audio::open(&self.flow, &self.line.codecs, session_id).await
    }

    /// `after`: the challenge that this INVITE answers.
    fn invite(&mut self, order: Order, mut audio: Audio, after: Option<Message>, now: Now) {
        let uri = self.uri(&order.number);
        let mut headers = Vec::new();
        if let Some((_, number)) = &order.caller {
            headers.push((
                Cow::Borrowed("P-Asserted-Identity"),
                format!("<sip:{number}@{}>", self.line.server),
            ));
        }
        if let Some(challenge) = &after {
            headers.extend(self.credentials(challenge, "INVITE", &uri).unwrap_or_default());
        }
        let (display, user) = match &order.caller {
            Some((name, number)) => (name.clone(), number.clone()),
            None => (self.line.display.clone(), self.line.user.clone()),
        };
        let session = self.endpoint.new_session();
        let invite = Invite {
            session,
            flow: self.flow,
            request_uri: uri.clone(),
            route: Vec::new(),
            follow_routes: false,
            from: Party {
                display,
                uri: self.uri(&user),
            },
            to: Party {
                display: String::new(),
                uri,
            },
            max_forwards: 70,
            session_id: None,
            headers,
            body: Some(audio.offer()),
            second: None,
            after: after.clone(),
            credentials: None,
        };
        self.endpoint.command(Command::Invite(Box::new(invite)), now);
        let stage = Stage::Calling {
            order,
            challenged: after.is_some(),
        };
        self.calls.insert(session, Call { audio, stage });
    }

    pub(super) async fn on_event(&mut self, event: Event) {
        let now = clock::now();
        match event {
            Event::Invite { session, request, .. } => self.on_invite(session, &request, now).await,
            Event::Response { status, response, .. } => self.on_register_response(status, response, now),
            Event::Answered { session, response } => self.on_answered(session, &response, now),
            Event::Refused {
                session,
                status,
                response,
            } => self.on_refused(session, status, response, now),
            Event::Acked { session, body } => self.on_acked(session, &body),
            Event::Offer { session, request } => self.on_offer(session, &request, now),
            Event::Cancelled { session, .. } | Event::Ended { session, .. } => {
                self.calls.remove(&session);
            }
            Event::Request { transaction, .. } | Event::InDialog { transaction, .. } => self.agree(transaction, now),
            Event::OfferResult {
                session,
                status,
                response,
            } => {
                self.on_offer_result(session, status, response.as_ref());
            }
            Event::Progress { .. }
            | Event::SecondOffer { .. }
            | Event::InDialogResult { .. }
            | Event::Subscribe { .. }
            | Event::SubscriptionRefreshed { .. }
            | Event::SubscriptionEnded { .. }
            | Event::FlowLeft { .. } => {}
        }
    }

    fn agree(&mut self, transaction: TransactionId, now: Now) {
        let reply = Reply {
            status: 200,
            ..Reply::default()
        };
        self.endpoint.command(Command::Respond { transaction, reply }, now);
    }

    fn refuse(&mut self, session: SessionId, status: u16, now: Now) {
        let reply = Reply {
            status,
            ..Reply::default()
        };
        self.endpoint.command(Command::Refuse { session, reply }, now);
    }

    async fn on_invite(&mut self, session: SessionId, request: &Message, now: Now) {
        let declines = self.is_odd();
        if self.calls.len() >= self.line.most_calls || declines {
            return self.refuse(session, 486, now);
        }
        let Ok(mut audio) = self.open_audio().await else {
            return self.refuse(session, 500, now);
        };
        let Some(answer) = audio.answer(request.body()) else {
            return self.refuse(session, 488, now);
        };
        let pause = Duration::from_millis(self.rng.random_range(700..2_500));
        let answer_at = (!self.is_odd()).then(|| now.instant + pause);
        self.has_rung = true;
        let ring = Command::Ring {
            session,
            status: 180,
            headers: Vec::new(),
            body: None,
        };
        self.endpoint.command(ring, now);
        let stage = Stage::Ringing { answer_at, answer };
        self.calls.insert(session, Call { audio, stage });
    }

    /// Now and then somebody does not do what is expected, but not with the first call.
    fn is_odd(&mut self) -> bool {
        self.has_rung && self.rng.random_ratio(1, ODDITY)
    }

    fn on_refused(&mut self, session: SessionId, status: u16, response: Option<Message>, now: Now) {
        let Some(call) = self.calls.remove(&session) else {
            return;
        };
        if let (
            Stage::Calling {
                order,
                challenged: false,
            },
            401,
            Some(challenge),
        ) = (call.stage, status, response)
        {
            self.invite(order, call.audio, Some(challenge), now);
        }
    }

    fn on_answered(&mut self, session: SessionId, response: &Message, now: Now) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        let Stage::Calling { order, .. } = &call.stage else {
            return;
        };
        let until = Some(now.instant + order.talk);
        let holds = order.talk > LONG && self.rng.random_ratio(1, HOLDERS);
        let hold = holds.then(|| (now.instant + HOLD, true));
        call.stage = Stage::Talking(Talk {
            until,
            first: true,
            hold,
        });
        call.audio.accept(response.body());
        call.audio.speak(&self.line.speech, true, &self.crew);
    }

    /// The ACK brings the answer when we offered in the 200.
    fn on_acked(&mut self, session: SessionId, answer: &[u8]) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        if !answer.is_empty() {
            call.audio.accept(answer);
        }
        call.audio.speak(&self.line.speech, call.is_first(), &self.crew);
    }

    fn on_offer(&mut self, session: SessionId, request: &Message, now: Now) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        let body = call.audio.answer(request.body());
        call.audio.speak(&self.line.speech, call.is_first(), &self.crew);
        let command = match body {
            Some(body) => Command::AnswerOffer { session, body },
            None => Command::RefuseOffer {
                session,
                reply: Reply {
                    status: 488,
                    ..Reply::default()
                },
            },
        };
        self.endpoint.command(command, now);
    }

    /// Answers what has rung long enough, hangs up what has lasted long enough.
    pub(super) fn act_when_due(&mut self, now: Now) {
        let due = |call: &Call| call.due().is_some_and(|at| at <= now.instant);
        let sessions: Vec<SessionId> = self
            .calls
            .iter()
            .filter(|(_, call)| due(call))
            .map(|(id, _)| *id)
            .collect();
        for session in sessions {
            let Some(call) = self.calls.remove(&session) else {
                continue;
            };
            match call.stage {
                Stage::Ringing { answer, .. } => self.pick_up(session, call.audio, answer, now),
                Stage::Talking(Talk {
                    hold: Some((at, held)),
                    until,
                    first,
                }) if at <= now.instant => {
                    let talk = Talk {
                        until,
                        first,
                        hold: held.then(|| (now.instant + HOLD, false)),
                    };
                    self.hold(session, call.audio, (talk, held), now);
                }
                Stage::Talking(_) | Stage::Calling { .. } => {
                    self.endpoint.command(Command::Bye { session, reason: None }, now);
                }
            }
        }
    }

    fn pick_up(&mut self, session: SessionId, mut audio: Audio, answer: Body, now: Now) {
        self.endpoint.command(
            Command::Accept {
                session,
                headers: Vec::new(),
                body: answer,
            },
            now,
        );
        audio.speak(&self.line.speech, false, &self.crew);
        let hangs_up = self.rng.random_ratio(1, 3);
        let until = hangs_up.then(|| now.instant + Duration::from_millis(self.rng.random_range(4_000..20_000)));
        let stage = Stage::Talking(Talk {
            until,
            first: false,
            hold: None,
        });
        self.calls.insert(session, Call { audio, stage });
    }

    fn hold(&mut self, session: SessionId, mut audio: Audio, (talk, held): (Talk, bool), now: Now) {
        let body = audio.offer_hold(held);
        self.endpoint.command(
            Command::Reinvite {
                session,
                headers: Vec::new(),
                body,
            },
            now,
        );
        self.calls.insert(
            session,
            Call {
                audio,
                stage: Stage::Talking(talk),
            },
        );
    }

    fn on_offer_result(&mut self, session: SessionId, status: u16, response: Option<&Message>) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        match response {
            Some(response) if status < 300 => {
                call.audio.accept(response.body());
                call.audio.speak(&self.line.speech, call.is_first(), &self.crew);
            }
            Some(_) | None => call.audio.withdraw(),
        }
    }

    pub(super) fn hang_up_all(&mut self) {
        let now = clock::now();
        while let Some((session, _)) = self.calls.pop_first() {
            self.endpoint.command(Command::Bye { session, reason: None }, now);
        }
    }
}
