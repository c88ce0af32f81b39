//! What comes by itself, and who takes it.

use frontdesk_routing::ids::{AccountId, ClientId, ProjectId, StaffId};

use super::rules::{Candidate, Checked, taker};
use super::store::insert;
use super::{Arrival, DealId, Kind, Stage, Step};
use crate::audit::Author;
use crate::store::text::{id, maybe_id};
use crate::store::{Ids, StoreError, Tx, args};

const CANDIDATES: &str = "SELECT s.id, s.receiving, sp.receives_leads, sp.receives_deals, \
    (SELECT COUNT(*) FROM deals d WHERE d.staff_id = s.id AND d.closed_at IS NULL AND d.deleted_at IS NULL) AS open, \
    (SELECT MAX(d.taken_at) FROM deals d WHERE d.staff_id = s.id) AS last_taken \
    FROM staff s JOIN staff_projects sp ON sp.staff_id = s.id \
    WHERE s.account_id = $1 AND sp.project_id = $2 AND s.deleted_at IS NULL AND s.role IS NOT NULL \
    AND (s.access_until IS NULL OR s.access_until > $3) ORDER BY s.id";
const MANAGER: &str = "SELECT manager_id FROM clients WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[CANDIDATES, MANAGER];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    receiving: bool,
    receives_leads: bool,
    receives_deals: bool,
    open: i64,
    last_taken: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct ManagerRow {
    manager_id: Option<String>,
}

/// A lead comes by itself: somebody has to do something about it at once.
pub(crate) async fn arrive(
    tx: &mut Tx,
    (author, ids): (&Author, &mut Ids),
    arrival: &Arrival<'_>,
) -> Result<DealId, StoreError> {
    let whose = (author.account, arrival.client, arrival.wanted);
    let staff = whoever_takes(tx, whose, (arrival.project, Kind::Lead), ids.now).await?;
    let lead = Checked {
        kind: Kind::Lead,
        project: arrival.project,
        staff,
        stage: Stage::New,
        title: arrival.title.to_owned(),
        step: Some(Step {
            at: ids.now,
            text: String::new(),
        }),
    };
    let source = Some((arrival.site, arrival.request));
    insert(tx, (author, ids), (arrival.client, source), &lead).await
}

/// Who is given a new one in a project: the client's manager or who is wanted, if they take such, else another who does.
pub(super) async fn whoever_takes(
    tx: &mut Tx,
    (account, client, wanted): (AccountId, ClientId, Option<StaffId>),
    (project, kind): (ProjectId, Kind),
    now: i64,
) -> Result<Option<StaffId>, StoreError> {
    let manager: Option<ManagerRow> = tx.one(MANAGER, args![account, client]).await?;
    let manager = manager.map(|row| maybe_id(&row.manager_id)).transpose()?.flatten();
    let rows: Vec<Row> = tx.all(CANDIDATES, args![account, project, now]).await?;
    let candidate = |row: Row| {
        Ok(Candidate {
            staff: id(&row.id)?,
            receiving: row.receiving,
            receives: match kind {
                Kind::Lead => row.receives_leads,
                Kind::Deal => row.receives_deals,
            },
            open: row.open,
            last_taken: row.last_taken,
        })
    };
    let candidates = rows
        .into_iter()
        .map(candidate)
        .collect::<Result<Vec<_>, StoreError>>()?;
    let wanted: Vec<StaffId> = manager.into_iter().chain(wanted).collect();
    Ok(taker(&candidates, &wanted))
}
