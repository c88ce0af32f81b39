//! Which photo a person has. The pictures themselves are files that the daemon keeps.

use frontdesk_routing::ids::StaffId;
use serde_json::json;

use super::StaffMember;
use super::store::{changed, get, live};
use crate::audit::{self, Author, Deed};
use crate::store::{Db, StoreError, args};

const SET: &str = "UPDATE staff SET photo = $2, updated_at = $3, version = version + 1 WHERE id = $1 AND version = $4";

pub(crate) const ALL: &[&str] = &[SET];

/// Notes a person's new photo, or that there is none; gives the person before and after.
pub async fn set_photo(
    db: &Db,
    author: &Author,
    staff: StaffId,
    photo: Option<String>,
    version: Option<i64>,
) -> Result<(StaffMember, StaffMember), StoreError> {
    let now = author.stamp.unix_ms;
    let mut tx = db.begin().await?;
    let before = live(&mut tx, author.account, staff, (now, version)).await?;
    changed(tx.run(SET, args![staff, &photo, now, before.version]).await?)?;
    let deed = author.deed("staff.photo_changed", "staff", staff.to_string());
    let deed = Deed {
        before: Some(json!({ "photo": before.photo })),
        after: Some(json!({ "photo": photo })),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok((before, get(db, author.account, staff, now).await?))
}
