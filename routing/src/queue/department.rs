//! One department: its line, its free agents, its figures.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::agent::{Seat, Standing};
use super::line::{Line, Place};
use super::pick::FreeAgents;
use super::settings::{JoinWhenEmpty, QueueSettings};
use super::stats::{Counts, Statistics};
use super::{JoinRefusal, Rank, Source};
use crate::ids::{DepartmentId, StaffId};

#[derive(Debug)]
pub(super) struct Department {
    pub(super) settings: QueueSettings,
    pub(super) members: Vec<StaffId>,
    pub(super) line: Line,
    pub(super) free: FreeAgents,
    /// Members who are reachable.
    pub(super) working: usize,
    pub(super) counts: Counts,
    /// Its entry in the list of what can be offered.
    listed: Option<(Rank, Place)>,
    /// When waiting callers leave because nobody works.
    pub(super) deserted_at: Option<u64>,
}

impl Department {
    pub(super) fn new(settings: QueueSettings) -> Department {
        Department {
            free: FreeAgents::new(settings.strategy),
            settings,
            members: Vec::new(),
            line: Line::default(),
            working: 0,
            counts: Counts::default(),
            listed: None,
            deserted_at: None,
        }
    }

    pub(super) fn rank(&self) -> Rank {
        (Reverse(self.settings.priority), self.settings.place)
    }

    pub(super) fn leave_at(&self, joined: u64) -> Option<u64> {
        Some(joined.saturating_add(self.settings.longest_wait_ms?))
    }

    pub(super) fn admits(&self, manager_free: bool) -> Result<(), JoinRefusal> {
        let capacity = self.settings.capacity.and_then(|most| usize::try_from(most).ok());
        if capacity.is_some_and(|most| self.line.len() >= most) {
            return Err(JoinRefusal::Full);
        }
        let served = match self.settings.join_when_empty {
            JoinWhenEmpty::Always => true,
            JoinWhenEmpty::WhenSomebodyWorks => self.working > 0,
            JoinWhenEmpty::WhenSomebodyFree => !self.free.is_empty(),
        };
        if served || manager_free {
            Ok(())
        } else {
            Err(JoinRefusal::Empty)
        }
    }

    /// Puts one member where they belong; `true` if that changed something.
    pub(super) fn seat(&mut self, seat: &mut Seat, standing: Standing) -> bool {
        let takes = standing.takes(seat.member.calls_at_once);
        let turn = takes.then(|| self.free.turn(seat, standing));
        if turn == seat.turn && standing.reachable == seat.works {
            return false;
        }
        self.unseat(seat);
        if let Some(turn) = turn {
            self.free.insert(turn, seat.member.staff);
        }
        self.working += usize::from(standing.reachable);
        seat.turn = turn;
        seat.works = standing.reachable;
        true
    }

    pub(super) fn unseat(&mut self, seat: &mut Seat) {
        if let Some(turn) = seat.turn.take() {
            self.free.remove(turn, seat.member.staff);
        }
        self.working -= usize::from(seat.works);
        seat.works = false;
    }

    pub(super) fn list(&mut self, ready: &mut BTreeSet<(Rank, Place, Source)>, own: DepartmentId) {
        let head = self.line.head().filter(|_| !self.free.is_empty());
        let wanted = head.map(|(place, _)| (self.rank(), place));
        if wanted == self.listed {
            return;
        }
        if let Some((rank, place)) = self.listed {
            ready.remove(&(rank, place, Source::Department(own)));
        }
        if let Some((rank, place)) = wanted {
            ready.insert((rank, place, Source::Department(own)));
        }
        self.listed = wanted;
    }

    pub(super) fn watch(&mut self, deserted: &mut BTreeSet<(u64, DepartmentId)>, own: DepartmentId, now: u64) {
        let patience = self.settings.leave_when_empty_ms;
        let patience = patience.filter(|_| self.working == 0 && self.line.len() > 0);
        match (patience, self.deserted_at) {
            (Some(patience), None) => {
                let at = now.saturating_add(patience);
                deserted.insert((at, own));
                self.deserted_at = Some(at);
            }
            (None, Some(at)) => {
                deserted.remove(&(at, own));
                self.deserted_at = None;
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    pub(super) fn statistics(&self) -> Statistics {
        Statistics {
            counts: self.counts,
            length: self.line.len(),
            waiting: self.line.open_len(),
            longest_waiting_since: self.line.longest_waiting_since(),
            working: self.working,
            free: self.free.len(),
        }
    }
}
