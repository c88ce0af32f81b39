//! The call's commands become SIP and media commands.

use frontdesk_media::io::command::{Direction, MediaCommand, MediaLegId};
use frontdesk_routing::call::{CallCommand, CallEvent};
use frontdesk_routing::ids::{CallId, LegId, RecordingId};
use frontdesk_routing::plan::RecordingPolicy;
use frontdesk_sip::Now;
use frontdesk_sip::command::Command;
use frontdesk_sip::trunk::cause;

use super::Engine;
use super::call::{Call, Side};
use super::output::{BoardChange, JournalEntry, Output, RecordCommand};
use super::requests::{reply, reply_with};

/// RFC 3326: no phone shows a missed call that a colleague or another phone took.
pub(super) const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";
const GIVEN_UP: &str = "SIP;cause=487;text=\"Request Terminated\"";
const NORMAL: &str = "Q.850;cause=16;text=\"Normal call clearing\"";

impl Engine {
    pub(super) fn step(&mut self, id: CallId, event: CallEvent, now: Now) {
        self.touch(id);
        if let CallEvent::Refused(leg, status) = event {
            self.on_agent_refused(id, (leg, status), now);
        } else if let CallEvent::Lost(Side::Called(leg)) = event {
            self.on_agent_refused(id, (leg, 503), now);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let CallEvent::Refused(leg, status) = event
            && let Some(leg) = call.leg_mut(Side::Called(leg))
        {
            leg.status = status;
            leg.ended_at = Some(now.unix_ms);
        }
        let commands = call.machine.step(event);
        self.review_early(id, now);
        for command in commands {
            self.perform(id, command, now);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.reason = None;
        }
    }

    fn perform(&mut self, id: CallId, command: CallCommand, now: Now) {
        let Some(call) = self.calls.get(&id) else { return };
        let caller = call.caller.session;
        let session_of = |leg: LegId| call.leg(Side::Called(leg)).map(|leg| leg.session);
        match command {
            CallCommand::RingCaller => {
                let ring = Command::Ring {
                    session: caller,
                    status: 180,
                    headers: Vec::new(),
                    body: None,
                };
                let described = call.early.is_described();
                self.introduce_callee(id);
                if !described {
                    self.endpoint.command(ring, now);
                }
                self.outputs
                    .push_back(Output::Board(BoardChange::CallRinging { call: id }));
            }
            CallCommand::Connect(leg) => self.connect(id, leg, now),
            CallCommand::Hold => self.hold_caller(id, now),
            CallCommand::Serve => self.serve_party(id, now),
            CallCommand::OfferOver => self.on_offer_over(id, now),
            CallCommand::CallOut(leg) => self.call_out(id, leg, now),
            CallCommand::Part(party, other) => self.part(id, (party, other), now),
            CallCommand::Join(first, second) => self.bring_together(id, (first, second), now),
            CallCommand::Tell(to, status) => self.tell_transferor(id, (to, status), now),
            CallCommand::Release(side) => self.let_go(id, side, now),
            CallCommand::Recall(party) => self.recall(id, party, now),
            CallCommand::Cancel { leg, elsewhere } => {
                let given = call.reason.clone().filter(|_| !elsewhere);
                let ours = if elsewhere { ELSEWHERE } else { GIVEN_UP };
                let reason = given.or_else(|| Some(ours.to_owned()));
                if let Some(session) = session_of(leg) {
                    self.endpoint.command(Command::Cancel { session, reason }, now);
                }
                self.end_leg(id, Side::Called(leg), 487, now);
            }
            CallCommand::RefuseCaller(status) => {
                let ours = call.caller.trunk.map(|_| cause::reason(status));
                let reply = match call.reason.clone().or(ours) {
                    Some(reason) => reply_with(status, "Reason", reason),
                    None => reply(status),
                };
                let session = caller;
                self.endpoint.command(Command::Refuse { session, reply }, now);
                self.end_leg(id, Side::Caller, status, now);
            }
            CallCommand::HangUp(side) => self.hang_up(id, side, now),
            CallCommand::End {
                disposition,
                by,
                status,
            } => self.finish(id, disposition, (by, status), now),
        }
    }

    pub(super) fn hang_up(&mut self, id: CallId, side: Side, now: Now) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(session) = call.leg(side).map(|leg| leg.session) else {
            return;
        };
        let reason = Some(call.reason.clone().unwrap_or_else(|| NORMAL.to_owned()));
        self.endpoint.command(Command::Bye { session, reason }, now);
    }

