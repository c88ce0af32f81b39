//! Attended transfer: two calls of one person become one (RFC 5589 section 7).

use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::forwarding::Trail;
use frontdesk_routing::ids::{CallId, LegId};
use frontdesk_sip::Now;
use frontdesk_sip::command::Command;
use frontdesk_sip::event::SessionId;

use super::Engine;
use super::call::{Call, Leg, Side};
use super::cdr::End;
use super::output::{Disposition, EndedBySide};
use super::requests::reply;
use super::transfer::{MOST_LEGS, Onwards, Ours};

/// One of two calls that become one: who leaves it and who stays.
#[derive(Debug, Clone, Copy)]
struct Half {
    call: CallId,
    leaves: Side,
    stays: Side,
}

impl Engine {
    /// `by` of call `id` wants the other party of its call `session` in its own place.
    pub(super) fn attend(&mut self, id: CallId, by: Side, session: SessionId, now: Now) {
        if let Err(status) = self.try_attend(id, by, session, now) {
            self.note(
                id,
                &format!("{} could not join two calls: {status}", self.name_of(id, by)),
            );
            self.tell_transferor(id, (by, status), now);
        }
    }

    fn try_attend(&mut self, id: CallId, by: Side, session: SessionId, now: Now) -> Result<(), u16> {
        let (other_id, other_by) = self.find(session).filter(|(other, _)| *other != id).ok_or(481_u16)?;
        let (call, other) = (
            self.calls.get(&id).ok_or(481_u16)?,
            self.calls.get(&other_id).ok_or(481_u16)?,
        );
        let staff = |call: &Call, side| call.leg(side).and_then(|leg| leg.staff);
        // A dialog of somebody else is as good as none.
        if call.account != other.account || staff(call, by) != staff(other, other_by) {
            return Err(481);
        }
        if call.called.len() + other.called.len() > MOST_LEGS {
            return Err(503);
        }
        let stays = call.other(by).ok_or(481_u16)?;
        let here = Half {
            call: id,
            leaves: by,
            stays,
        };
        match other.other(other_by) {
            Some(far) => {
                let there = Half {
                    call: other_id,
                    leaves: other_by,
                    stays: far,
                };
                self.merge(here, there, now);
            }
            None if self.has_to_do_with_us((other_id, other_by)) => {
                return self.follow(here, (other_id, other_by), now);
            }
            None if other.machine.is_ringing() && other_by == Side::Caller => self.take_ringing(here, other_id, now),
            None => return Err(491),
        }
        Ok(())
    }

    /// We have answered this party ourselves.
    fn has_to_do_with_us(&self, (id, side): (CallId, Side)) -> bool {
        let machine = self.calls.get(&id).map(|call| &call.machine);
        machine.is_some_and(|machine| {
            let asked = machine
                .waiting()
                .filter(|_| machine.is_attended() || machine.is_queued());
            machine.served_party().or(asked) == Some(side)
        })
    }

    /// The second call is one with us: the party of the first one goes where its transferor is there.
    fn follow(&mut self, here: Half, (other, by): (CallId, Side), now: Now) -> Result<(), u16> {
        let call = self.calls.get(&other).ok_or(481_u16)?;
        let parks = call.service.as_ref().is_some_and(|service| service.parks_at.is_some());
        if call.machine.is_served() && parks {
            return self.park_attended(here.call, here.leaves, other, now);
        }
        if let Some((department, since)) = call.line_waited_in() {
            self.dissolve((other, by, None), here.call, now);
            self.send_to_line(here.call, here.leaves, (department, Some(since)), now);
            return Ok(());
        }
        let dialled = call.dialled.clone();
        let (to, because) = if call.machine.is_served() {
            let mailbox = self.give_message_up(other, now)?;
            let name = self.plan.mailboxes.get(mailbox).map(|mailbox| mailbox.name.to_string());
            let name = name.unwrap_or_default();
            (Ours::Mailbox(mailbox), Because::Mailbox { name })
        } else {
            let menu = self.menu_of(other, by).ok_or(480_u16)?;
            let name = menu.name.to_string();
            (Ours::Menu(menu.id), Because::Menu { name })
        };
        self.dissolve((other, by, None), here.call, now);
        let trail = Trail::default();
        let onwards = Onwards { to, because, trail };
        self.send_to_us(here.call, (here.leaves, &dialled), onwards, now);
        Ok(())
    }

