use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use frontdesk_routing::ids::{AccountId, RoleId, StaffId};

use crate::access::{Rights, Role, built_in};
use crate::store::text::id;
use crate::store::{Db, StoreError, args};

const ROLES: &str = "SELECT id, rights FROM roles WHERE account_id = $1 ORDER BY id";
const FURTHER: &str = "SELECT r.staff_id, r.role FROM staff_roles r JOIN staff s ON s.id = r.staff_id \
    WHERE s.account_id = $1 ORDER BY r.staff_id, r.role";
const BY_GROUPS: &str = "SELECT DISTINCT m.staff_id, r.role FROM staff_groups g JOIN group_members m ON m.group_id = g.id \
    JOIN group_roles r ON r.group_id = g.id WHERE g.account_id = $1 ORDER BY m.staff_id, r.role";

const HOLDERS: &str = "SELECT s.id AS staff_id, s.role FROM staff s WHERE s.account_id = $1 AND s.deleted_at IS NULL \
    AND s.role IS NOT NULL UNION SELECT s.id AS staff_id, r.role FROM staff_roles r JOIN staff s ON s.id = r.staff_id \
    WHERE s.account_id = $1 AND s.deleted_at IS NULL ORDER BY role, staff_id";

pub(crate) const ALL: &[&str] = &[ROLES, FURTHER, BY_GROUPS, HOLDERS];

#[derive(sqlx::FromRow)]
struct RightsRow {
    id: String,
    rights: String,
}

#[derive(sqlx::FromRow)]
struct DutyRow {
    staff_id: String,
    role: String,
}

/// What the roles of an account allow and who has which of them, at one moment. A first role stands in the person's
/// record and is not here.
#[derive(Debug, Clone, Default)]
pub struct Duties {
    own: BTreeMap<RoleId, Rights>,
    /// Beside the first one.
    further: BTreeMap<StaffId, Vec<Role>>,
    by_groups: BTreeMap<StaffId, Vec<Role>>,
}

impl Duties {
    /// All that somebody with this first role may do; without one there is no access, whatever groups say.
    pub fn of(&self, staff: StaffId, first: Option<Role>) -> Rights {
        let Some(first) = first else { return Rights::default() };
        let mut rights = self.allowed(first);
        let by_groups = self.by_groups.get(&staff).into_iter().flatten();
        for role in self.beside(staff).iter().chain(by_groups) {
            rights.join(&self.allowed(*role));
        }
        rights
    }

    /// Somebody's own roles beside the first one.
    pub fn beside(&self, staff: StaffId) -> &[Role] {
        self.further.get(&staff).map_or(&[], Vec::as_slice)
    }

    /// What a role allows; one that is gone allows nothing.
    pub fn allowed(&self, role: Role) -> Rights {
        match role.own() {
            Some(own) => self.own.get(&own).cloned().unwrap_or_default(),
            None => built_in(role),
        }
    }
}

pub async fn load(db: &Db, account: AccountId) -> Result<Duties, StoreError> {
    let roles: Vec<RightsRow> = db.all(ROLES, args![account]).await?;
    let mut duties = Duties {
        further: held(db.all(FURTHER, args![account]).await?)?,
        by_groups: held(db.all(BY_GROUPS, args![account]).await?)?,
        ..Duties::default()
    };
    for row in roles {
        duties.own.insert(id(&row.id)?, Rights::read(&row.rights));
    }
    Ok(duties)
}

/// Who has each role by themselves, of those who are not deleted.
pub async fn holders(db: &Db, account: AccountId) -> Result<BTreeMap<Role, Vec<StaffId>>, StoreError> {
    let rows: Vec<DutyRow> = db.all(HOLDERS, args![account]).await?;
    let mut holders: BTreeMap<Role, Vec<StaffId>> = BTreeMap::new();
    for row in rows {
        if let Some(role) = Role::named(&row.role) {
            holders.entry(role).or_default().push(id(&row.staff_id)?);
        }
    }
    Ok(holders)
}

fn held(rows: Vec<DutyRow>) -> Result<BTreeMap<StaffId, Vec<Role>>, StoreError> {
    let mut held: BTreeMap<StaffId, Vec<Role>> = BTreeMap::new();
    for row in rows {
        let roles = held.entry(id(&row.staff_id)?).or_default();
        roles.extend(Role::named(&row.role));
    }
    Ok(held)
}

/// The duties of each account as they were last read. The version comes with each session and token from the database,
/// so that no change is missed, on whatever machine it was made.
#[derive(Debug, Default)]
pub struct Cache(Mutex<BTreeMap<AccountId, (i64, Arc<Duties>)>>);

impl Cache {
    pub async fn of(&self, db: &Db, account: AccountId, version: i64) -> Result<Arc<Duties>, StoreError> {
        if let Some(known) = self.known(account, version) {
            return Ok(known);
        }
        // read after the version was: never older than it
        let read = Arc::new(load(db, account).await?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = all.get(&account).is_some_and(|(known, _)| *known > version);
        if !newer {
            all.insert(account, (version, Arc::clone(&read)));
        }
        Ok(read)
    }

    fn known(&self, account: AccountId, version: i64) -> Option<Arc<Duties>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, duties) = all.get(&account)?;
        (*known == version).then(|| Arc::clone(duties))
    }
}
