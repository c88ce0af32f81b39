//! What a webhook's owner may read at the moment: no program is told more than that.

use std::collections::BTreeMap;

use frontdesk_crm_core::access::{Reach, Right, Rights, Role, Scope};
use frontdesk_crm_core::projects::{self, Here};
use frontdesk_crm_core::roles::Cache;
use frontdesk_crm_core::store::{Db, StoreError};
use frontdesk_crm_core::webhooks::{Standing, Webhook};
use frontdesk_routing::ids::{AccountId, StaffId};

use crate::live::Event;
use crate::live::reading::{Circles, may_read};

/// Somebody with access, in the first of the projects that are open to them.
pub(super) struct Owner {
    account: AccountId,
    staff: StaffId,
    rights: Rights,
    here: Here,
}

/// Where owners are looked up: `duties` is read from the database anew only when roles or groups have changed.
#[derive(Clone, Copy)]
pub(super) struct People<'a> {
    pub(super) db: &'a Db,
    pub(super) duties: &'a Cache,
    /// Unix milliseconds.
    pub(super) now: i64,
}

/// Owners by who they are; who has no access is not among them.
pub(super) struct Owners(BTreeMap<StaffId, (Owner, Circles)>);

impl Owner {
    /// `None`: there is no access.
    pub(super) async fn of(
        people: People<'_>,
        (account, staff): (AccountId, StaffId),
        standing: Standing,
    ) -> Result<Option<Owner>, StoreError> {
        let Some(role) = standing.role_at(people.now) else {
            return Ok(None);
        };
        let duties = people.duties.of(people.db, account, standing.rights_version).await?;
        let here = projects::here(people.db, (account, staff), None, role == Role::Main).await?;
        Ok(Some(Owner {
            account,
            staff,
            rights: duties.of(staff, Some(role)),
            here,
        }))
    }

    pub(super) fn may(&self, right: Right) -> bool {
        self.here.opens(right) && self.rights.has(right)
    }

    /// On everybody's things.
    pub(super) fn may_on_all(&self, right: Right) -> bool {
        self.may(right) && self.scope(right).is_whole()
    }

    fn scope(&self, right: Right) -> Scope {
        let reach = self.rights.reach(right).filter(|_| self.may(right));
        let who = (self.staff, self.here.project);
        Scope::of(self.account, reach.unwrap_or(Reach::Own), who)
    }
}

impl Owners {
    /// Those of these webhooks.
    pub(super) async fn of(people: People<'_>, hooks: &[&Webhook]) -> Result<Owners, StoreError> {
        let mut owners = BTreeMap::new();
        for hook in hooks {
            if owners.contains_key(&hook.owner) {
                continue;
            }
            let who = (hook.account, hook.owner);
            if let Some(owner) = Owner::of(people, who, hook.standing).await? {
                let circles = Circles::of(people.db, |right| owner.scope(right)).await?;
                owners.insert(hook.owner, (owner, circles));
            }
        }
        Ok(Owners(owners))
    }

    /// Whether a webhook may be told of an event.
    pub(super) fn may_tell(&self, hook: &Webhook, event: &Event) -> bool {
        let owner = self.0.get(&hook.owner);
        owner.is_some_and(|(owner, circles)| may_read(event, |right| owner.may(right), circles))
    }
}
