//! Our answers to the challenges of others (RFC 3261 section 22.2): the request once more, with credentials.

use std::sync::Arc;

use bytes::Bytes;
use rand::RngCore;

use super::Endpoint;
use crate::Now;
use crate::auth::{Answering, Credentials, Login, answer, is_stale};
use crate::command::Headers;
use crate::dialog::session::Phase;
use crate::dialog::text;
use crate::event::SessionId;
use crate::flow::FlowId;
use crate::tx::key::token;
use crate::tx::store::Purpose;
use crate::wire::{Framing, HeaderName, Message};

/// Challenges of one request that are answered: a proxy's, the server's, and a nonce that was too old for one of them.
const MOST_ANSWERS: u8 = 3;

/// What a client transaction answers challenges with.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) credentials: Arc<Credentials>,
    answers: u8,
    /// To 401 and to 407.
    answered: [bool; 2],
}

impl Known {
    pub(crate) fn new(credentials: Arc<Credentials>) -> Known {
        Known {
            credentials,
            answers: 0,
            answered: [false; 2],
        }
    }
}

/// A challenged request on its way again.
pub(super) struct Again {
    pub(super) branch: u64,
    pub(super) cseq: u32,
    pub(super) bytes: Bytes,
    pub(super) known: Known,
}

impl Endpoint {
    /// The client transaction just started may be challenged.
    pub(super) fn log_in(&mut self, id: u64, credentials: Option<Arc<Credentials>>) {
        if let Some(transaction) = self.clients.get_mut(&id) {
            transaction.known = credentials.map(Known::new);
        }
    }

    /// What challenges to our requests inside this session are answered with; an outgoing INVITE brings its own.
    pub fn set_credentials(&mut self, session: SessionId, credentials: Arc<Credentials>) {
        if let Some(session) = self.sessions.get_mut(&session.0) {
            session.credentials = Some(credentials);
        }
    }

    pub(super) fn credentials_of(&self, session: SessionId) -> Option<Arc<Credentials>> {
        self.sessions.get(&session.0)?.credentials.clone()
    }

    /// `None`: nothing to answer with, or the same challenge once more: the credentials are wrong.
    pub(super) fn with_credentials(
        &mut self,
        mut known: Known,
        (flow, request): (&FlowId, &Message),
        response: &Message,
        session: Option<SessionId>,
    ) -> Option<Again> {
        let (name, challenge, kind) = match response.status()? {
            401 => ("Authorization", HeaderName::WwwAuthenticate, 0),
            407 => ("Proxy-Authorization", HeaderName::ProxyAuthenticate, 1),
            _ => return None,
        };
        let answered = known.answered.get_mut(kind)?;
        let wrong = *answered && !response.headers(challenge).any(is_stale);
        if wrong || known.answers >= MOST_ANSWERS {
            return None;
        }
        *answered = true;
        known.answers += 1;
        let cnonce = token(self.rng.next_u64());
        let login = Login {
            user: &known.credentials.user,
            secret: &known.credentials.secret,
        };
        let uri = text(request.request_uri());
        let answering = Answering {
            method: request.method().as_str(),
            uri: &uri,
            cnonce: &cnonce,
            count: 1,
        };
        let value = answer(response.headers(challenge), &login, &answering)?;
        let branch = self.new_branch();
        let cseq = match session.and_then(|session| self.sessions.get_mut(&session.0)) {
            Some(session) => session.next_cseq(),
            None => request.cseq()?.0.saturating_add(1),
        };
        let fields: Headers = vec![(name.into(), value)];
        let bytes = self.request_again(request, (flow, branch, cseq), &fields);
        Some(Again {
            branch,
            cseq,
            bytes,
            known,
        })
    }

    /// A request other than INVITE, after its final response; gives the purpose back when it was not sent again.
    pub(super) fn unless_again(
        &mut self,
        (id, flow, request): (u64, FlowId, Bytes),
        known: Known,
        (purpose, response): (Purpose, &Message),
        now: Now,
    ) -> Option<Purpose> {
        if !matches!(response.status(), Some(401 | 407)) {
            return Some(purpose);
        }
        let Ok(request) = Message::parse(request, Framing::Datagram) else {
            return Some(purpose);
        };
        let session = match &purpose {
            Purpose::InDialog { session, .. } | Purpose::Refresh { session } | Purpose::EarlyOffer { session } => {
                Some(*session)
            }
            Purpose::Outside { .. } | Purpose::Notify { .. } | Purpose::Parting | Purpose::Farewell { .. } => None,
            Purpose::Invite(_) => return Some(purpose),
        };
        let Some(again) = self.with_credentials(known, (&flow, &request), response, session) else {
            return Some(purpose);
        };
        if let Some(session) = session.and_then(|session| self.sessions.get_mut(&session.0))
            && session.reinvite.tx == Some(id)
        {
            session.reinvite.tx = Some(again.branch);
        }
        self.start_other(again.branch, flow, (again.bytes, purpose), now);
        self.keep_known(again.branch, again.known);
        None
    }

    /// False: the INVITE has failed.
    pub(super) fn invite_again(&mut self, id: u64, owner: SessionId, response: &Message, now: Now) -> bool {
        let Some(known) = self.clients.get(&id).and_then(|transaction| transaction.known.clone()) else {
            return false;
        };
        let Some((flow, request)) = self.sent_request(id) else {
            return false;
        };
        let within = match self.sessions.get(&owner.0).map(|session| &session.phase) {
            Some(Phase::Calling { .. }) => false,
            Some(Phase::Established) => true,
            _ => return false,
        };
        let Some(again) = self.with_credentials(known, (&flow, &request), response, Some(owner)) else {
            return false;
        };
        let Some(session) = self.sessions.get_mut(&owner.0) else {
            return false;
        };
        if within {
            session.reinvite.tx = Some(again.branch);
        } else {
            session.phase = Phase::Calling { tx: again.branch };
            session.early = Vec::new();
        }
        let mut work = super::client_invite::work(owner, again.cseq, !request.body().is_empty());
        work.again = within;
        self.start_invite_client(again.branch, flow, (again.bytes, work), now);
        self.keep_known(again.branch, again.known);
        true
    }

    /// The ACK of a 2xx has the credentials of its INVITE (RFC 3261 section 13.2.2.4).
    pub(super) fn credentials_sent(&self, id: u64) -> Headers {
        if self
            .clients
            .get(&id)
            .is_none_or(|transaction| transaction.known.is_none())
        {
            return Headers::new();
        }
        let Some((_, request)) = self.sent_request(id) else {
            return Headers::new();
        };
        let own = |name: HeaderName, written: &'static str| {
            let values = request.headers(name).map(text);
            values.map(|value| (written.into(), value)).collect::<Headers>()
        };
        let mut headers = own(HeaderName::Authorization, "Authorization");
        headers.extend(own(HeaderName::ProxyAuthorization, "Proxy-Authorization"));
        headers
    }

    fn keep_known(&mut self, id: u64, known: Known) {
        if let Some(transaction) = self.clients.get_mut(&id) {
            transaction.known = Some(known);
        }
    }
}
