//! Calls from providers: by which trunk they come, and which number they mean.

use frontdesk_routing::because::Because;
use frontdesk_routing::ids::TrunkId;
use frontdesk_routing::inbound;
use frontdesk_routing::plan::{DialPlan, PlanTrunk};
use frontdesk_sip::Now;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::wire::{HeaderName, Message, NameAddr, Uri};

use super::Engine;
use super::register::credentials;
use crate::engine::caller::dialled_in;
use crate::engine::requests::reply_with;
use crate::engine::turned::{Turned, turned};

impl Engine {
    /// The trunk whose provider sent this INVITE: by the Contact that we registered, or by where it comes from. Whoever
    /// shows credentials is asked for nothing else.
    pub(in crate::engine) fn trunk_of(&self, request: &Message, flow: &FlowId) -> Option<TrunkId> {
        if self.trunks.lines.is_empty() || request.header(HeaderName::Authorization).is_some() {
            return None;
        }
        let uri = Uri::read(request.request_uri()).ok();
        let token = uri.and_then(|uri| Some(String::from_utf8_lossy(uri.param("line")?).into_owned()));
        if let Some(trunk) = token.and_then(|token| self.trunks.tokens.get(&token)) {
            return Some(*trunk);
        }
        let here = self.trunks_at(flow);
        if here.len() < 2 {
            return here.first().copied();
        }
        // Companies that share a provider are told apart by the number that is called.
        let texts = texts(request);
        let means = |id: &&TrunkId| {
            let trunk = self.plan.staff.trunk(**id);
            trunk.is_some_and(|trunk| {
                texts
                    .iter()
                    .any(|text| inbound::connected(&self.plan, trunk, text).is_some())
            })
        };
        here.iter().find(means).or(here.first()).copied()
    }

    fn trunks_at(&self, flow: &FlowId) -> Vec<TrunkId> {
        let ip = flow.peer.ip().to_canonical();
        let sources = self.trunks.sources.iter();
        let mut found: Vec<TrunkId> = sources
            .filter(|(net, _)| net.contains(&ip))
            .map(|(_, id)| *id)
            .collect();
        if self.trunks.has_server(flow.transport, flow.peer) {
            let lines = self.trunks.lines.iter();
            let of_server = lines.filter(|(_, line)| {
                self.addresses_of(&line.trunk)
                    .iter()
                    .any(|(address, _)| address.is_at(flow.transport, flow.peer))
            });
            found.extend(of_server.map(|(id, _)| *id));
        }
        found
    }

    /// Counts a call that a trunk brings.
    pub(in crate::engine) fn admit_from(
        &mut self,
        id: TrunkId,
        session: SessionId,
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let Some(line) = self.trunks.lines.get_mut(&id) else {
            return Ok(());
        };
        let sessions = &self.sessions;
        let lives = |session| sessions.contains_key(&session);
        if let Some(registration) = line.registration() {
            self.endpoint.set_credentials(session, credentials(registration));
        }
        let taken = line.channels.take(session, line.trunk.limits, lives, now.instant);
        taken.map_err(|full| {
            let because = Because::TrunkFull {
                trunk: line.trunk.name.to_string(),
                why: full.why(),
            };
            turned(reply_with(503, "Retry-After", "5"), because)
        })
    }
}

/// What a provider's INVITE says of the number that was called, the likeliest first.
fn texts(request: &Message) -> Vec<String> {
    let to = request.to().ok().map(|to| dialled_in(to.raw_uri()));
    let called = request.header(HeaderName::Other("P-Called-Party-ID"));
    let called = called.and_then(|value| NameAddr::read(value).ok());
    let called = called.map(|called| dialled_in(called.raw_uri()));
    std::iter::once(dialled_in(request.request_uri()))
        .chain(called)
        .chain(to)
        .collect()
}

/// The number that a trunk's call is for: the first connected one that is named, or else what was asked for.
pub(in crate::engine) fn dialled_by(plan: &DialPlan, trunk: &PlanTrunk, request: &Message) -> String {
    let texts = texts(request);
    let connected = texts
        .iter()
        .find(|text| inbound::connected(plan, trunk, text).is_some());
    connected.or(texts.first()).cloned().unwrap_or_default()
}
