//! What must be true of any story.

use std::collections::BTreeMap;

use frontdesk::engine::output::{BoardChange, CdrRow, JournalEntry};

use super::people::Person;
use super::{World, net, s};

impl World {
    pub fn records_of_calls(&self) -> Vec<&CdrRow> {
        let ended = self.journal.iter().filter_map(|entry| match entry {
            JournalEntry::CallEnded { call } => Some(&**call),
            JournalEntry::BindingSaved(_)
            | JournalEntry::BindingRemoved { .. }
            | JournalEntry::SubscriptionSaved(_)
            | JournalEntry::SubscriptionRemoved { .. }
            | JournalEntry::RecordingStarted { .. }
            | JournalEntry::MessageStarted { .. }
            | JournalEntry::MessageDropped { .. }
            | JournalEntry::LineLeft(_)
            | JournalEntry::SettingChanged(_)
            | JournalEntry::Block(_) => None,
        });
        ended.collect()
    }

    /// The record of the only call.
    pub fn record(&self) -> &CdrRow {
        let records = self.records_of_calls();
        assert_eq!(records.len(), 1, "{records:#?}");
        records[0]
    }

    /// How somebody came to be online on the board and went, in order.
    pub fn edges(&self, person: Person) -> Vec<bool> {
        let changes = self.board.iter().filter_map(|change| match change {
            BoardChange::Sip { staff, online, .. } if staff.as_u128() == person.id => Some(*online),
            BoardChange::Sip { .. }
            | BoardChange::CallCreated(_)
            | BoardChange::CallCard { .. }
            | BoardChange::CallRinging { .. }
            | BoardChange::CallAnswered { .. }
            | BoardChange::CallHeld { .. }
            | BoardChange::CallQueued { .. }
            | BoardChange::CallTransferred { .. }
            | BoardChange::CallEnded { .. }
            | BoardChange::Block(_)
            | BoardChange::Trunk { .. } => None,
        });
        changes.collect()
    }

    /// Lets everything run out and checks what holds after any story.
    pub fn close(&mut self) {
        self.lose = None;
        self.set_weather(net::FAIR);
        for phone in 0..self.phones.len() {
            self.act(phone, |phone, now| phone.unwatch_all(now));
        }
        self.run_for(s(120));
        let ladder = || {
            let ladder = self.transcript.ladder();
            ladder[ladder.len().saturating_sub(80)..].join("\n")
        };
        assert_eq!(
            self.engine.counts(),
            Default::default(),
            "left in the engine\n{}",
            ladder()
        );
        self.media.assert_empty();
        assert_eq!(self.transcript.unanswered(), Vec::<String>::new(), "{}", ladder());
        assert!(self.disagreements.is_empty(), "{}", self.disagreements.join("\n---\n"));
        self.assert_records();
        for phone in self.phones.iter().filter(|phone| !phone.gone) {
            assert_eq!(
                phone.holds().sessions,
                0,
                "{} still has a call\n{}",
                phone.name,
                ladder()
            );
        }
    }

    /// Each call on the board ends once there and once in the journal; recordings stand in their calls.
    fn assert_records(&self) {
        let mut ended = BTreeMap::new();
        for row in self.records_of_calls() {
            *ended.entry(row.id).or_insert(0) += 1;
            assert!(row.disposition.is_some() && row.ended_at.is_some(), "{row:?}");
            assert_eq!(row.answered_at.is_some(), row.status == 200, "{row:?}");
            assert!(
                row.answered_at
                    .is_none_or(|at| row.started_at <= at && Some(at) <= row.ended_at),
                "{row:?}"
            );
            // Its row was written when it was answered, and then nobody was left to write it once more.
            let cut = self.cut.contains(&row.id);
            let whole = row
                .legs
                .iter()
                .all(|leg| leg.ended_at.is_some() && !leg.sip_call_id.is_empty() && (leg.status > 0 || cut));
            assert!(whole, "{row:?}");
        }
        assert!(
            ended.values().all(|times| *times == 1),
            "a call has two records: {ended:?}"
        );
        let (mut created, mut gone) = (BTreeMap::new(), BTreeMap::new());
        for change in &self.board {
            match change {
                BoardChange::CallCreated(call) => *created.entry(call.id).or_insert(0) += 1,
                BoardChange::CallEnded { call, .. } => *gone.entry(*call).or_insert(0) += 1,
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
        // Of what was up when a process died the next one knows nothing.
        created.retain(|call, _| !self.cut.contains(call));
        assert_eq!(created, gone, "calls that came to the board and went from it");
        assert!(
            created.keys().all(|call| ended.contains_key(call)),
            "a call without a record"
        );
        for entry in &self.journal {
            if let JournalEntry::RecordingStarted { call, .. } = entry {
                assert!(ended.contains_key(&call.id), "a recording without its call");
            }
        }
    }
}
