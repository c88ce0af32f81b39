//! Whoever takes calls at a telephone outside says by a key that they do: else their voicemail would take them (L29).

use std::sync::Arc;

use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::Sound;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{CallId, LegId};
use frontdesk_routing::plan::Method;
use frontdesk_sip::Now;

use super::Engine;
use super::call::Side;
use super::output::Output;
use super::prompts::Phrase;

const ACCEPTS: char = '1';
/// Milliseconds before the wish is spoken, and again and again after it.
const PAUSE: usize = 1_500;

impl Engine {
    /// Somebody's own telephone has been picked up, by them or by a machine: the key is asked for until the call has rung
    /// as long as it may. False: the answer counts as it is.
    pub(super) fn ask_for_key(&mut self, id: CallId, leg: LegId) -> bool {
        let plan = Arc::clone(&self.plan);
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let account = call.account;
        let side = Side::Called(leg);
        let calling = call.machine.calling().any(|calling| calling == leg);
        let Some(answered) = call.leg_mut(side).filter(|leg| calling && leg.trunk.is_some()) else {
            return false;
        };
        let person = answered.staff.and_then(|staff| plan.reception.person(staff));
        if !person.is_some_and(|person| person.confirms && person.method != Method::Sip) {
            return false;
        }
        answered.confirms = true;
        answered.media.listens = true;
        let media = answered.media.leg;
        let wish = self.phrase(account, Phrase::PressOne);
        self.configure(id, side);
        let token = self.token();
        let pause = Sound::silence(PAUSE);
        let sound = Arc::new(pause.clone().then(&wish).then(&pause));
        self.outputs.extend([
            Output::Media(MediaCommand::Listen { leg: media, on: true }),
            Output::Media(MediaCommand::Play {
                leg: media,
                sound,
                repeat: true,
                token,
            }),
        ]);
        true
    }

    /// A key of somebody who has been asked for one; false: nobody has.
    pub(super) fn confirm(&mut self, id: CallId, side: Side, digit: char, now: Now) -> bool {
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return false;
        };
        if !leg.confirms {
            return false;
        }
        if let (ACCEPTS, Side::Called(called)) = (digit, side) {
            leg.confirms = false;
            leg.media.listens = false;
            let media = leg.media.leg;
            self.outputs
                .push_back(Output::Media(MediaCommand::Listen { leg: media, on: false }));
            if !self.whisper(id, called, now) {
                self.step(id, CallEvent::Answered(called), now);
            }
        }
        true
    }
}