    pub(super) fn end_leg(&mut self, id: CallId, side: Side, status: u16, now: Now) {
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) {
            leg.status = status;
            leg.ended_at = Some(now.unix_ms);
        }
    }

    fn connect(&mut self, id: CallId, leg: LegId, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(called) = call.called.iter().find(|other| other.id == leg) else {
            return;
        };
        let (codec, party) = (called.media.codec(), called.party.clone());
        // What a 183 has answered already the 200 repeats (RFC 6337 section 3.1).
        let codec = codec.filter(|_| !call.early.is_described());
        codec.into_iter().for_each(|codec| call.caller.media.prefer(codec));
        call.callee = party.clone();
        call.answered_at = Some(now.unix_ms);
        call.caller.answered_at = Some(now.unix_ms);
        call.caller.status = 200;
        self.ringing.remove(&(call.rings_until, id));
        let session = call.caller.session;
        call.caller.sees = Some(Side::Called(leg));
        let body = match call.offer.take() {
            Some(offer) => match call.caller.media.answer(&offer, Direction::SendRecv) {
                Ok(body) => body,
                // The offer was tried before the phones rang; that it fails now is ours to see.
                Err(_) => {
                    self.counters.bugs += 1;
                    return self.step(id, CallEvent::Stop, now);
                }
            },
            None => {
                call.caller.media.late = true;
                call.caller.media.offer(Direction::SendRecv)
            }
        };
        self.counters.calls_answered += 1;
        let headers = self.identity_of(id, Side::Caller, Side::Called(leg));
        self.introduce(id, (Side::Caller, Side::Called(leg)));
        self.endpoint.command(Command::Accept { session, headers, body }, now);
        self.configure(id, Side::Called(leg));
        self.configure(id, Side::Caller);
        self.join(id, now);
        let recording = self.calls.get(&id).and_then(|call| call.recording);
        let change = BoardChange::CallAnswered {
            call: id,
            at: now.unix_ms,
            callee: party,
            recording,
        };
        self.outputs.push_back(Output::Board(change));
    }

    /// Begins the recording if the account wants it; the rows exist before the file does.
    pub(super) fn record(&mut self, id: CallId, (left, right): (MediaLegId, MediaLegId), now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let policy = call
            .plan
            .accounts
            .get(call.account)
            .map(|account| account.recording)
            .unwrap_or_default();
        if !self.config.recording || policy == RecordingPolicy::Never {
            return;
        }
        if call.recording.is_some() {
            return self.retap(id, (Some(left), Some(right)));
        }
        let account = call.account;
        let recording = RecordingId::new(now.unix_ms, rand::Rng::random(&mut self.rng));
        call.recording = Some(recording);
        let row = Box::new(call.record(None));
        self.outputs
            .push_back(Output::Journal(JournalEntry::RecordingStarted { recording, call: row }));
        let start = RecordCommand::Start {
            recording,
            account,
            call: id,
            started_at: now.unix_ms,
        };
        self.outputs.push_back(Output::Record(start));
        let tap = MediaCommand::Tap {
            left,
            right: Some(right),
            recording: recording.as_u128(),
        };
        self.outputs.push_back(Output::Media(tap));
    }

    /// Lets go of everything that a call holds.
    pub(super) fn release(&mut self, call: &Call) {
        for leg in call.legs().filter(|leg| leg.open) {
            self.forget_session(leg.session);
            self.close_media(leg.media.leg);
        }
    }
}
