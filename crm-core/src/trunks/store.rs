use frontdesk_routing::ids::{AccountId, TrunkId};
use frontdesk_routing::plan::PlanTrunk;
use frontdesk_routing::plan::trunks::Provider;
use ipnet::IpNet;
use serde_json::{Value, json};

use super::row::{self, Row, trunk};
use super::{Trunk, TrunkPatch, names, rules};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::sip_accounts::{self, Ha1, Owner, SipData};
use crate::store::page::{self, Mark};
use crate::store::{Db, FieldError, Ids, Listing, Page, StoreError, Tx, args};

const LIST: &str = trunk!("WHERE t.account_id = $1 ORDER BY t.place, t.name, t.id");
const PAGE: &str = trunk!(
    "WHERE t.account_id = $1 AND (t.place, t.name, t.id) > ($2, $3, $4) ORDER BY t.place, t.name, t.id LIMIT $5"
);
const COUNT: &str = "SELECT COUNT(*) AS count FROM trunks WHERE account_id = $1";
const ALL_ACCOUNTS: &str = trunk!("ORDER BY t.id");
const GET: &str = trunk!("WHERE t.account_id = $1 AND t.id = $2");
const INSERT: &str = "INSERT INTO trunks (id, account_id, created_at, version, name, servers, registration_user, \
    registration_auth_user, registration_secret, registration_expires_s, probe_s, sources, max_calls, \
    max_calls_per_second, codecs, numbers_in, numbers_out, identity, redirection, privacy, shown_number, prefixes, place, \
    tls_fingerprint) \
    VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)";
const UPDATE: &str = "UPDATE trunks SET version = version + 1, name = $3, servers = $4, registration_user = $5, \
    registration_auth_user = $6, registration_secret = $7, registration_expires_s = $8, probe_s = $9, sources = $10, \
    max_calls = $11, max_calls_per_second = $12, codecs = $13, numbers_in = $14, numbers_out = $15, identity = $16, \
    redirection = $17, privacy = $18, shown_number = $19, prefixes = $20, place = $21, tls_fingerprint = $22 \
    WHERE id = $1 AND version = $2";
const OTHERS: &str = "SELECT account_id, name, sources FROM trunks WHERE id <> $1 ORDER BY id";
const CONNECTED: &str = "SELECT COUNT(*) AS count FROM numbers WHERE trunk_id = $1";
const BOUND: &str = "SELECT COUNT(*) AS count FROM staff WHERE sim_trunk_id = $1 AND deleted_at IS NULL";
const ROUTED: &str = "SELECT COUNT(*) AS count FROM outbound_route_trunks WHERE trunk_id = $1";
const UNBIND: &str = "UPDATE staff SET sim_trunk_id = NULL, reception = 'sip' WHERE sim_trunk_id = $1";
const DELETE_SIP: &str = "DELETE FROM sip_accounts WHERE account_id = $1 AND trunk_id = $2";
const DELETE: &str = "DELETE FROM trunks WHERE account_id = $1 AND id = $2 AND (version = $3 OR $3 IS NULL)";

pub(crate) const ALL: &[&str] = &[
    LIST,
    PAGE,
    COUNT,
    ALL_ACCOUNTS,
    GET,
    INSERT,
    UPDATE,
    OTHERS,
    CONNECTED,
    BOUND,
    ROUTED,
    UNBIND,
    DELETE_SIP,
    DELETE,
];

#[derive(sqlx::FromRow)]
struct Other {
    account_id: String,
    name: String,
    sources: String,
}

/// In the order in which calls outside try them.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Trunk>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    rows.into_iter().map(Row::read).collect()
}

/// The same in pages, by cursor.
///
/// # Errors
/// `Invalid`: a cursor that is none of ours.
pub async fn page(db: &Db, account: AccountId, page: &Page) -> Result<Listing<Trunk>, StoreError> {
    let after = Mark::of(page)?;
    let most = page.limit.saturating_add(1);
    let rows: Vec<Row> = db
        .all(PAGE, args![account, after.number, after.text, after.id, most])
        .await?;
    let (rows, next_cursor) = page::shown(rows, page, Row::mark)?;
    let total = page::counted(db, COUNT, args![account]).await?;
    let items = rows.into_iter().map(Row::read).collect::<Result<_, _>>()?;
    Ok(Listing::of_all(items, total, next_cursor))
}

/// The dial plan's part. One line that cannot be read must not take everybody's plan away.
pub(crate) async fn planned(db: &Db) -> Result<Vec<PlanTrunk>, StoreError> {
    let rows: Vec<Row> = db.all(ALL_ACCOUNTS, args![]).await?;
    let read = |row: Row| {
        row.read()
            .inspect_err(|error| tracing::error!(%error, "a provider's line is left out"))
            .ok()
    };
    Ok(rows.into_iter().filter_map(read).map(|trunk| trunk.plan).collect())
}

pub async fn get(db: &Db, account: AccountId, trunk: TrunkId) -> Result<Trunk, StoreError> {
    let found: Option<Row> = db.one(GET, args![account, trunk]).await?;
    found.ok_or(StoreError::NotFound).and_then(Row::read)
}

/// A new line; with `registers` the data that the provider's side registers with, whose secret is told this once.
pub async fn create(
    db: &Db,
    author: &Author,
    patch: TrunkPatch,
    registers: bool,
) -> Result<(Trunk, Option<SipData>), StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut ids = author.stamp.ids();
    let trunk = TrunkId::new(ids.now, ids.random());
    let nothing = PlanTrunk::new(trunk, author.account, "".into());
    let plan = rules::patched(nothing, patch, &account.region)?;
    let mut tx = db.begin().await?;
    free(&mut tx, &plan).await?;
    let mut values = args![trunk, author.account, ids.now];
    values.extend(row::values(&plan));
    tx.run(INSERT, values).await?;
    let data = match registers {
        true => Some(sip_data(&mut tx, &mut ids, (author.account, trunk), &account).await?),
        false => None,
    };
    let deed = author.deed("trunk.created", "trunk", trunk.to_string());
    let deed = Deed {
        after: Some(told(&plan)),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    Ok((get(db, author.account, trunk).await?, data))
}

