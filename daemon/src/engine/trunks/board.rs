//! What people see of trunks.

use frontdesk_routing::ids::TrunkId;
use frontdesk_routing::plan::PlanTrunk;
use frontdesk_sip::Now;
use frontdesk_sip::trunk::register::Standing;

use super::{Engine, Line};
use crate::engine::output::{BoardChange, Output, TrunkRegistration, TrunkState};

impl Engine {
    /// Tells the board of a trunk if something has changed.
    pub(super) fn tell_trunk(&mut self, id: TrunkId, now: Now) {
        let state = self.state_of(id);
        let Some(line) = self.trunks.lines.get_mut(&id) else {
            return;
        };
        if line.told == state {
            return;
        }
        line.told.clone_from(&state);
        self.outputs.push_back(Output::Board(BoardChange::Trunk {
            account: line.trunk.account,
            trunk: id,
            state,
            at: now.unix_ms,
        }));
    }

    pub(super) fn tell_trunks(&mut self, now: Now) {
        let ids: Vec<TrunkId> = self.trunks.lines.keys().copied().collect();
        for id in ids {
            self.tell_trunk(id, now);
        }
    }

    pub(super) fn tell_trunk_gone(&mut self, trunk: &PlanTrunk) {
        self.outputs.push_back(Output::Board(BoardChange::Trunk {
            account: trunk.account,
            trunk: trunk.id,
            state: None,
            at: 0,
        }));
    }

    /// `None`: a trunk that is neither registered nor probed.
    fn state_of(&self, id: TrunkId) -> Option<TrunkState> {
        let line = self.trunks.lines.get(&id)?;
        let provider = line.trunk.provider.as_ref()?;
        let addresses = self.addresses_of(&line.trunk);
        let down = |address| self.trunks.peers.get(address).is_some_and(super::Peer::is_down);
        let reachable = provider
            .probe
            .map(|_| addresses.is_empty() || addresses.iter().any(|(address, _)| !down(address)));
        Some(TrunkState {
            registration: registration_of(line),
            reachable,
        })
    }
}

fn registration_of(line: &Line) -> Option<TrunkRegistration> {
    Some(match line.register.as_ref()?.standing() {
        Standing::Trying => TrunkRegistration::Trying,
        Standing::Registered => TrunkRegistration::Registered,
        Standing::Failing { since, reason } => TrunkRegistration::Failing {
            since: *since,
            reason: reason.clone(),
        },
    })
}
