//! PUBLISH (RFC 3903): phones say what their people do, of which watchers of presence are told.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_routing::ids::{SipAccountId, StaffId};
use frontdesk_routing::plan::{DialPlan, Owner, PlanStaff};
use frontdesk_sip::Now;
use frontdesk_sip::command::Reply;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::wire::{HeaderName, Message};

use super::address::Address;
use super::pidf::{self, Said};
use super::publications::Tag;
use super::resolve;
use super::watchers::Watched;
use crate::engine::Engine;
use crate::engine::requests::{reply, reply_with};

/// The only package that is published to us, as Allow-Events of a refusal lists it.
const PUBLISHED: &str = "presence";
/// What a publication is written in.
pub(in crate::engine) const PIDF: &str = "application/pidf+xml";
/// Of a body, in bytes; what phones send has less than two thousand.
const LARGEST: usize = 8 * 1024;
/// Seconds that a publication lasts at least, and at most, which is also what one gets that does not ask.
const SHORTEST: u32 = 60;
const LONGEST: u32 = 3600;

impl Engine {
    /// RFC 3903 section 6.
    pub(in crate::engine) fn publish(&mut self, request: &Message, flow: &FlowId, now: Now) -> Reply {
        match self.published(request, flow, now) {
            Ok(reply) | Err(reply) => reply,
        }
    }

    fn published(&mut self, request: &Message, flow: &FlowId, now: Now) -> Result<Reply, Reply> {
        let publisher = self.authenticate(request, flow, now)?;
        let package = request.event_type().and_then(Result::ok);
        if !package.is_some_and(|event| event.package().eq_ignore_ascii_case(PUBLISHED)) {
            return Err(reply_with(489, "Allow-Events", PUBLISHED));
        }
        let ours = self.config.endpoint.advertise.signalling_address(flow);
        let staff = publishes_for(&self.plan, publisher, &Address::of(request, ours))?;
        let named = self.named(staff, request)?;
        let seconds = request.expires().unwrap_or(LONGEST).min(LONGEST);
        if (1..SHORTEST).contains(&seconds) {
            return Err(reply_with(423, "Min-Expires", SHORTEST.to_string()));
        }
        let said = said(request)?;
        if named.is_none() && said.is_none() {
            return Err(reply(400));
        }
        // Nobody can guess it, so that no phone touches another one's.
        let tag = Tag(rand::Rng::random(&mut self.rng));
        let ends = now.instant + Duration::from_secs(u64::from(seconds));
        match (named, said) {
            (Some(old), _) if seconds == 0 => self.publications.remove(staff, old),
            (None, _) if seconds == 0 => {}
            (Some(old), None) => self.publications.renew(staff, (old, tag), ends),
            (old, said) => {
                old.into_iter().for_each(|old| self.publications.remove(staff, old));
                self.publications.put(staff, (tag, said.unwrap_or_default()), ends);
            }
        }
        self.watchers.touch(Watched::Person(staff));
        let headers = vec![
            (Cow::Borrowed("SIP-ETag"), tag.to_string()),
            (Cow::Borrowed("Expires"), seconds.to_string()),
        ];
        Ok(Reply { headers, ..reply(200) })
    }

    /// The publication that a request is about; `None`: a new one.
    fn named(&self, staff: StaffId, request: &Message) -> Result<Option<Tag>, Reply> {
        let mut values = request.headers(HeaderName::Other("SIP-If-Match"));
        let Some(value) = values.next() else { return Ok(None) };
        let tag = Tag::read(value).filter(|tag| self.publications.has(staff, *tag));
        match tag.filter(|_| values.next().is_none()) {
            Some(tag) => Ok(Some(tag)),
            None => Err(reply(412)),
        }
    }

    /// What has run out is forgotten.
    pub(in crate::engine) fn end_publications(&mut self, now: Now) {
        if self.publications.deadline().is_some_and(|at| at <= now.instant) {
            for staff in self.publications.expire(now) {
                self.watchers.touch(Watched::Person(staff));
            }
        }
    }

    /// A new plan: nothing is kept of whoever is gone, has no phone account any more, or has another one.
    pub(in crate::engine) fn review_publications(&mut self, before: &DialPlan) {
        let plan = Arc::clone(&self.plan);
        for staff in self.publications.people() {
            let known = |plan: &DialPlan| {
                let staff = plan.staff.get(staff)?;
                let sip = staff.sip.as_ref().filter(|sip| sip.enabled)?;
                Some((staff.account, sip.id, sip.user.clone(), sip.ha1_sha256))
            };
            let is = known(&plan);
            if is.is_none() || is != known(before) {
                self.publications.forget(staff);
                self.watchers.touch(Watched::Person(staff));
            }
        }
    }
}

/// Whose presence these credentials may publish at this address: their own person's. Of any other address nothing is told,
/// not even whether it is there.
fn publishes_for(plan: &DialPlan, publisher: SipAccountId, address: &Address) -> Result<StaffId, Reply> {
    let Some(Owner::Staff(own)) = plan.staff.by_sip(publisher) else {
        return Err(reply(403));
    };
    let meant: Option<&PlanStaff> = match address.user.as_str() {
        "" => Some(own),
        user => resolve(plan, own.account, user),
    };
    match meant {
        Some(staff) if staff.id == own.id => Ok(own.id),
        Some(_) | None => Err(reply(403)),
    }
}

/// `None`: no body, which is a refresh or a removal.
fn said(request: &Message) -> Result<Option<Said>, Reply> {
    let body = request.body();
    if body.is_empty() {
        return Ok(None);
    }
    let kind = request.header(HeaderName::ContentType).unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    let coded = request.header(HeaderName::ContentEncoding);
    let plain = coded.is_none_or(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"identity"));
    if !plain || !kind.trim_ascii().eq_ignore_ascii_case(PIDF.as_bytes()) {
        return Err(reply_with(415, "Accept", PIDF));
    }
    if body.len() > LARGEST {
        return Err(reply(413));
    }
    pidf::read(body).map(Some).map_err(|_| reply(400))
}