async fn sip_data(
    tx: &mut Tx,
    ids: &mut Ids,
    (owner, trunk): (AccountId, TrunkId),
    account: &accounts::Account,
) -> Result<SipData, StoreError> {
    let user = format!("{}-line-{}", account.number, ids.digits(6));
    let secret = ids.secret(24);
    let ha1 = Ha1::of(&user, &account.realm, &secret);
    let place = (owner, Owner::Trunk(trunk));
    let sip = sip_accounts::add(tx, ids, place, (&user, &account.realm), &ha1).await?;
    Ok(SipData {
        id: sip,
        user,
        realm: account.realm.clone(),
        secret,
    })
}

pub async fn update(
    db: &Db,
    author: &Author,
    trunk: TrunkId,
    patch: TrunkPatch,
    version: Option<i64>,
) -> Result<Trunk, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let found: Option<Row> = tx.one(GET, args![author.account, trunk]).await?;
    let before = found.ok_or(StoreError::NotFound).and_then(Row::read)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let after = rules::patched(before.plan.clone(), patch, &account.region)?;
    free(&mut tx, &after).await?;
    let mut values = args![trunk, before.version];
    values.extend(row::values(&after));
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("trunk.updated", "trunk", trunk.to_string());
    let deed = Deed {
        before: Some(told(&before.plan)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, trunk).await
}

/// Refused while numbers are bound to the line.
///
/// # Errors
/// `NotFound`, or `Stale` when it is in another version than `version`; `Refused` while something goes by it.
pub async fn delete(db: &Db, author: &Author, trunk: TrunkId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let found: Option<Row> = tx.one(GET, args![author.account, trunk]).await?;
    let before = found.ok_or(StoreError::NotFound).and_then(Row::read)?;
    StoreError::unless(before.version, version)?;
    if tx.count(CONNECTED, args![trunk]).await? > 0 {
        return Err(StoreError::Refused {
            code: "in_use",
            detail: "connected numbers arrive by this line: bind them to another one first",
        });
    }
    if tx.count(BOUND, args![trunk]).await? > 0 {
        return Err(StoreError::Refused {
            code: "in_use",
            detail: "people take their calls by this line: let them take them in another way first",
        });
    }
    if tx.count(ROUTED, args![trunk]).await? > 0 {
        return Err(StoreError::Refused {
            code: "in_use",
            detail: "outbound routes go by this line: take it out of them first",
        });
    }
    tx.run(UNBIND, args![trunk]).await?;
    tx.run(DELETE_SIP, args![author.account, trunk]).await?;
    if tx.run(DELETE, args![author.account, trunk, version]).await? == 0 {
        return Err(StoreError::missed(version));
    }
    let deed = author.deed("trunk.deleted", "trunk", trunk.to_string());
    let deed = Deed {
        before: Some(told(&before.plan)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// A name is one line's of the account; an address is one line's of all.
async fn free(tx: &mut Tx, plan: &PlanTrunk) -> Result<(), StoreError> {
    let others: Vec<Other> = tx.all(OTHERS, args![plan.id]).await?;
    let own = plan.account.to_string();
    let mut faults = Vec::new();
    if others
        .iter()
        .any(|other| other.account_id == own && *other.name == *plan.name)
    {
        faults.push(FieldError::new("name", "taken", "another line has this name"));
    }
    let theirs: Vec<IpNet> = others
        .iter()
        .flat_map(|other| other.sources.lines())
        .filter_map(|line| line.parse().ok())
        .collect();
    for (place, source) in plan.sources.iter().enumerate() {
        if theirs
            .iter()
            .any(|other| other.contains(source) || source.contains(other))
        {
            let field = format!("sources[{place}]");
            faults.push(FieldError::new(
                &field,
                "taken",
                "another line is known by this address",
            ));
        }
    }
    StoreError::taken(faults)
}

/// For the audit: everything but the secret.
fn told(plan: &PlanTrunk) -> Value {
    let none = Provider::default();
    let provider = plan.provider.as_ref().unwrap_or(&none);
    let registration = provider.registration.as_ref();
    let servers: Vec<String> = provider.servers.iter().map(row::server_line).collect();
    let sources: Vec<String> = plan.sources.iter().map(ToString::to_string).collect();
    let codecs: Vec<&str> = plan.codecs.iter().map(|codec| names::codec_name(*codec)).collect();
    json!({
        "name": &*plan.name,
        "servers": servers,
        "registration_user": registration.map(|line| &*line.user),
        "registration_auth_user": registration.map(|line| &*line.auth_user),
        "registration_expires_s": registration.map(|line| line.expires),
        "probe_s": provider.probe.map(|probe| probe.as_secs()),
        "tls_fingerprint": provider.tls_fingerprint.map(|shown| shown.to_string()),
        "sources": sources,
        "max_calls": plan.limits.calls,
        "max_calls_per_second": plan.limits.per_second,
        "codecs": codecs,
        "numbers_in": names::format_name(plan.numbers_in),
        "numbers_out": names::format_name(plan.numbers_out),
        "identity": names::identity_name(plan.identity),
        "redirection": names::redirection_name(plan.redirection),
        "privacy": plan.privacy,
        "shown_number": plan.shown_number.map(|number| number.reveal()),
        "prefixes": plan.prefixes,
        "place": plan.place,
    })
}
