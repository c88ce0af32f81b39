//! Staying registered, and answering challenges.

use std::borrow::Cow;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use frontdesk_sip::Now;
use frontdesk_sip::auth::{self, Answering, Login};
use frontdesk_sip::command::{Command, Headers, Party, Request};
use frontdesk_sip::wire::{HeaderName, Message};
use rand::Rng;

use super::Shell;

/// Asked for, in seconds; the server may give less.
const EXPIRES: u32 = 120;
const RETRY: Duration = Duration::from_secs(2);
const TOKEN: u64 = 1;

/// When to register next.
#[derive(Debug, Default)]
pub(super) struct Registration {
    next: Option<Instant>,
    waiting: bool,
    challenged: bool,
}

impl Registration {
    pub(super) fn due(&self) -> Option<Instant> {
        self.next.filter(|_| !self.waiting)
    }
}

impl Shell {
    pub(super) fn register_when_due(&mut self, now: Now) {
        if !self.registration.waiting && self.registration.next.is_none_or(|next| next <= now.instant) {
            self.register(None, Vec::new(), now);
        }
    }

    pub(super) fn on_register_response(&mut self, status: u16, response: Option<Message>, now: Now) {
        self.registration.waiting = false;
        let challenge = response
            .as_ref()
            .filter(|_| status == 401 && !self.registration.challenged);
        if let Some(response) = challenge
            && let Some(credentials) = self.credentials(response, "REGISTER", &self.registrar())
        {
            self.registration.challenged = true;
            self.register(Some(response.clone()), credentials, now);
            return;
        }
        self.registration.challenged = false;
        let registered = (200..300).contains(&status);
        self.state.registered.store(registered, Relaxed);
        let granted = response
            .as_ref()
            .and_then(Message::expires)
            .unwrap_or(EXPIRES)
            .min(EXPIRES);
        let pause = if registered {
            Duration::from_secs(u64::from(granted / 2))
        } else {
            RETRY
        };
        self.registration.next = Some(now.instant + pause);
    }

    /// The header that answers a response's challenge.
    pub(super) fn credentials(&mut self, response: &Message, method: &str, uri: &str) -> Option<Headers> {
        let cnonce = format!("{:016x}", self.rng.random::<u64>());
        let login = Login {
            user: &self.line.user,
            secret: &self.line.secret,
        };
        // Each challenge brings a nonce of its own, which is used once.
        let request = Answering {
            method,
            uri,
            cnonce: &cnonce,
            count: 1,
        };
        let value = auth::answer(response.headers(HeaderName::WwwAuthenticate), &login, &request)?;
        Some(vec![(Cow::Borrowed("Authorization"), value)])
    }

    fn registrar(&self) -> String {
        format!("sip:{}", self.line.server)
    }

    fn register(&mut self, after: Option<Message>, credentials: Headers, now: Now) {
        self.registration.waiting = true;
        let own = Party {
            display: self.line.display.clone(),
            uri: self.uri(&self.line.user),
        };
        let mut headers: Headers = vec![
            (
                Cow::Borrowed("Contact"),
                format!("<sip:{}@{}>", self.line.user, self.flow.local),
            ),
            (Cow::Borrowed("Expires"), EXPIRES.to_string()),
        ];
        headers.extend(credentials);
        let request = Request {
            token: TOKEN,
            flow: self.flow,
            method: Cow::Borrowed("REGISTER"),
            request_uri: self.registrar(),
            route: Vec::new(),
            from: own.clone(),
            to: own,
            max_forwards: 70,
            headers,
            body: None,
            after,
            credentials: None,
        };
        self.endpoint.command(Command::Request(Box::new(request)), now);
    }
}
