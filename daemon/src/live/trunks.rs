//! How provider lines do.

use frontdesk_routing::ids::{AccountId, TrunkId};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Live, view};
use crate::engine::output::{TrunkRegistration, TrunkState};

impl Live {
    /// `None`: it is neither registered with anybody nor known to the engine.
    pub fn trunk(&self, trunk: TrunkId) -> Option<TrunkState> {
        self.trunks.get(&trunk).map(|state| state.clone())
    }

    pub(super) fn on_trunk(&self, account: AccountId, trunk: TrunkId, state: Option<TrunkState>, at: i64) {
        let data = json!({ "trunk": trunk.to_string(), "state": state.as_ref().map(TrunkStateView::from), "at": view::time(at) });
        match state {
            Some(state) => {
                self.trunks.insert(trunk, state);
            }
            None => {
                self.trunks.remove(&trunk);
            }
        }
        self.publish(account, "trunk.changed", data);
    }
}

/// How a line does, as event streams and the API show it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct TrunkStateView {
    /// `trying`, `registered` or `failing`; `null` when we do not register with anybody.
    registration: Option<&'static str>,
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    reason: Option<String>,
    /// What the probes say; `null` when there are none.
    reachable: Option<bool>,
}

impl From<&TrunkState> for TrunkStateView {
    fn from(state: &TrunkState) -> TrunkStateView {
        let (registration, failing_since, reason) = match &state.registration {
            None => (None, None, None),
            Some(TrunkRegistration::Trying) => (Some("trying"), None, None),
            Some(TrunkRegistration::Registered) => (Some("registered"), None, None),
            Some(TrunkRegistration::Failing { since, reason }) => {
                (Some("failing"), Some(view::time(*since)), Some(reason.clone()))
            }
        };
        TrunkStateView {
            registration,
            failing_since,
            reason,
            reachable: state.reachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_is_seen_as_it_was_last_told_and_streams_hear_of_it() {
        let live = Live::new(0);
        let (account, trunk) = (AccountId::from_u128(1), TrunkId::from_u128(2));
        let before = live.last_event();
        let state = TrunkState {
            registration: Some(TrunkRegistration::Failing {
                since: 0,
                reason: "no answer".to_owned(),
            }),
            reachable: Some(false),
        };
        live.on_trunk(account, trunk, Some(state.clone()), 1000);
        assert_eq!(live.trunk(trunk), Some(state.clone()));
        assert_eq!(live.last_event(), before + 1);
        let shown = json!(TrunkStateView::from(&state));
        assert_eq!(shown["registration"], "failing");
        assert_eq!(shown["reason"], "no answer");
        assert_eq!(shown["reachable"], false);
        live.on_trunk(account, trunk, None, 2000);
        assert_eq!(live.trunk(trunk), None);
    }
}
