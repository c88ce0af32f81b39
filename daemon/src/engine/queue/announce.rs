//! Whoever waits is told where they stand.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::Sound;
use frontdesk_routing::ids::{AccountId, CallId, DepartmentId};
use frontdesk_routing::plan::Announce;
use frontdesk_sip::Now;

use super::Engine;
use crate::engine::output::Output;
use crate::engine::prompts::Phrase;

/// The first announcement comes so long after the call has joined; the others at the department's pace.
const FIRST: Duration = Duration::from_secs(5);
const PAUSE: usize = 300;

impl Engine {
    pub(super) fn announce_first(&mut self, id: CallId, now: Now) {
        let department = self
            .calls
            .get(&id)
            .and_then(|call| Some(call.line.as_ref()?.department));
        if department.and_then(|department| self.pace(department)).is_some() {
            self.announce_after(id, FIRST, now);
        }
    }

    fn announce_after(&mut self, id: CallId, after: Duration, now: Now) {
        let stay = self.calls.get_mut(&id).and_then(|call| call.line.as_mut());
        let Some(stay) = stay.filter(|stay| stay.active) else {
            return;
        };
        let at = now.instant + after;
        stay.announce_at = Some(at);
        self.lines.announcements.insert((at, id));
    }

    fn pace(&self, department: DepartmentId) -> Option<(Announce, Duration)> {
        let announce = self.plan.departments.get(department)?.announce;
        let every = announce.every_s?;
        Some((announce, Duration::from_secs(every.into())))
    }

    /// Speaks to all whose time has come.
    pub(super) fn announce_places(&mut self, now: Now) {
        while let Some((at, id)) = self.lines.announcements.first().copied()
            && at <= now.instant
        {
            self.lines.announcements.remove(&(at, id));
            let department = self
                .calls
                .get(&id)
                .and_then(|call| Some(call.line.as_ref()?.department));
            let Some((announce, every)) = department.and_then(|department| self.pace(department)) else {
                continue;
            };
            self.say_place(id, announce);
            self.announce_after(id, every, now);
        }
    }

    /// The music goes on when all has been said; who rings at an agent's phone unanswered hears nothing of it.
    fn say_place(&mut self, id: CallId, announce: Announce) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(side) = call.machine.waiting() else { return };
        let settled = call.leg(side).and_then(|leg| leg.media.settled());
        if !settled.is_some_and(|media| media.direction.we_send()) {
            return;
        }
        let said = Arc::new(self.place_told(id, call.account, announce));
        let token = self.token();
        let call = self.calls.get_mut(&id);
        let Some(leg) = call.and_then(|call| call.leg_mut(side)) else {
            return;
        };
        leg.hears = Some(token);
        leg.media.tune = None;
        self.outputs.push_back(Output::Media(MediaCommand::Play {
            leg: leg.media.leg,
            sound: said,
            repeat: false,
            token,
        }));
    }

    /// The words for whoever waits, by the account's voice.
    fn place_told(&self, id: CallId, account: AccountId, announce: Announce) -> Sound {
        let mut said = self.phrase(account, Phrase::PleaseWait);
        let position = self.lines.queues.position(id).filter(|_| announce.position);
        let wait = self.lines.queues.expected_wait(id).filter(|_| announce.wait);
        if let Some(position) = position {
            let place = self.phrase_with(account, Phrase::Place, &position.to_string());
            said = said.then(&Sound::silence(PAUSE)).then(&place);
        }
        if let Some(wait) = wait {
            let minutes = wait.div_ceil(60_000).max(1);
            let minutes = self.phrase_with(account, Phrase::Minutes, &minutes.to_string());
            said = said.then(&Sound::silence(PAUSE)).then(&minutes);
        }
        said
    }
}
