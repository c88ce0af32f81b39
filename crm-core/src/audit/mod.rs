//! Who did what, when, and what it was before and after. Rows are only ever added; the database itself
//! takes nothing else, and a chain of hashes shows what was changed behind its back.

mod chain;
mod guard;
mod store;
mod verify;

use frontdesk_routing::ids::{AccountId, AuditId, LoginId, StaffId};
use serde_json::Value;

use crate::store::{Db, Stamp, StoreError};

pub use chain::chain_old;
pub(crate) use chain::{ALL as CHAIN, Link, hold, join};
pub(crate) use guard::{POSTGRES, SQLITE};
pub(crate) use store::ALL;
pub use store::{list, write};
pub(crate) use verify::ALL as VERIFY;
pub use verify::{Broken, Fault, Place, Verified, verify, verify_part};

/// Who makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `None` is the program itself.
    pub staff: Option<StaffId>,
    pub name: String,
    pub ip: Option<String>,
}

impl Actor {
    pub fn program() -> Actor {
        Actor {
            staff: None,
            name: "frontdesk".into(),
            ip: None,
        }
    }
}

/// On whose behalf and when a change is made.
#[derive(Debug, Clone)]
pub struct Author {
    pub account: AccountId,
    pub actor: Actor,
    /// The session that makes the change: a new password of its own does not end it.
    pub login: Option<LoginId>,
    pub stamp: Stamp,
}

impl Author {
    pub(crate) fn deed(&self, action: &'static str, entity: &'static str, entity_id: String) -> Deed<'_> {
        Deed {
            account: self.account,
            action,
            entity,
            entity_id,
            before: None,
            after: None,
            actor: &self.actor,
        }
    }
}

/// What was done to what.
#[derive(Debug, Clone)]
pub struct Deed<'a> {
    pub account: AccountId,
    /// `staff.created`, `recording.played`, ...
    pub action: &'static str,
    pub entity: &'static str,
    pub entity_id: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub actor: &'a Actor,
}

#[derive(Debug, Clone)]
pub struct AuditRow {
    pub id: AuditId,
    pub at: i64,
    pub actor_staff: Option<StaffId>,
    pub actor_name: String,
    pub action: String,
    pub entity: String,
    pub entity_id: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub ip: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    pub action: Option<String>,
    pub entity: Option<String>,
    pub entity_id: Option<String>,
    pub actor: Option<StaffId>,
    /// Not before, unix milliseconds.
    pub from: Option<i64>,
    /// Before, unix milliseconds.
    pub until: Option<i64>,
    pub ip: Option<String>,
    /// Stands in what was before or after, letter for letter.
    pub text: Option<String>,
}

/// A deed that changes no row: a play, a hang-up.
pub async fn note(
    db: &Db,
    author: &Author,
    (action, entity): (&'static str, &'static str),
    id: String,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    write(&mut tx, &mut author.stamp.ids(), author.deed(action, entity, id)).await?;
    tx.commit().await
}
