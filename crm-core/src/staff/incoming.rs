//! What a file says of somebody who works here already, in the transaction of whoever brings it. It says nothing of logins,
//! passwords and roles: access stays as it is.

use frontdesk_routing::ids::StaffId;
use serde_json::{Value, json};

use super::StaffMember;
use super::row::told;
use super::rules::Checked;
use super::store::{UPDATE, changed, live, raced, sole_email};
use super::supervisor;
use crate::accounts::Account;
use crate::audit::{self, Author, Deed};
use crate::sip_accounts::{self, Ha1};
use crate::store::{Ids, StoreError, Tx, args};

/// What a row says; what it leaves empty stays as it is.
pub(crate) struct Said {
    pub(crate) staff: Checked,
    /// Whether it says where the person works.
    pub(crate) work_place: bool,
    pub(crate) supervisor: Option<StaffId>,
    /// User and digests in the account's realm.
    pub(crate) sip: Option<(String, Ha1)>,
}

impl Said {
    fn over(&self, before: &Checked) -> Checked {
        let said = &self.staff;
        let or = |said: &Option<String>, before: &Option<String>| said.clone().or_else(|| before.clone());
        Checked {
            surname: or(&said.surname, &before.surname),
            given_name: or(&said.given_name, &before.given_name),
            patronymic: or(&said.patronymic, &before.patronymic),
            phone: or(&said.phone, &before.phone),
            email: or(&said.email, &before.email),
            position: or(&said.position, &before.position),
            work_place: if self.work_place {
                said.work_place
            } else {
                before.work_place
            },
            short_number: or(&said.short_number, &before.short_number),
            login: before.login.clone(),
            role: before.role,
        }
    }
}

/// What is said of a known person takes the place of what was, but for the supervisor, who may not be there yet: that is
/// [`supervisor::set`]'s.
///
/// # Errors
/// Fields that are taken: a main account's e-mail.
pub(crate) async fn change(
    tx: &mut Tx,
    ids: &mut Ids,
    (author, account): (&Author, &Account),
    (staff, said): (StaffId, Said),
) -> Result<(), StoreError> {
    let member = live(tx, account.id, staff, (ids.now, None)).await?;
    let before = Checked::from(&member);
    let after = said.over(&before);
    let supervisor = said.supervisor.or(member.supervisor);
    let sip = match &said.sip {
        Some((user, ha1)) => {
            let sip = (user.as_str(), account.realm.as_str());
            sip_accounts::replace(tx, ids, (account.id, staff), sip, ha1).await?
        }
        None => false,
    };
    if before == after && supervisor == member.supervisor && !sip {
        return Ok(());
    }
    if member.is_main {
        sole_email(tx, staff, &after).await?;
    }
    let mut values = args![staff];
    values.extend(after.clone().into_row());
    values.extend(args![ids.now, None::<String>, member.version]);
    changed(tx.run(UPDATE, values).await.map_err(raced)?)?;
    let user = said.sip.filter(|_| sip).map(|(user, _)| user);
    let told_before = supervisor::told_with(told(&before), member.supervisor);
    let told_after = supervisor::told_with(told(&after), supervisor);
    let deed = author.deed("staff.updated", "staff", staff.to_string());
    let deed = Deed {
        before: Some(with_sip(told_before, &member, user.is_some())),
        after: Some(with_new_sip(told_after, user)),
        ..deed
    };
    audit::write(tx, ids, deed).await
}

fn with_sip(mut told: Value, member: &StaffMember, changed: bool) -> Value {
    if let (true, Some(all)) = (changed, told.as_object_mut()) {
        all.insert("sip_user".into(), json!(member.sip_user));
    }
    told
}

fn with_new_sip(mut told: Value, user: Option<String>) -> Value {
    if let (Some(user), Some(all)) = (user, told.as_object_mut()) {
        all.insert("sip_user".into(), user.into());
        all.insert("sip_password".into(), "changed".into());
    }
    told
}
