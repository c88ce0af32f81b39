//! Whether the audit still says what was written.

use std::collections::BTreeSet;

use frontdesk_routing::ids::AccountId;

use super::chain::{self, Head, Link};
use crate::store::{Db, StoreError, args};

const HEAD: &str = "SELECT seq, hash FROM audit_heads WHERE account_id = $1";
const ANY: &str = "SELECT COUNT(*) AS count FROM audit WHERE account_id = $1";
const ROWS: &str = "SELECT id, account_id, at, actor_staff_id, actor_name, action, entity, entity_id, before_json, after_json, \
    ip, salt, digest, seq, COALESCE(prev_hash, '') AS prev_hash, COALESCE(hash, '') AS hash \
    FROM audit WHERE account_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT 2000";
const ERASED: &str = "SELECT COUNT(*) AS count FROM audit WHERE account_id = $1 AND entity_id = $2 \
    AND action LIKE '%.erased'";

pub(crate) const ALL: &[&str] = &[HEAD, ANY, ROWS, ERASED];

/// A place in a chain behind which it is read on: the number and the hash of the last row that was as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub seq: i64,
    pub hash: String,
}

/// What a look through one account's chain has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Rows that are as they were written, from the first one on; those before the look's beginning are taken on trust.
    pub rows: i64,
    /// Of those that were looked at the ones whose before and after were erased together with a client.
    pub blanked: i64,
    /// Of the last of them. Noted elsewhere it shows later that the chain was not cut short and made anew.
    pub hash: String,
    /// The first row that is not as it was written.
    pub broken: Option<Broken>,
    /// Where the chain goes on that was not looked at.
    pub next: Option<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The place in the chain.
    pub seq: i64,
    /// `None` where there should be a row and is none.
    pub id: Option<String>,
    pub fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A row is not there any more.
    Missing,
    /// It does not follow from the row before it.
    Link,
    /// Who, what, when or from where was changed.
    Row,
    /// What was before or after was changed.
    Content,
    /// What was before and after is gone, and nobody has erased it.
    Blanked,
    /// It was put in beside the chain.
    Unchained,
}

impl Fault {
    /// The word of the API.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Missing => "missing",
            Fault::Link => "link",
            Fault::Row => "row",
            Fault::Content => "content",
            Fault::Blanked => "blanked",
            Fault::Unchained => "unchained",
        }
    }
}

#[derive(sqlx::FromRow)]
struct Count {
    count: i64,
}

/// Reads the whole chain of an account as far as it goes now; `seen` is told after each page how many rows of how many.
pub async fn verify(db: &Db, account: AccountId, seen: impl FnMut(i64, i64)) -> Result<Verified, StoreError> {
    read(db, account, (Place::default(), i64::MAX), seen).await
}

/// Reads `most` rows of the chain at most, behind a place that an earlier look has come to. A chain that was made anew or cut
/// short since then is broken there.
pub async fn verify_part(db: &Db, account: AccountId, from: Place, most: i64) -> Result<Verified, StoreError> {
    read(db, account, (from, most), |_, _| {}).await
}

async fn read(
    db: &Db,
    account: AccountId,
    (from, most): (Place, i64),
    mut seen: impl FnMut(i64, i64),
) -> Result<Verified, StoreError> {
    let head: Option<Head> = db.one(HEAD, args![account]).await?;
    let last = head.unwrap_or_default();
    let until = last.seq.min(from.seq.saturating_add(most));
    let mut found = Verified {
        rows: from.seq,
        blanked: 0,
        hash: from.hash,
        broken: None,
        next: None,
    };
    let mut erased = BTreeSet::new();
    while found.rows < until && found.broken.is_none() {
        let page: Vec<Link> = db.all(ROWS, args![account, found.rows, until]).await?;
        if page.is_empty() {
            found.broken = Some(missing(found.rows.saturating_add(1)));
        }
        for link in &page {
            let seq = found.rows.saturating_add(1);
            let fault = match fault(link, seq, &found.hash) {
                None if link.salt.is_none() => blanked(db, account, link, &mut erased).await?,
                fault => fault,
            };
            if let Some(fault) = fault {
                found.broken = Some(broken(link, seq, fault));
                break;
            }
            found.blanked = found.blanked.saturating_add(i64::from(link.salt.is_none()));
            found.rows = seq;
            found.hash.clone_from(&link.hash);
        }
        seen(found.rows, last.seq);
    }
    if found.broken.is_none() && found.rows < last.seq {
        found.next = Some(Place {
            seq: found.rows,
            hash: found.hash.clone(),
        });
    } else if found.broken.is_none() {
        found.broken = beside(db, account, &last, &found.hash).await?;
    }
    Ok(found)
}

/// What is wrong with the row at a place behind a hash, as far as the row itself tells.
fn fault(link: &Link, seq: i64, before: &str) -> Option<Fault> {
    if link.seq != seq {
        return Some(Fault::Missing);
    }
    if link.prev_hash != before {
        return Some(Fault::Link);
    }
    if link.hash != link.expected() {
        return Some(Fault::Row);
    }
    let told = match link.salt {
        Some(_) => link.told() == link.digest,
        None => link.before_json.is_none() && link.after_json.is_none(),
    };
    (!told).then_some(Fault::Content)
}

fn broken(link: &Link, seq: i64, fault: Fault) -> Broken {
    match fault {
        Fault::Missing => missing(seq),
        Fault::Link | Fault::Row | Fault::Content | Fault::Blanked | Fault::Unchained => Broken {
            seq,
            id: Some(link.id.clone()),
            fault,
        },
    }
}

fn missing(seq: i64) -> Broken {
    Broken {
        seq,
        id: None,
        fault: Fault::Missing,
    }
}

/// A row without content must be of somebody who was erased.
async fn blanked(
    db: &Db,
    account: AccountId,
    link: &Link,
    erased: &mut BTreeSet<String>,
) -> Result<Option<Fault>, StoreError> {
    if erased.contains(&link.entity_id) {
        return Ok(None);
    }
    let count: Option<Count> = db.one(ERASED, args![account, &link.entity_id]).await?;
    if count.is_none_or(|count| count.count == 0) {
        return Ok(Some(Fault::Blanked));
    }
    erased.insert(link.entity_id.clone());
    Ok(None)
}

/// Rows that the chain does not lead to.
async fn beside(db: &Db, account: AccountId, last: &Head, hash: &str) -> Result<Option<Broken>, StoreError> {
    let (seq, fault) = (last.seq.saturating_add(1), Fault::Unchained);
    if let Some(id) = chain::unchained(db, account).await? {
        let id = Some(id);
        return Ok(Some(Broken { seq, id, fault }));
    }
    if last.hash != hash {
        return Ok(Some(missing(seq)));
    }
    // Without a head there may be no row either.
    let count: Option<Count> = db.one(ANY, args![account]).await?;
    let headless = last.seq == 0 && count.is_some_and(|count| count.count > 0);
    let now: Option<Head> = if headless {
        db.one(HEAD, args![account]).await?
    } else {
        None
    };
    Ok((headless && now.is_none()).then(|| missing(1)))
}
