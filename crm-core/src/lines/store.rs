use std::collections::BTreeMap;

use frontdesk_routing::ids::{AccountId, DepartmentId};

use super::{Figures, LineStay};
use crate::store::text::id;
use crate::store::{Db, StoreError, Tx, args};

const SAVE: &str = "INSERT INTO line_stays (call_id, account_id, department_id, left_at, waited_ms, outcome) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (call_id, department_id, left_at) DO NOTHING";
const FIGURES: &str = "SELECT s.department_id, COUNT(CASE WHEN s.outcome = 'answered' THEN 1 END) AS answered, \
    COUNT(CASE WHEN s.outcome = 'answered' AND s.waited_ms <= d.service_level_s * 1000 THEN 1 END) AS in_time, \
    COUNT(CASE WHEN s.outcome = 'abandoned' THEN 1 END) AS abandoned, \
    COUNT(CASE WHEN s.outcome = 'overflowed' THEN 1 END) AS overflowed, \
    CAST(COALESCE(SUM(s.waited_ms), 0) AS BIGINT) AS waited_ms, COALESCE(MAX(s.waited_ms), 0) AS longest_ms \
    FROM line_stays s JOIN departments d ON d.id = s.department_id WHERE s.account_id = $1 AND s.left_at >= $2 \
    AND s.outcome <> 'withdrawn' GROUP BY s.department_id ORDER BY s.department_id";

pub(crate) const ALL: &[&str] = &[SAVE, FIGURES];

#[derive(sqlx::FromRow)]
struct Row {
    department_id: String,
    answered: i64,
    in_time: i64,
    abandoned: i64,
    overflowed: i64,
    waited_ms: i64,
    longest_ms: i64,
}

/// The same again changes nothing.
pub(crate) async fn save(tx: &mut Tx, stay: &LineStay) -> Result<(), StoreError> {
    let values = args![
        stay.call,
        stay.account,
        stay.department,
        stay.left_at,
        stay.waited_ms,
        stay.outcome.name(),
    ];
    tx.run(SAVE, values).await.map(drop)
}

/// Of each of the account's departments whose line calls have left since then, in unix milliseconds.
///
/// # Errors
/// Those of the database.
pub async fn figures(db: &Db, account: AccountId, since: i64) -> Result<BTreeMap<DepartmentId, Figures>, StoreError> {
    let rows: Vec<Row> = db.all(FIGURES, args![account, since]).await?;
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let read = |row: Row| {
        let figures = Figures {
            answered: count(row.answered),
            answered_in_time: count(row.in_time),
            abandoned: count(row.abandoned),
            overflowed: count(row.overflowed),
            waited_ms: row.waited_ms,
            longest_ms: row.longest_ms,
        };
        Ok((id(&row.department_id)?, figures))
    };
    rows.into_iter().map(read).collect()
}
