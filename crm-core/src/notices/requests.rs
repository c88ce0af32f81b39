//! Letters about what visitors of sites ask for.

use frontdesk_routing::ids::{DepartmentId, StaffId};

use super::queue::{News, Whom, queue};
use crate::sites::{Receiver, Site};
use crate::store::text::id;
use crate::store::{StoreError, Tx, args};

const MEMBERS: &str = "SELECT staff_id FROM department_members WHERE department_id = $1 ORDER BY staff_id";

pub(crate) const ALL: &[&str] = &[MEMBERS];

#[derive(sqlx::FromRow)]
struct Member {
    staff_id: String,
}

/// The addresses that the site names, and those of whoever takes its calls who want to be told.
pub(crate) async fn asked(tx: &mut Tx, news: &News<'_>, site: &Site) -> Result<(), StoreError> {
    for address in &site.letters_to {
        queue(tx, news, Whom::Address(address)).await?;
    }
    let people = match site.to {
        Receiver::Staff(staff) => vec![staff],
        Receiver::Department(department) => members(tx, department).await?,
    };
    for staff in people {
        queue(tx, news, Whom::Staff(staff)).await?;
    }
    Ok(())
}

async fn members(tx: &mut Tx, department: DepartmentId) -> Result<Vec<StaffId>, StoreError> {
    let rows: Vec<Member> = tx.all(MEMBERS, args![department]).await?;
    rows.into_iter().map(|row| id(&row.staff_id)).collect()
}
