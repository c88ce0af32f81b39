//! A number's own greeting: its callers are answered and hear it, and "this call is recorded", before their call goes on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::Sound;
use frontdesk_routing::because::Because;
use frontdesk_routing::call::{CallEvent, CallMachine};
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::Caller;
use frontdesk_routing::forwarding::Trail;
use frontdesk_routing::ids::CallId;
use frontdesk_routing::inbound;
use frontdesk_routing::plan::RecordingPolicy;
use frontdesk_sip::Now;

use super::Engine;
use super::call::{Call, Side};
use super::new_call::NewCall;
use super::output::Output;
use super::prompts::Phrase;
use super::sent_on::Way;
use super::turned::Turned;

/// Milliseconds before it is said, phones open their audio meanwhile, and between its parts.
const PAUSE: usize = 300;
/// A greeting that has not ended so long after its time never will.
const GRACE: Duration = Duration::from_secs(3);

/// What a caller hears first, and what is decided of the call then.
#[derive(Debug)]
pub(super) struct Greeting {
    said: Arc<Sound>,
    token: Option<u64>,
    decision: Decision,
}

impl Engine {
    /// What a caller of this number hears first; `None`: nothing.
    pub(super) fn greeting_of(&self, new: &NewCall<'_>, decision: &Decision) -> Option<Sound> {
        let goes_on = matches!(
            decision,
            Decision::Ring { .. }
                | Decision::Queue { .. }
                | Decision::Menu { .. }
                | Decision::Message { .. }
                | Decision::Outside { .. }
        );
        let Caller::Trunk(trunk) = new.known.caller else {
            return None;
        };
        let trunk = new.plan.staff.trunk(trunk).filter(|_| goes_on)?;
        let number = inbound::connected(new.plan, trunk, &new.dialled)?;
        let greeting = new.plan.menus.greeting(number.account, number.number)?;
        let policy = new.plan.accounts.get(number.account).map(|account| account.recording);
        let records = self.config.recording && policy.unwrap_or_default() != RecordingPolicy::Never;
        let own = greeting.prompt.and_then(|prompt| self.prompts.get(prompt));
        let recorded = greeting.says_recorded && records;
        let recorded = recorded.then(|| Arc::new(self.phrase(number.account, Phrase::Recorded)));
        let parts: Vec<Arc<Sound>> = own.into_iter().chain(recorded).collect();
        let all = |said: Sound, part: &Arc<Sound>| said.then(&Sound::silence(PAUSE)).then(part);
        (!parts.is_empty()).then(|| parts.iter().fold(Sound::silence(0), all))
    }

    /// Answers a new call to say its number's greeting.
    pub(super) fn greet(
        &mut self,
        new: &NewCall<'_>,
        offer: Option<Bytes>,
        (said, decision, trail): (Sound, Decision, Trail),
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let media = self.media_side(new.flow, None)?;
        self.trial(&media, offer.as_ref())?;
        let caller = self.caller_leg(new, media, now);
        let call = Call {
            offer,
            way: Way { person: None, trail },
            greeting: Some(Greeting {
                said: Arc::new(said),
                token: None,
                decision,
            }),
            ..self.new_call(new, (CallMachine::offered(&[]), caller), &Because::Greets, now)
        };
        let id = call.id;
        self.admit_call(call);
        self.step(id, CallEvent::Attend, now);
        self.wait_without_end(id, now);
        self.begin_greeting(id, now);
        Ok(())
    }

    /// It is said once there is audio.
    pub(super) fn begin_greeting(&mut self, id: CallId, now: Now) {
        let token = self.token();
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.machine.is_attended()) else {
            return;
        };
        let media = &call.caller.media;
        let (leg, settled) = (media.leg, media.settled().is_some());
        let waiting = call
            .greeting
            .as_mut()
            .filter(|greeting| settled && greeting.token.is_none());
        let Some(greeting) = waiting else { return };
        greeting.token = Some(token);
        let sound = Arc::clone(&greeting.said);
        let limit = Duration::from_millis(sound.duration_ms()) + GRACE;
        self.outputs.push_back(Output::Media(MediaCommand::Play {
            leg,
            sound,
            repeat: false,
            token,
        }));
        self.wait_at_most(id, limit, now);
    }

    /// False: it was something else that has ended.
    pub(super) fn on_greeted(&mut self, id: CallId, token: u64, now: Now) -> bool {
        let call = self.calls.get_mut(&id).filter(|call| call.machine.is_attended());
        let greeting = call.and_then(|call| call.greeting.take_if(|greeting| greeting.token == Some(token)));
        let Some(greeting) = greeting else { return false };
        self.go_on(id, greeting.decision, now);
        true
    }

    /// It has not come to its end in its time: the call goes on all the same. False: nothing is said.
    pub(super) fn on_greeting_lost(&mut self, id: CallId, now: Now) -> bool {
        let call = self.calls.get_mut(&id).filter(|call| call.machine.is_attended());
        let greeting = call.and_then(|call| {
            let greeting = call.greeting.take_if(|greeting| greeting.token.is_some())?;
            Some((greeting.decision, call.leg(Side::Caller)?.media.leg))
        });
        let Some((decision, leg)) = greeting else { return false };
        self.outputs.push_back(Output::Media(MediaCommand::StopPlaying { leg }));
        self.go_on(id, decision, now);
        true
    }

    /// By the forwardings that were found when the call came.
    fn go_on(&mut self, id: CallId, decision: Decision, now: Now) {
        let trail = self.calls.get(&id).map(|call| call.way.trail.clone());
        self.go_by(id, Some((decision, trail.unwrap_or_default())), now);
    }
}
