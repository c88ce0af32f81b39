//! Every statement that there is.

use super::db::Db;
use super::error::StoreError;
use crate::{
    access, accounts, audit, blocks, calls, clients, deals, departments, destinations, emergency, features,
    forwardings, groups, help, import, journal, lines, logins, mailboxes, media_links, menus, notices, numbers,
    phone_book, plan_build, projects, prompts, reception, recordings, removals, requests, revisions, roles, routes,
    schedules, sip_accounts, sites, staff, subscriptions, tokens, trunks, two_factor, voicemails, webhooks,
};

pub(crate) const ALL: &[&[&str]] = &[
    access::ALL,
    accounts::ALL,
    accounts::OPERATOR,
    audit::ALL,
    revisions::ALL,
    revisions::UNDO,
    audit::CHAIN,
    audit::VERIFY,
    blocks::ALL,
    calls::ALL,
    calls::LIST,
    calls::ORDERS,
    calls::RECENT,
    clients::ALL,
    clients::ERASE,
    clients::ERASURES,
    clients::INDEX,
    clients::COUNTS,
    clients::INCOMING,
    clients::VISITORS,
    clients::STRANGERS,
    clients::NOTES,
    clients::PAGES[0],
    clients::PAGES[1],
    clients::PAGES[2],
    clients::PAGES[3],
    clients::PAGES[4],
    clients::PAGES[5],
    clients::PAGES[6],
    clients::PAGES[7],
    clients::PAGES[8],
    deals::ALL,
    deals::LISTS,
    deals::RECEPTION,
    deals::HISTORY,
    departments::ALL,
    destinations::ALL,
    emergency::ALL,
    features::ALL,
    forwardings::ALL,
    groups::ALL,
    help::ALL,
    import::ALL,
    import::CLIENTS,
    import::JOBS,
    journal::ALL,
    lines::ALL,
    logins::ALL,
    mailboxes::ALL,
    media_links::ALL,
    menus::ALL,
    notices::ALL,
    notices::MISSED,
    notices::ERASE,
    notices::QUEUE,
    notices::REQUESTS,
    notices::SETTINGS,
    numbers::ALL,
    numbers::GREETINGS,
    numbers::SHOWN,
    phone_book::ALL,
    plan_build::ALL,
    projects::ALL,
    prompts::ALL,
    reception::ALL,
    reception::SECTION,
    recordings::ALL,
    removals::ALL,
    requests::ALL,
    requests::CALLING,
    requests::ERASE,
    roles::ALL,
    roles::DUTIES,
    routes::ALL,
    schedules::ALL,
    sip_accounts::ALL,
    sites::ALL,
    staff::ALL,
    staff::LISTS,
    staff::CALLER_ID,
    staff::PHOTO,
    staff::SUPERVISOR,
    staff::UNTIL,
    subscriptions::ALL,
    tokens::ALL,
    trunks::ALL,
    two_factor::ALL,
    voicemails::ALL,
    voicemails::SETTLING,
    webhooks::ALL,
    webhooks::DELIVERIES,
];

/// Has the database read every statement; the first one that it does not understand, with what it says.
pub async fn prepare_all(db: &Db) -> Result<usize, (&'static str, StoreError)> {
    let mut count = 0_usize;
    for sql in ALL.iter().copied().flatten().copied() {
        db.prepare(sql).await.map_err(|error| (sql, error))?;
        count = count.saturating_add(1);
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sqlite_reads_every_statement() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("x.db").display().to_string())
            .await
            .unwrap();
        assert!(prepare_all(&db).await.unwrap() > 50);
    }

    #[derive(sqlx::FromRow)]
    struct Step {
        detail: String,
    }

    /// A part of a statement, and the index that its rows are read along.
    const PLANS: &[(&str, &str)] = &[
        (
            "ended_at IS NOT NULL AND started_at",
            "calls_account (account_id=? AND started_at>? AND (started_at,id)<(?,?))",
        ),
        (
            "FROM recordings WHERE account_id = $1 AND (state",
            "recordings_account (account_id=? AND (started_at,id)>(?,?) AND (started_at,id)<(?,?))",
        ),
        (
            "ORDER BY d.created_at DESC",
            "deals_account (account_id=? AND (created_at,id)>(?,?) AND (created_at,id)<(?,?))",
        ),
        (
            "WHERE d.closed_at IS NULL AND d.account_id",
            "deals_open (account_id=? AND (created_at,id)>(?,?) AND (created_at,id)<(?,?))",
        ),
        (
            "WHERE d.step_at IS NULL AND d.closed_at IS NULL AND d.account_id",
            "deals_no_step (account_id=? AND (created_at,id)>(?,?) AND (created_at,id)<(?,?))",
        ),
        (
            "WHERE d.staff_id = $11 AND d.account_id = $1 AND d.deleted_at IS NULL",
            "deals_staff (staff_id=? AND (created_at,id)>(?,?) AND (created_at,id)<(?,?))",
        ),
        (
            "ORDER BY d.step_at, d.id LIMIT",
            "deals_step (account_id=? AND (step_at,id)>(?,?) AND (step_at,id)<(?,?))",
        ),
        (
            "FROM audit WHERE",
            "audit_account (account_id=? AND (at,id)>(?,?) AND (at,id)<(?,?))",
        ),
        (
            "FROM audit WHERE account_id = $1 AND actor_staff_id",
            "audit_actor (account_id=? AND actor_staff_id=? AND (at,id)>(?,?) AND (at,id)<(?,?))",
        ),
        (
            "$3 IS NULL) ORDER BY c.sort_name, c.id LIMIT $4",
            "clients_name (account_id=?)",
        ),
        (
            "$3 IS NULL) AND (c.number_order, c.id) < ($8, $9)",
            "clients_number_order (account_id=? AND (number_order,id)<(?,?))",
        ),
        (
            "$3 IS NULL) AND (c.sort_company, c.id) > ($8, $9)",
            "clients_company (account_id=? AND (sort_company,id)>(?,?))",
        ),
        (
            "$3 IS NULL) ORDER BY c.created_at DESC, c.id DESC LIMIT $4",
            "clients_created (account_id=?)",
        ),
        (
            "c.manager_id = $3 AND (c.vip = $2 OR $2 IS NULL) ORDER BY c.sort_name, c.id LIMIT $4",
            "clients_manager (account_id=? AND manager_id=?)",
        ),
        (
            "AND c.vip AND (c.vip = $2 OR $2 IS NULL) AND (c.manager_id = $3 OR $3 IS NULL) ORDER BY c.sort_name, c.id LIMIT $4",
            "clients_vip (account_id=?)",
        ),
    ];

    #[tokio::test]
    async fn a_page_of_a_long_list_begins_at_its_place_in_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("x.db").display().to_string())
            .await
            .unwrap();
        for (part, expected) in PLANS {
            let mut statements = ALL.iter().copied().flatten().filter(|sql| sql.contains(part));
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {}", statements.next().unwrap()).leak();
            let steps: Vec<Step> = db.all(sql, Vec::new()).await.unwrap();
            let plan: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
            assert!(plan[0].contains(expected), "{sql}\n{plan:#?}");
            assert!(
                !plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY")),
                "{sql}\n{plan:#?}"
            );
        }
    }
}
