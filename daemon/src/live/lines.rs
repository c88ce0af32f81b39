//! How the lines of departments stand at the moment.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::{AccountId, DepartmentId, StaffId};
use frontdesk_routing::plan::PlanDepartment;

use super::Live;

/// Who could take calls, and who waits for that.
#[derive(Debug, Default)]
pub struct LinesNow {
    online: BTreeSet<StaffId>,
    talking: BTreeSet<StaffId>,
    /// Calls that somebody is in or is rung for.
    calls: BTreeMap<StaffId, u16>,
    /// How many wait, and since when the first of them, in unix milliseconds.
    waiting: BTreeMap<DepartmentId, (usize, i64)>,
}

/// Members of a department by what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agents {
    /// With a phone online and no call.
    pub free: usize,
    /// In a call.
    pub busy: usize,
}

impl LinesNow {
    /// Of an account, or of all of them.
    pub fn of(live: &Live, account: Option<AccountId>) -> LinesNow {
        let asked = |of: AccountId| account.is_none_or(|account| account == of);
        let mut now = LinesNow::default();
        for call in live.calls.iter().filter(|call| asked(call.account)) {
            let parties: BTreeSet<StaffId> = [call.caller.staff, call.callee.staff].into_iter().flatten().collect();
            for staff in parties
                .iter()
                .chain(call.rung.iter().filter(|staff| !parties.contains(staff)))
            {
                let calls = now.calls.entry(*staff).or_default();
                *calls = calls.saturating_add(1);
            }
            now.talking.extend(parties);
            if let Some((department, since)) = call.waits {
                let (count, first) = now.waiting.entry(department).or_insert((0, since));
                *count = count.saturating_add(1);
                *first = since.min(*first);
            }
        }
        let online = live.online.iter().filter(|online| asked(online.account));
        now.online = online.map(|online| *online.key()).collect();
        now
    }

    /// Calls that this person is in or is rung for.
    pub fn calls_with(&self, staff: StaffId) -> u16 {
        self.calls.get(&staff).copied().unwrap_or(0)
    }

    /// How many wait, and since when the first of them, in unix milliseconds.
    pub fn waiting(&self, department: DepartmentId) -> (usize, i64) {
        self.waiting.get(&department).copied().unwrap_or_default()
    }

    pub fn agents(&self, department: &PlanDepartment) -> Agents {
        let members = || department.members.iter().map(|member| member.staff);
        Agents {
            free: members().filter(|staff| self.is_free(*staff)).count(),
            busy: members().filter(|staff| self.talking.contains(staff)).count(),
        }
    }

    fn is_free(&self, staff: StaffId) -> bool {
        self.online.contains(&staff) && !self.talking.contains(&staff)
    }
}
