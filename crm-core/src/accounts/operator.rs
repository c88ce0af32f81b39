//! Which account speaks for the whole installation: what all accounts share is its administrators' business alone.

use frontdesk_routing::ids::AccountId;

use crate::store::{Db, StoreError, args};

const PLACE: &str = "SELECT a.number, (SELECT COUNT(*) FROM accounts e WHERE e.created_at < a.created_at \
    OR (e.created_at = a.created_at AND e.number < a.number)) AS earlier, \
    (SELECT COUNT(*) FROM accounts o WHERE o.id <> a.id) AS others FROM accounts a WHERE a.id = $1";

pub(crate) const ALL: &[&str] = &[PLACE];

#[derive(sqlx::FromRow)]
struct Place {
    number: i64,
    earlier: i64,
    others: i64,
}

/// Whether it is the only account, or one of those whose numbers are `named`; where none is, the first one.
pub async fn is_operator(db: &Db, account: AccountId, named: &[i64]) -> Result<bool, StoreError> {
    let place: Option<Place> = db.one(PLACE, args![account]).await?;
    let place = place.ok_or(StoreError::NotFound)?;
    Ok(match (place.others, named) {
        (0, _) => true,
        (_, []) => place.earlier == 0,
        (_, named) => named.contains(&place.number),
    })
}
