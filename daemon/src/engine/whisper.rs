//! What a member of a department who has picked up hears before the caller is put through: for which department the call
//! is, and that a VIP calls. The caller hears its music, or ringing, meanwhile.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::Sound;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{CallId, LegId};
use frontdesk_sip::Now;

use super::Engine;
use super::call::Side;
use super::output::Output;
use super::prompts::Phrase;

/// Milliseconds before it is said: phones open their audio meanwhile. And between two things that are said.
const LEAD_IN: usize = 300;
const PAUSE: usize = 200;
/// A whisper that has not ended so long after its time never will: the offer is over then.
const GRACE: Duration = Duration::from_secs(5);

impl Engine {
    /// A member of the line's department has picked up: false when nothing is to be said, so that the answer counts at once.
    pub(super) fn whisper(&mut self, id: CallId, leg: LegId, now: Now) -> bool {
        let Some(said) = self.whispered(id, leg) else {
            return false;
        };
        let token = self.token();
        let side = Side::Called(leg);
        self.configure(id, side);
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let until = now.instant + Duration::from_millis(said.duration_ms()) + GRACE;
        // The member has picked up in time: what rings at others may do so a little longer.
        let limit = call.rings_until.max(until).saturating_duration_since(now.instant);
        let Some(answered) = call.leg_mut(side) else {
            return false;
        };
        answered.whispers = Some(token);
        let media = answered.media.leg;
        self.outputs.push_back(Output::Media(MediaCommand::Play {
            leg: media,
            sound: Arc::new(said),
            repeat: false,
            token,
        }));
        self.wait_at_most(id, limit, now);
        true
    }

    /// What is said to this leg; `None`: nothing.
    fn whispered(&self, id: CallId, leg: LegId) -> Option<Sound> {
        let call = self.calls.get(&id).filter(|call| call.machine.is_queued())?;
        if !call.machine.calling().any(|calling| calling == leg) {
            return None;
        }
        let department = self.plan.departments.get(call.line.as_ref()?.department)?;
        let party = call.machine.waiting().unwrap_or(Side::Caller);
        let vip = self.client_of(call, party).is_some_and(|client| client.vip);
        let mut said = Vec::new();
        if department.whisper.department {
            said.push(self.phrase(call.account, Phrase::Department));
            said.push(self.spoken(call.account, &department.short_number.to_string()));
        }
        if department.whisper.vip && vip {
            said.push(self.phrase(call.account, Phrase::VipClient));
        }
        let mut said = said.into_iter();
        let first = Sound::silence(LEAD_IN).then(&said.next()?);
        Some(said.fold(first, |all, next| all.then(&Sound::silence(PAUSE)).then(&next)))
    }

    /// All has been said: the member and the caller are put through. False: it was something else that has ended.
    pub(super) fn on_whispered(&mut self, id: CallId, side: Side, token: u64, now: Now) -> bool {
        let leg = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side));
        let ended = leg.is_some_and(|leg| leg.whispers.take_if(|whispers| *whispers == token).is_some());
        if let (true, Side::Called(called)) = (ended, side) {
            self.step(id, CallEvent::Answered(called), now);
        }
        ended
    }
}
