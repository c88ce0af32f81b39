//! People and provider lines: whoever has a SIP account.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::IdMap;
use super::caller_id::StaffCallerId;
use super::term::Term;
use super::trunks::PlanTrunk;
use crate::ids::{AccountId, SipAccountId, StaffId, TrunkId};
use crate::number::{PhoneNumber, ShortNumber};

/// Credentials of a phone or a provider line: digests of `user:realm:secret`, never the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanSip {
    pub id: SipAccountId,
    pub user: Arc<str>,
    pub ha1_md5: [u8; 16],
    pub ha1_sha256: [u8; 32],
    pub enabled: bool,
}

impl std::fmt::Debug for PlanSip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlanSip({}, enabled: {})", self.user, self.enabled)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStaff {
    pub id: StaffId,
    pub account: AccountId,
    /// As colleagues see it on their phones.
    pub name: Arc<str>,
    pub short_number: Option<ShortNumber>,
    pub phone: Option<PhoneNumber>,
    pub sip: Option<PlanSip>,
    pub caller_id: StaffCallerId,
    pub term: Term,
}

/// Whose SIP account it is.
#[derive(Debug, Clone, Copy)]
pub enum Owner<'a> {
    Staff(&'a PlanStaff),
    Trunk(&'a PlanTrunk),
}

impl<'a> Owner<'a> {
    pub fn account(&self) -> AccountId {
        match self {
            Owner::Staff(staff) => staff.account,
            Owner::Trunk(trunk) => trunk.account,
        }
    }

    pub fn sip(&self) -> Option<&'a PlanSip> {
        match self {
            Owner::Staff(staff) => staff.sip.as_ref(),
            Owner::Trunk(trunk) => trunk.sip.as_ref(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Staff(usize),
    Trunk(usize),
}

#[derive(Debug, Clone, Default)]
pub struct StaffSection {
    staff: Vec<PlanStaff>,
    trunks: Vec<PlanTrunk>,
    by_id: IdMap<StaffId, usize>,
    by_trunk: IdMap<TrunkId, usize>,
    by_user: HashMap<Arc<str>, Place>,
    by_sip: IdMap<SipAccountId, Place>,
    by_short: BTreeMap<(AccountId, ShortNumber), usize>,
}

impl StaffSection {
    /// Live staff and trunks of all accounts. Of two with the same SIP user or short number the later counts;
    /// the database does not let that happen.
    pub fn new(staff: Vec<PlanStaff>, trunks: Vec<PlanTrunk>) -> StaffSection {
        let mut section = StaffSection {
            staff,
            trunks,
            ..StaffSection::default()
        };
        for (index, staff) in section.staff.iter().enumerate() {
            section.by_id.insert(staff.id, index);
            if let Some(sip) = &staff.sip {
                section.by_user.insert(Arc::clone(&sip.user), Place::Staff(index));
                section.by_sip.insert(sip.id, Place::Staff(index));
            }
            if let Some(short) = staff.short_number {
                section.by_short.insert((staff.account, short), index);
            }
        }
        for (index, trunk) in section.trunks.iter().enumerate() {
            section.by_trunk.insert(trunk.id, index);
            if let Some(sip) = &trunk.sip {
                section.by_user.insert(Arc::clone(&sip.user), Place::Trunk(index));
                section.by_sip.insert(sip.id, Place::Trunk(index));
            }
        }
        section
    }

    pub fn get(&self, staff: StaffId) -> Option<&PlanStaff> {
        self.staff.get(*self.by_id.get(&staff)?)
    }

    pub fn trunk(&self, trunk: TrunkId) -> Option<&PlanTrunk> {
        self.trunks.get(*self.by_trunk.get(&trunk)?)
    }

    /// The digest username, with regard to case.
    pub fn by_user(&self, user: &str) -> Option<Owner<'_>> {
        self.at(*self.by_user.get(user)?)
    }

    pub fn by_sip(&self, sip: SipAccountId) -> Option<Owner<'_>> {
        self.at(*self.by_sip.get(&sip)?)
    }

    pub fn by_short(&self, account: AccountId, short: ShortNumber) -> Option<&PlanStaff> {
        self.staff.get(*self.by_short.get(&(account, short))?)
    }

    pub fn staff(&self) -> &[PlanStaff] {
        &self.staff
    }

    pub fn trunks(&self) -> &[PlanTrunk] {
        &self.trunks
    }

    fn at(&self, place: Place) -> Option<Owner<'_>> {
        match place {
            Place::Staff(index) => self.staff.get(index).map(Owner::Staff),
            Place::Trunk(index) => self.trunks.get(index).map(Owner::Trunk),
        }
    }
}
