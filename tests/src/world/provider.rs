//! A provider: a registrar that challenges, and a place that calls come from and go to.

use bytes::Bytes;
use frontdesk_sip::Now;
use frontdesk_sip::auth::{AuthConfig, Authenticator, Check, Ha1};
use frontdesk_sip::command::Reply;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::registrar::{Aor, Registrar, RegistrarConfig};
use frontdesk_sip::wire::{Framing, Message, Method};

pub const DOMAIN: &str = "provider.example";
const AOR: Aor = Aor(1);

pub struct Provider {
    pub user: String,
    pub secret: String,
    auth: Authenticator,
    registrar: Registrar,
    /// What REGISTER gets instead of being served.
    pub refuses: Option<u16>,
    /// INVITE wants credentials too.
    pub challenges: bool,
    /// What OPTIONS gets; 0: nothing.
    pub alive: u16,
    /// Calls go to the Contact that was registered; else to the number at the address.
    pub by_contact: bool,
    /// REGISTERs that were granted.
    pub granted: u32,
}

impl Provider {
    pub fn new(user: &str, secret: &str, min_expires: u32) -> Provider {
        let registrar = RegistrarConfig {
            min_expires,
            ..RegistrarConfig::default()
        };
        Provider {
            user: user.to_owned(),
            secret: secret.to_owned(),
            auth: Authenticator::new([9; 32], AuthConfig::new(DOMAIN)),
            registrar: Registrar::new(registrar),
            refuses: None,
            challenges: false,
            alive: 200,
            by_contact: false,
            granted: 0,
        }
    }

    /// The Contact that is registered.
    pub fn contact(&self) -> Option<String> {
        let bindings = self.registrar.bindings(AOR);
        bindings.first().map(|binding| binding.contact.clone())
    }

    /// All answers that were given out so far are too old.
    pub fn forgets_nonces(&mut self) {
        self.auth = Authenticator::new([10; 32], AuthConfig::new(DOMAIN));
    }

    pub fn answer(&mut self, request: &Message, flow: &FlowId, now: Now) -> Option<Reply> {
        let status = |status| Reply {
            status,
            ..Reply::default()
        };
        match request.method() {
            Method::Options if self.alive == 0 => None,
            Method::Options => Some(status(self.alive)),
            Method::Register if self.refuses.is_some() => self.refuses.map(status),
            Method::Register => {
                if let Some(challenge) = self.challenge(request, now) {
                    return Some(challenge);
                }
                let registered = self.registrar.register(request, AOR, flow, now);
                self.granted += u32::from(registered.reply.status == 200);
                Some(registered.reply)
            }
            _ => Some(status(405)),
        }
    }

    /// `None`: the request carries what is wanted.
    pub fn challenge(&mut self, request: &Message, now: Now) -> Option<Reply> {
        let (user, secret) = (self.user.clone(), self.secret.clone());
        let secrets = |asked: &str| (asked == user).then(|| Ha1::new(&user, DOMAIN, &secret));
        match self.auth.check(request, &secrets, now) {
            Check::Passed { .. } => None,
            Check::Challenge { reply } | Check::Failed { reply, .. } => Some(reply),
        }
    }

    /// Whether these bytes are a request that it does not answer at all.
    pub fn ignores(&self, bytes: &Bytes) -> bool {
        let message = Message::parse(bytes.clone(), Framing::Datagram).ok();
        self.alive == 0 && message.is_some_and(|message| message.is_request() && message.method() == Method::Options)
    }
}
