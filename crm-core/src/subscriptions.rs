//! Subscriptions of phones (RFC 6665) as they are kept over a restart.

use frontdesk_routing::ids::SipAccountId;

use crate::store::text::id;
use crate::store::{Db, StoreError, Tx, args};

const SAVE: &str = "INSERT INTO subscriptions (sip_account_id, name, flow, expires_at, longest, event, watched_user, \
    watched_host, sip_call_id, local_party, remote_party, remote_tag, target, routes) SELECT p.id, $2, $3, $4, $5, $6, $7, \
    $8, $9, $10, $11, $12, $13, $14 FROM sip_accounts p WHERE p.id = $1 ON CONFLICT (sip_account_id, name) DO UPDATE SET \
    flow = excluded.flow, expires_at = excluded.expires_at, longest = excluded.longest, target = excluded.target";
const REMOVE: &str = "DELETE FROM subscriptions WHERE sip_account_id = $1 AND name = $2";
const EXPIRED: &str = "DELETE FROM subscriptions WHERE expires_at <= $1";
const LIST: &str = "SELECT sip_account_id, name, flow, expires_at, longest, event, watched_user, watched_host, sip_call_id, \
    local_party, remote_party, remote_tag, target, routes FROM subscriptions WHERE expires_at > $1 \
    ORDER BY sip_account_id, name";

pub(crate) const ALL: &[&str] = &[SAVE, REMOVE, EXPIRED, LIST];

/// Somebody's phone watches somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub sip_account: SipAccountId,
    /// Our tag in the dialog.
    pub name: String,
    /// Socket and peer, as the daemon writes them.
    pub flow: String,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// Seconds from one refresh to the next at most.
    pub longest: u32,
    /// The Event header's value.
    pub event: String,
    /// Who is watched, as the phone wrote it.
    pub watched_user: String,
    pub watched_host: String,
    pub sip_call_id: String,
    /// From and To of our requests.
    pub local_party: String,
    pub remote_party: String,
    pub remote_tag: String,
    /// The phone's Contact.
    pub target: String,
    pub routes: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    sip_account_id: String,
    name: String,
    flow: String,
    expires_at: i64,
    longest: i64,
    event: String,
    watched_user: String,
    watched_host: String,
    sip_call_id: String,
    local_party: String,
    remote_party: String,
    remote_tag: String,
    target: String,
    routes: String,
}

pub(crate) async fn save(tx: &mut Tx, subscription: &Subscription) -> Result<(), StoreError> {
    let values = args![
        subscription.sip_account,
        &subscription.name,
        &subscription.flow,
        subscription.expires_at,
        subscription.longest,
        &subscription.event,
        &subscription.watched_user,
        &subscription.watched_host,
        &subscription.sip_call_id,
        &subscription.local_party,
        &subscription.remote_party,
        &subscription.remote_tag,
        &subscription.target,
        subscription.routes.join("\n"),
    ];
    tx.run(SAVE, values).await.map(drop)
}

pub(crate) async fn remove(tx: &mut Tx, sip_account: SipAccountId, name: &str) -> Result<(), StoreError> {
    tx.run(REMOVE, args![sip_account, name]).await.map(drop)
}

/// The subscriptions that go on; the others are forgotten.
pub async fn list(db: &Db, now: i64) -> Result<Vec<Subscription>, StoreError> {
    db.run(EXPIRED, args![now]).await?;
    let rows: Vec<Row> = db.all(LIST, args![now]).await?;
    rows.into_iter().map(read).collect()
}

fn read(row: Row) -> Result<Subscription, StoreError> {
    let longest = u32::try_from(row.longest);
    Ok(Subscription {
        sip_account: id(&row.sip_account_id)?,
        name: row.name,
        flow: row.flow,
        expires_at: row.expires_at,
        longest: longest.map_err(|_| StoreError::Corrupt(format!("{} in a subscription", row.longest)))?,
        event: row.event,
        watched_user: row.watched_user,
        watched_host: row.watched_host,
        sip_call_id: row.sip_call_id,
        local_party: row.local_party,
        remote_party: row.remote_party,
        remote_tag: row.remote_tag,
        target: row.target,
        routes: row.routes.lines().map(str::to_owned).collect(),
    })
}
