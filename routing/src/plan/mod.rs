//! The snapshot that every decision reads.

pub mod accounts;
pub mod check;
pub mod clients;
pub mod departments;
pub mod staff;
pub mod trunks;

use std::fmt;
use std::sync::Arc;

pub use accounts::{Accounts, PlanAccount, RecordingPolicy};
pub use clients::{ClientEntry, Clients, PlanClient};
pub use departments::{Departments, PlanDepartment};
pub use staff::{PlanStaff, Staff};
pub use trunks::{PlanTrunk, Trunks};

use crate::ids::{AccountId, SipAccountId};

/// What the companies have set up, as immutable sections. A change replaces the touched section only.
#[derive(Debug, Clone, Default)]
pub struct DialPlan {
    pub accounts: Arc<Accounts>,
    pub staff: Arc<Staff>,
    pub trunks: Arc<Trunks>,
    pub departments: Arc<Departments>,
    pub clients: Arc<Clients>,
}

/// The credentials that a phone or a provider's line speaks with.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanSip {
    pub id: SipAccountId,
    /// Unique over all accounts; compared as it stands.
    pub user: Arc<str>,
    pub ha1_md5: [u8; 16],
    pub ha1_sha256: [u8; 32],
    pub enabled: bool,
}

impl fmt::Debug for PlanSip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanSip")
            .field("id", &self.id)
            .field("user", &self.user)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

/// Whose credentials they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SipOwner<'a> {
    Staff(&'a PlanStaff),
    Trunk(&'a PlanTrunk),
}

impl<'a> SipOwner<'a> {
    pub fn account(self) -> AccountId {
        match self {
            SipOwner::Staff(staff) => staff.account,
            SipOwner::Trunk(trunk) => trunk.account,
        }
    }

    pub fn sip(self) -> Option<&'a PlanSip> {
        match self {
            SipOwner::Staff(staff) => staff.sip.as_ref(),
            SipOwner::Trunk(trunk) => Some(&trunk.sip),
        }
    }
}

impl DialPlan {
    /// Whose SIP user this is, over all accounts; case matters. A disabled one is found too.
    pub fn sip_user(&self, user: &str) -> Option<SipOwner<'_>> {
        let staff = self.staff.by_sip_user(user).map(SipOwner::Staff);
        staff.or_else(|| self.trunks.by_sip_user(user).map(SipOwner::Trunk))
    }

    pub fn sip_account(&self, id: SipAccountId) -> Option<SipOwner<'_>> {
        let staff = self.staff.by_sip_account(id).map(SipOwner::Staff);
        staff.or_else(|| self.trunks.by_sip_account(id).map(SipOwner::Trunk))
    }
}

/// A position in a section; sections are far smaller than this counts.
fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn at<T>(items: &[T], position: u32) -> Option<&T> {
    items.get(usize::try_from(position).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;
