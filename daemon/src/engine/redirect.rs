//! A phone sends a call on (3xx, RFC 3261 section 21.3): followed as that person's own forwarding.

use frontdesk_routing::facts::Caller;
use frontdesk_routing::ids::{CallId, LegId};
use frontdesk_sip::Now;
use frontdesk_sip::command::Headers;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::wire::{Message, Scheme};

use super::Engine;
use super::call::Side;
use super::caller::{dialled_in, shown_as};
use super::history::{Turn, history};
use super::media::Wanted;
use super::sent_on::Way;
use super::setup::{Asked, Target, one_person};
use super::transfer::{MOST_LEGS, More};

/// How often a call may be sent on in all.
const MOST_HOPS: u8 = 5;
/// Contacts of one response that are looked at.
const MOST_CONTACTS: usize = 5;
/// RFC 4458: whoever was called sent the call on at once.
const DEFLECTED: u16 = 480;

impl Engine {
    /// Rings whom the response names, before the leg that sent it counts as over. Where nobody can be rung the response
    /// is a refusal like another.
    pub(super) fn on_redirected(&mut self, session: SessionId, response: &Message, now: Now) {
        let Some((id, Side::Called(leg))) = self.find(session) else {
            return;
        };
        let Some(call) = self.calls.get(&id) else { return };
        let calling = call.machine.calling().any(|calling| calling == leg);
        if !calling || call.forwarded >= MOST_HOPS || call.max_forwards == 0 {
            return;
        }
        let numbers = contacts(response);
        let mut targets = self.forwarded_to((id, leg), &numbers, now);
        if targets.is_empty() {
            return self.redirect_to_us((id, leg), &numbers, now);
        }
        if call.called.len() + targets.len() > MOST_LEGS {
            return;
        }
        let waiting = call.machine.waiting().unwrap_or(Side::Caller);
        let Some((near, codec)) = call.leg(waiting).map(|leg| (leg.media.port, leg.media.codec())) else {
            return;
        };
        let Ok(legs) = self.called_legs(&mut targets, near, codec.map(Wanted::from).as_ref(), now) else {
            return;
        };
        let headers = self.diversion(id, leg, &targets);
        let from = self.name_of(id, Side::Called(leg));
        if let Some(call) = self.calls.get_mut(&id) {
            call.forwarded += 1;
            call.sender = call.leg(Side::Called(leg)).and_then(|leg| leg.staff);
            call.note(&format!("forwarded by {from} to {}", numbers.join(", ")));
        }
        let one_person = one_person(&targets);
        let more = More {
            targets,
            legs,
            one_person,
            way: Way::default(),
        };
        self.call_more(id, more, headers, now);
    }

    /// The same where a line, a menu or a mailbox is named and no other phone of the person rings.
    fn redirect_to_us(&mut self, (id, leg): (CallId, LegId), numbers: &[String], now: Now) {
        let by = Side::Called(leg);
        let Some(call) = self.calls.get(&id) else { return };
        let own = call.leg(by).filter(|leg| leg.trunk.is_none());
        let Some(staff) = own.and_then(|leg| leg.staff) else {
            return;
        };
        if call.way.person != Some(staff) || !call.machine.calling().all(|calling| calling == leg) {
            return;
        }
        let found = numbers.iter().find_map(|number| {
            let onwards = self.ours_for((id, by), number, now)?;
            Some((number, onwards))
        });
        let Some((number, onwards)) = found else { return };
        self.note(id, &format!("forwarded by {} to {number}", self.name_of(id, by)));
        if let Some(call) = self.calls.get_mut(&id) {
            call.sender = Some(staff);
        }
        self.send_call_to_us(id, onwards, now);
    }

    /// Phones that have not been rung in this call yet, with the rights of whoever sends it on.
    fn forwarded_to(&self, (id, leg): (CallId, LegId), numbers: &[String], now: Now) -> Vec<Target> {
        let Some(call) = self.calls.get(&id) else {
            return Vec::new();
        };
        // What a provider answers for somebody's telephone is not said by that person.
        let own = call.leg(Side::Called(leg)).filter(|leg| leg.trunk.is_none());
        let Some(staff) = own.and_then(|leg| leg.staff) else {
            return Vec::new();
        };
        let waiting = call
            .machine
            .waiting()
            .and_then(|side| call.leg(side))
            .unwrap_or(&call.caller);
        let mut targets: Vec<Target> = Vec::new();
        for dialled in numbers {
            let asked = Asked {
                plan: &self.plan,
                account: call.account,
                caller: Caller::Staff(staff),
                dialled,
                own: (&waiting.flow, waiting.staff),
                at: now.unix_ms,
            };
            let found = self.targets(&asked).map(|(targets, ..)| targets).unwrap_or_default();
            let known = |target: &Target| {
                let rung = target.staff.is_some() && call.called.iter().any(|leg| leg.staff == target.staff);
                rung || targets
                    .iter()
                    .any(|other| contact_of(other).is_some() && contact_of(other) == contact_of(target))
            };
            let fresh: Vec<Target> = found.into_iter().filter(|target| !known(target)).collect();
            targets.extend(fresh);
        }
        targets
    }

    /// Who sent it on, and how often that has happened (RFC 5806, RFC 7044).
    fn diversion(&self, id: CallId, leg: LegId, targets: &[Target]) -> Headers {
        let Some(call) = self.calls.get(&id) else {
            return Headers::new();
        };
        let Some(leg) = call.leg(Side::Called(leg)) else {
            return Headers::new();
        };
        let host = self.config.endpoint.advertise.signalling_address(&leg.flow);
        let party = shown_as(&self.viewer(call.account, None).caller(&leg.shown), host);
        let name = frontdesk_sip::privacy::name_addr(&party);
        let count = u16::from(call.forwarded) + 1;
        let diversion = ("Diversion".into(), format!("{name};reason=deflection;counter={count}"));
        // Whoever is rung is told the short number, not what the phone may have written.
        let phones = targets.iter().filter(|target| target.binding().is_some());
        let number = phones.filter_map(|target| target.party.number.as_deref()).next();
        let turn = number.map(|number| Turn {
            uri: format!("sip:{number}@{host}"),
            cause: DEFLECTED,
        });
        let whole = turn.map(|turn| history(&party.uri, &[turn]));
        std::iter::once(diversion).chain(whole).collect()
    }
}

fn contact_of(target: &Target) -> Option<&str> {
    target.binding().map(|binding| binding.contact.as_str())
}

/// The numbers in the Contacts of a response, best first as they stand.
fn contacts(response: &Message) -> Vec<String> {
    let mut numbers = Vec::new();
    for contact in response.contacts().flatten().take(MOST_CONTACTS) {
        let Ok(uri) = contact.uri() else { continue };
        if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips | Scheme::Tel) {
            continue;
        }
        let dialled = dialled_in(contact.raw_uri());
        if !dialled.is_empty() && !numbers.contains(&dialled) {
            numbers.push(dialled);
        }
    }
    numbers
}