    /// Both are answered. The older call goes on, with its id and its recording.
    fn merge(&mut self, here: Half, there: Half, now: Now) {
        let age = |id| self.calls.get(&id).map(|call| (call.started_at, call.id));
        let (kept, gone) = if age(here.call) <= age(there.call) {
            (here, there)
        } else {
            (there, here)
        };
        self.tell_transferor(here.call, (here.leaves, 200), now);
        let legs = self.dissolve((gone.call, gone.leaves, Some(gone.stays)), kept.call, now);
        for leg in legs {
            let new = leg.id;
            self.adopt(kept.call, leg);
            let replace = CallEvent::Replace {
                gone: Some(kept.leaves),
                by: new,
            };
            self.step(kept.call, replace, now);
        }
    }

    /// The second call still rings: what rings there rings for the party of the first one now.
    fn take_ringing(&mut self, here: Half, other: CallId, now: Now) {
        let rang = self.calls.get(&other).is_some_and(|call| call.machine.rang());
        self.tell_transferor(here.call, (here.leaves, 100), now);
        let Half {
            call: id, leaves: by, ..
        } = here;
        let legs = self.dissolve((other, Side::Caller, Some(Side::Caller)), id, now);
        self.note(id, &format!("transferred by {} while it rang", self.name_of(id, by)));
        self.step(id, CallEvent::Transfer { by }, now);
        let ids: Vec<LegId> = legs.iter().map(|leg| leg.id).collect();
        if let Some(call) = self.calls.get_mut(&id) {
            call.machine.call(&ids, false);
            call.way = Default::default();
        }
        for leg in legs {
            self.adopt(id, leg);
        }
        match ids.first() {
            Some(first) if rang => self.step(id, CallEvent::Ringing(*first), now),
            Some(_) => {}
            None => self.step(id, CallEvent::NobodyCalled(480), now),
        }
    }

    /// Ends a call's own story; gives the legs that go on in another call, under new ids.
    fn dissolve(&mut self, (gone, leaves, stays): (CallId, Side, Option<Side>), into: CallId, now: Now) -> Vec<Leg> {
        let Some(mut call) = self.calls.remove(&gone) else {
            return Vec::new();
        };
        call.note(&format!("went on in call {into}"));
        self.line_withdrawn(&mut call, now);
        let ringing = call.machine.is_ringing();
        let spared: Vec<LegId> = match (ringing, stays) {
            (true, _) => call.machine.calling().collect(),
            (false, Some(Side::Called(leg))) => vec![leg],
            (false, Some(Side::Caller)) => vec![call.caller.id],
            (false, None) => Vec::new(),
        };
        let mut end = End {
            disposition: Disposition::Answered,
            by: EndedBySide::System,
            status: 200,
            at: now.unix_ms,
        };
        if call.answered_at.is_none() {
            (end.disposition, end.status) = (Disposition::Abandoned, 487);
        }
        if let (true, session) = (ringing, call.caller.session) {
            let reply = reply(487);
            self.endpoint.command(Command::Refuse { session, reply }, now);
        } else if let Some(leg) = call.leg_mut(leaves) {
            leg.leaving = true;
        }
        let legs: Vec<Leg> = spared
            .into_iter()
            .filter_map(|leg| self.spare(&mut call, leg, now))
            .collect();
        self.close_call(&mut call, end, now);
        legs
    }

    /// A copy of a leg that goes on elsewhere; for this call it is over.
    fn spare(&mut self, call: &mut Call, id: LegId, now: Now) -> Option<Leg> {
        let fresh = LegId::new(now.unix_ms, self.random());
        let leg = call.legs_mut().find(|leg| leg.id == id)?;
        leg.open = false;
        let answered_at = leg.answered_at.map(|_| now.unix_ms);
        Some(Leg {
            id: fresh,
            session: leg.session,
            sip_call_id: leg.sip_call_id.clone(),
            flow: leg.flow,
            staff: leg.staff,
            trunk: leg.trunk,
            party: leg.party.clone(),
            shown: leg.shown.clone(),
            sees: None,
            updates: leg.updates,
            renames: leg.renames,
            hears: None,
            open: true,
            leaving: false,
            confirms: false,
            whispers: None,
            media: leg.media.clone(),
            started_at: now.unix_ms,
            answered_at,
            ended_at: None,
            status: leg.status,
        })
    }

    fn adopt(&mut self, id: CallId, leg: Leg) {
        self.sessions.insert(leg.session, id);
        self.media_legs.insert(leg.media.leg, id);
        if let Some(call) = self.calls.get_mut(&id) {
            call.called.push(leg);
        }
        self.touch(id);
    }
}
