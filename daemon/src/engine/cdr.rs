//! The call detail record: what the journal is given.

use std::net::SocketAddr;

use frontdesk_media::io::command::MediaCommand;
use frontdesk_routing::because::Because;
use frontdesk_routing::call::{Disposition as Outcome, EndedBy};
use frontdesk_routing::ids::{AccountId, CallId, ClientId, DepartmentId, LegId};
use frontdesk_sip::Now;
use frontdesk_sip::command::Command;
use frontdesk_sip::event::TransactionId;
use frontdesk_sip::wire::SessionIds;

use super::Engine;
use super::call::{Call, Leg};
use super::output::{
    BoardChange, CallDirection, CdrParty, CdrRow, Disposition, EndedBySide, JournalEntry, LegRow, Output,
};
use super::requests::reply;

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) disposition: Disposition,
    pub(super) by: EndedBySide,
    pub(super) status: u16,
    pub(super) at: i64,
}

/// A call that was refused before any phone rang.
#[derive(Debug)]
pub(super) struct RefusedCall {
    pub(super) id: CallId,
    pub(super) sip_call_id: String,
    pub(super) peer: SocketAddr,
    pub(super) account: AccountId,
    pub(super) direction: CallDirection,
    pub(super) caller: CdrParty,
    /// Who would have been rung.
    pub(super) callee: CdrParty,
    /// In whose line it would have waited.
    pub(super) department: Option<DepartmentId>,
    pub(super) client: Option<ClientId>,
    pub(super) dialled: String,
    pub(super) status: u16,
    pub(super) because: Because,
    /// As the caller named itself.
    pub(super) session_ids: Option<SessionIds>,
}

impl Engine {
    /// Writes the record, tells the board and lets the call go.
    pub(super) fn finish(&mut self, id: CallId, outcome: Outcome, (by, status): (EndedBy, u16), now: Now) {
        let Some(mut call) = self.calls.remove(&id) else { return };
        let disposition = disposition(outcome);
        let end = End {
            disposition,
            by: side(by),
            status,
            at: now.unix_ms,
        };
        self.close_call(&mut call, end, now);
    }

    /// The same for a call that is no longer among those that go on.
    pub(super) fn close_call(&mut self, call: &mut Call, end: End, now: Now) {
        let id = call.id;
        self.line_over(call, now);
        self.message_over(call, now);
        self.ringing.remove(&(call.rings_until, id));
        for staff in self.watchers.call_over(id) {
            self.lines.touch_person(staff);
        }
        let place = call.place.take();
        self.vacate(call.account, place);
        for leg in call.legs_mut() {
            leg.ended_at.get_or_insert(now.unix_ms);
            if leg.status == 0 {
                leg.status = end.status;
            }
        }
        if let Some(recording) = call.recording {
            self.outputs.push_back(Output::Media(MediaCommand::Untap {
                recording: recording.as_u128(),
            }));
        }
        self.refuse_relayed(std::mem::take(&mut call.relayed), now);
        for leg in call.legs().filter(|leg| leg.open && leg.leaving) {
            let (session, reason) = (leg.session, None);
            self.endpoint.command(Command::Bye { session, reason }, now);
        }
        self.release(call);
        let row = Box::new(call.record(Some(end)));
        self.outputs
            .push_back(Output::Journal(JournalEntry::CallEnded { call: row }));
        self.outputs.push_back(Output::Board(BoardChange::CallEnded {
            call: id,
            disposition: end.disposition,
            at: end.at,
        }));
    }

    /// Requests that wait for the answer of somebody who has left.
    pub(super) fn refuse_relayed(&mut self, relayed: Vec<(u64, TransactionId)>, now: Now) {
        for (_, transaction) in relayed {
            let reply = reply(481);
            self.endpoint.command(Command::Respond { transaction, reply }, now);
        }
    }

    /// A call that reached nobody stands in the history all the same.
    pub(super) fn record_refusal(&mut self, call: RefusedCall, now: Now) {
        self.counters.calls_refused += 1;
        let leg = LegRow {
            id: LegId::new(now.unix_ms, self.random()),
            caller: true,
            staff: call.caller.staff,
            trunk: call.caller.trunk,
            sip_call_id: call.sip_call_id,
            peer: Some(call.peer),
            started_at: now.unix_ms,
            answered_at: None,
            ended_at: Some(now.unix_ms),
            status: call.status,
        };
        let disposition = match call.status {
            480 => Disposition::NoAnswer,
            486 => Disposition::Busy,
            _ => Disposition::Failed,
        };
        let row = CdrRow {
            id: call.id,
            account: call.account,
            direction: call.direction,
            caller: call.caller,
            called: call.dialled,
            callee: call.callee,
            client: call.client,
            disposition: Some(disposition),
            because: call.because.to_string(),
            started_at: now.unix_ms,
            answered_at: None,
            ended_at: Some(now.unix_ms),
            ended_by: Some(EndedBySide::System),
            status: call.status,
            department: call.department,
            waited_ms: None,
            session_ids: call.session_ids,
            legs: vec![leg],
        };
        self.outputs
            .push_back(Output::Journal(JournalEntry::CallEnded { call: Box::new(row) }));
    }
}

impl Call {
    /// The record as it stands; `None`: the call goes on.
    pub(super) fn record(&self, end: Option<End>) -> CdrRow {
        let legs = std::iter::once((&self.caller, true)).chain(self.called.iter().map(|leg| (leg, false)));
        CdrRow {
            id: self.id,
            account: self.account,
            direction: self.direction,
            caller: self.caller.party.clone(),
            called: self.dialled.clone(),
            callee: self.callee.clone(),
            client: self.client,
            disposition: end.map(|end| end.disposition),
            because: self.because.clone(),
            started_at: self.started_at,
            answered_at: self.answered_at,
            ended_at: end.map(|end| end.at),
            ended_by: end.map(|end| end.by),
            status: end.map_or(200, |end| end.status),
            department: self.line.as_ref().map(|stay| stay.department),
            waited_ms: self.line.as_ref().and_then(|stay| i64::try_from(stay.waited?).ok()),
            session_ids: Some(self.session_ids),
            legs: legs
                .filter(|(leg, _)| !leg.sip_call_id.is_empty())
                .map(|(leg, caller)| leg.row(caller))
                .collect(),
        }
    }
}

impl Leg {
    fn row(&self, caller: bool) -> LegRow {
        LegRow {
            id: self.id,
            caller,
            staff: self.staff,
            trunk: self.trunk,
            sip_call_id: self.sip_call_id.clone(),
            peer: Some(self.flow.peer),
            started_at: self.started_at,
            answered_at: self.answered_at,
            ended_at: self.ended_at,
            status: self.status,
        }
    }
}

fn disposition(outcome: Outcome) -> Disposition {
    match outcome {
        Outcome::Answered => Disposition::Answered,
        Outcome::Busy => Disposition::Busy,
        Outcome::NoAnswer => Disposition::NoAnswer,
        Outcome::Abandoned => Disposition::Abandoned,
        Outcome::Failed => Disposition::Failed,
    }
}

fn side(by: EndedBy) -> EndedBySide {
    match by {
        EndedBy::Caller => EndedBySide::Caller,
        EndedBy::Callee => EndedBySide::Callee,
        EndedBy::System => EndedBySide::System,
    }
}
