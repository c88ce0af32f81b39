//! The snapshot that every decision reads.

pub mod accounts;
pub mod caller_id;
pub mod clients;
pub mod departments;
pub mod destination;
pub mod features;
pub mod fingerprint;
pub mod mailboxes;
pub mod menus;
pub mod numbers;
pub mod reception;
pub mod routes;
pub mod staff;
pub mod term;
pub mod trunks;

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

pub use accounts::{AccountSection, PlanAccount, RecordingPolicy};
pub use caller_id::{AccountCallerId, ForwardedShows, HidingKey, StaffCallerId};
pub use clients::{ClientSection, PlanClient};
pub use departments::{Announce, DepartmentSection, PlanDepartment, Whisper};
pub use destination::Destination;
pub use features::{FeatureSection, PickupRight, PlanFeatures, PlanForwarding};
pub use mailboxes::{MailboxSection, PlanMailbox};
pub use menus::{Greeting, MenuSection, PlanMenu};
pub use numbers::{NumberSection, PlanNumber};
pub use reception::{Method, PlanDesk, PlanReception, ReceptionSection};
pub use routes::RouteSection;
pub use staff::{Owner, PlanSip, PlanStaff, StaffSection};
pub use term::Term;
pub use trunks::PlanTrunk;

/// By keys that come from ourselves or our administrators: what looks one up may be anybody's, so nobody can make them collide.
pub type IdMap<K, V> = HashMap<K, V, FxBuildHasher>;

/// What all companies have set up, as immutable sections. A change replaces the touched section only;
/// a call in progress keeps the plan that it was decided with.
#[derive(Debug, Clone, Default)]
pub struct DialPlan {
    pub accounts: Arc<AccountSection>,
    pub staff: Arc<StaffSection>,
    pub departments: Arc<DepartmentSection>,
    pub clients: Arc<ClientSection>,
    pub features: Arc<FeatureSection>,
    pub menus: Arc<MenuSection>,
    pub numbers: Arc<NumberSection>,
    pub mailboxes: Arc<MailboxSection>,
    pub reception: Arc<ReceptionSection>,
    pub routes: Arc<RouteSection>,
}
