//! New processes that come up with the database of the old one.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk::engine::Engine;
use frontdesk::engine::input::Input;
use frontdesk::engine::output::{BoardChange, CdrRow, Disposition, EndedBySide, JournalEntry};
use frontdesk_media::io::command::MediaNotice;
use frontdesk_routing::ids::CallId;
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::flow::Transport;

use super::World;
use super::media::MediaModel;

impl World {
    /// A new process with the same database: only what was journalled is left.
    pub fn restart(&mut self, plan: DialPlan) {
        let (stored, watching) = (self.stored_bindings(), self.stored_subscriptions());
        self.seed = self.seed.wrapping_add(7);
        self.transcript.process_ended();
        self.engine = Engine::new(self.config.clone(), [self.seed; 32], self.now());
        self.media = MediaModel::default();
        self.sounds = Default::default();
        let ports = self.media.stock();
        self.input(Input::Media(MediaNotice::PortsReady(ports)));
        self.input(Input::Plan(Arc::new(plan)));
        self.input(Input::RestoreSubscriptions(watching));
        self.input(Input::Restore(stored));
    }

    /// The process dies where it stands, and a new one comes up as the daemon does: it ends the calls whose rows were
    /// left open, and knows no connection. Gives how many calls were up.
    pub fn crash(&mut self, plan: DialPlan) -> usize {
        let up = self.calls_up();
        self.close_open(&up);
        for phone in 0..self.phones.len() {
            if self.phones[phone].flow.transport != Transport::Udp {
                let (_, old) = self.lose_connection(phone);
                self.act(phone, |phone, now| phone.reconnect(&old, now));
            }
        }
        self.transcript.process_died();
        self.restart(plan);
        self.cut.extend(&up);
        up.len()
    }

    /// The calls that the board shows.
    pub fn calls_up(&self) -> Vec<CallId> {
        let mut up = Vec::new();
        for change in &self.board {
            match change {
                BoardChange::CallCreated(call) => up.push(call.id),
                BoardChange::CallEnded { call, .. } => up.retain(|id| id != call),
                BoardChange::Sip { .. }
                | BoardChange::CallCard { .. }
                | BoardChange::CallRinging { .. }
                | BoardChange::CallAnswered { .. }
                | BoardChange::CallTransferred { .. }
                | BoardChange::CallHeld { .. }
                | BoardChange::CallQueued { .. }
                | BoardChange::Block(_)
                | BoardChange::Trunk { .. } => {}
            }
        }
        up.retain(|call| !self.cut.contains(call));
        up
    }

    /// What `calls::close_open` does to the rows that recordings have made.
    fn close_open(&mut self, up: &[CallId]) {
        let mut open: BTreeMap<CallId, CdrRow> = BTreeMap::new();
        for entry in &self.journal {
            if let JournalEntry::RecordingStarted { call, .. } = entry
                && up.contains(&call.id)
            {
                open.insert(call.id, (**call).clone());
            }
        }
        for mut call in open.into_values() {
            let ended = call.answered_at.unwrap_or(call.started_at).max(call.started_at);
            call.ended_at = Some(ended);
            call.ended_by = Some(EndedBySide::System);
            call.disposition = Some(match call.answered_at {
                Some(_) => Disposition::Answered,
                None => Disposition::Failed,
            });
            for leg in &mut call.legs {
                leg.ended_at.get_or_insert(ended);
            }
            let call = Box::new(call);
            self.journal.push(JournalEntry::CallEnded { call });
        }
    }
}
