//! Early media: what a single callee says before it answers reaches the caller (RFC 3960). Where several phones ring, none
//! of them is heard: the caller gets 180 and its own phone's ringing tone.

use frontdesk_media::io::command::{Direction, MediaCommand};
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::CallId;
use frontdesk_sip::Now;
use frontdesk_sip::command::Command;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::wire::Message;

use super::Engine;
use super::call::Side;
use super::output::Output;

impl Engine {
    pub(super) fn on_progress(&mut self, session: SessionId, response: &Message, now: Now) {
        let Some((id, Side::Called(leg))) = self.find(session) else {
            return;
        };
        if !response.body().is_empty() {
            self.hear_early(id, Side::Called(leg), response, now);
        }
        self.step(id, CallEvent::Ringing(leg), now);
    }

    /// Lets the caller hear the only phone that is called, by a 183 with our description; once.
    fn hear_early(&mut self, id: CallId, side: Side, response: &Message, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let phones = call
            .called
            .iter()
            .filter(|leg| Side::Called(leg.id) == side || leg.trunk.is_none());
        let alone = call.machine.is_ringing() && !call.machine.is_queued() && phones.count() == 1 && !call.early;
        let Some(offer) = call.offer.clone().filter(|_| alone) else {
            return;
        };
        let Some(leg) = call.leg_mut(side) else { return };
        if leg.media.accept_early(response.body()).is_err() {
            return;
        }
        let (codec, b) = (leg.media.codec(), leg.media.leg);
        codec.into_iter().for_each(|codec| call.caller.media.prefer(codec));
        let Ok(body) = call.caller.media.answer(&offer, Direction::SendRecv) else {
            return;
        };
        call.early = true;
        let (session, a) = (call.caller.session, call.caller.media.leg);
        let ring = Command::Ring {
            session,
            status: 183,
            headers: Vec::new(),
            body: Some(body),
        };
        self.endpoint.command(ring, now);
        self.configure(id, side);
        self.configure(id, Side::Caller);
        self.outputs.push_back(Output::Media(MediaCommand::Join { a, b }));
    }
}
