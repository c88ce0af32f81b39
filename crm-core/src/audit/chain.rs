//! The chain of an account's deeds. Rows join it when their transaction commits: only there do writers take turns.

use frontdesk_routing::ids::{AccountId, AuditId};
use sha2::{Digest, Sha256};

use super::Deed;
use crate::store::db::storable;
use crate::store::rows::{self, RowText, rows};
use crate::store::{Arg, Db, Ids, StoreError, Tx, args};

const HEAD: &str = "INSERT INTO audit_heads (account_id, seq, hash) VALUES ($1, 0, '') \
    ON CONFLICT (account_id) DO UPDATE SET seq = audit_heads.seq RETURNING seq, hash";
const MOVE: &str = "UPDATE audit_heads SET seq = $2, hash = $3 WHERE account_id = $1";
const INSERT: [RowText; 3] = rows!(
    16,
    "INSERT INTO audit (id, account_id, at, actor_staff_id, actor_name, action, entity, entity_id, before_json, after_json, \
     ip, salt, digest, seq, prev_hash, hash)",
    ""
);
const UNCHAINED: &str = "SELECT account_id FROM audit WHERE seq IS NULL \
    AND NOT EXISTS (SELECT 1 FROM audit_heads h WHERE h.account_id = audit.account_id) LIMIT 1";
const OLD: &str = "SELECT id, account_id, at, actor_staff_id, actor_name, action, entity, entity_id, before_json, after_json, \
    ip, salt, digest, COALESCE(seq, 0) AS seq, COALESCE(prev_hash, '') AS prev_hash, COALESCE(hash, '') AS hash \
    FROM audit WHERE account_id = $1 AND seq IS NULL ORDER BY at, id LIMIT 1000";
const JOIN: &str = "UPDATE audit SET salt = $2, digest = $3, seq = $4, prev_hash = $5, hash = $6 WHERE id = $1";

pub(crate) const ALL: &[&str] = &[
    HEAD,
    MOVE,
    INSERT[0].numbered,
    INSERT[1].numbered,
    INSERT[2].numbered,
    UNCHAINED,
    OLD,
    JOIN,
];

/// Rows that are made ready together.
const CHUNK: usize = 1_600;

/// The last row of a chain.
#[derive(Default, sqlx::FromRow)]
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) hash: String,
}

/// A row as it stands in the table.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Link {
    pub(super) id: String,
    account_id: String,
    at: i64,
    actor_staff_id: Option<String>,
    actor_name: String,
    action: String,
    entity: String,
    pub(super) entity_id: String,
    pub(super) before_json: Option<String>,
    pub(super) after_json: Option<String>,
    ip: Option<String>,
    /// Gone together with what was before and after.
    pub(super) salt: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) seq: i64,
    pub(super) prev_hash: String,
    pub(super) hash: String,
}

#[derive(sqlx::FromRow)]
struct Account {
    account_id: String,
}

impl Link {
    pub(super) fn new(ids: &mut Ids, deed: Deed<'_>) -> Link {
        let stored = |text: &str| storable(Some(text.to_owned())).unwrap_or_default();
        let mut link = Link {
            id: AuditId::new(ids.now, ids.random()).to_string(),
            account_id: deed.account.to_string(),
            at: ids.now,
            actor_staff_id: deed.actor.staff.map(|staff| staff.to_string()),
            actor_name: stored(&deed.actor.name),
            action: deed.action.to_owned(),
            entity: deed.entity.to_owned(),
            entity_id: stored(&deed.entity_id),
            before_json: storable(deed.before.map(|value| value.to_string())),
            after_json: storable(deed.after.map(|value| value.to_string())),
            ip: storable(deed.actor.ip.clone()),
            salt: None,
            digest: None,
            seq: 0,
            prev_hash: String::new(),
            hash: String::new(),
        };
        link.seal(ids);
        link
    }

    pub(crate) fn account(&self) -> &str {
        &self.account_id
    }

    pub(crate) fn at(&self) -> i64 {
        self.at
    }

    pub(crate) fn actor(&self) -> (Option<&str>, &str) {
        (self.actor_staff_id.as_deref(), &self.actor_name)
    }

    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    pub(crate) fn entity_id(&self) -> &str {
        &self.entity_id
    }

    fn row(&self) -> Vec<Arg> {
        args![
            &self.id,
            &self.account_id,
            self.at,
            &self.actor_staff_id,
            &self.actor_name,
            &self.action,
            &self.entity,
            &self.entity_id,
            &self.before_json,
            &self.after_json,
            &self.ip,
            &self.salt,
            &self.digest,
            self.seq,
            &self.prev_hash,
            &self.hash,
        ]
    }

    fn seal(&mut self, ids: &mut Ids) {
        // Other identifiers of the same change may come from the same randomness: enough is left that nobody has seen.
        let random = [ids.random(), ids.random(), ids.random()].map(u128::to_le_bytes);
        let salt = Sha256::digest(random.concat());
        self.salt = Some(hex::encode(salt));
        self.digest = self.told();
    }

    /// The digest of what was before and after; `None` without the salt.
    pub(super) fn told(&self) -> Option<String> {
        let salt = self.salt.as_deref()?;
        let parts = [Some(salt), self.before_json.as_deref(), self.after_json.as_deref()];
        Some(hash_of("audit content 1", &parts))
    }

    /// What the hash must be behind that of the row before.
    pub(super) fn expected(&self) -> String {
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        let parts = [
            Some(self.prev_hash.as_str()),
            Some(&self.account_id),
            Some(&seq),
            Some(&self.id),
            Some(&at),
            self.actor_staff_id.as_deref(),
            Some(&self.actor_name),
            Some(&self.action),
            Some(&self.entity),
            Some(&self.entity_id),
            self.ip.as_deref(),
            self.digest.as_deref(),
        ];
        hash_of("audit row 1", &parts)
    }

    fn follow(&mut self, head: &mut Head) {
        head.seq = head.seq.saturating_add(1);
        self.seq = head.seq;
        self.prev_hash = std::mem::take(&mut head.hash);
        self.hash = self.expected();
        head.hash.clone_from(&self.hash);
    }
}

/// Each part with its length, so that no two lists of parts give the same bytes.
fn hash_of(kind: &str, parts: &[Option<&str>]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(kind);
    for part in parts {
        match part {
            Some(text) => {
                hasher.update(format!("+{}:", text.len()));
                hasher.update(text);
            }
            None => hasher.update("-"),
        }
    }
    hex::encode(hasher.finalize())
}

/// The deeds of a transaction that is about to commit join their chains. Accounts in order, so that two writers never
/// wait for each other; and nothing else is taken after it.
pub(crate) async fn join(tx: &mut Tx, links: &mut [Link]) -> Result<(), StoreError> {
    links.sort_by(|a, b| a.account_id.cmp(&b.account_id));
    for links in links.chunk_by_mut(|a, b| a.account_id == b.account_id) {
        let Some(account) = links.first().map(|link| link.account_id.clone()) else {
            continue;
        };
        let mut head = lock(tx, &account).await?;
        for some in links.chunks_mut(CHUNK) {
            for link in some.iter_mut() {
                link.follow(&mut head);
            }
            rows::enter(tx, &INSERT, some.iter().map(Link::row).collect()).await?;
        }
        tx.run(MOVE, args![account, head.seq, head.hash]).await?;
    }
    Ok(())
}

/// Whoever holds an account's head writes alone into its chain, and its revisions, until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, account: &str) -> Result<(), StoreError> {
    lock(tx, account).await.map(drop)
}

async fn lock(tx: &mut Tx, account: &str) -> Result<Head, StoreError> {
    let head = tx.one(HEAD, args![account]).await?;
    head.ok_or_else(|| StoreError::Corrupt("the audit has no head".to_owned()))
}

/// Chains the rows of accounts that have no chain yet, which an older version has written; how many. What turns up
/// beside a chain later was put there by somebody else and stays outside.
pub async fn chain_old(db: &Db, ids: &mut Ids) -> Result<u64, StoreError> {
    let mut chained = 0_u64;
    loop {
        let account: Option<Account> = db.one(UNCHAINED, args![]).await?;
        let Some(Account { account_id }) = account else {
            return Ok(chained);
        };
        let mut tx = db.begin().await?;
        let mut head = lock(&mut tx, &account_id).await?;
        if head.seq > 0 {
            // another node was faster
            continue;
        }
        loop {
            let links: Vec<Link> = tx.all(OLD, args![&account_id]).await?;
            if links.is_empty() {
                break;
            }
            for mut link in links {
                link.seal(ids);
                link.follow(&mut head);
                let values = args![
                    &link.id,
                    &link.salt,
                    &link.digest,
                    link.seq,
                    &link.prev_hash,
                    &link.hash
                ];
                tx.run(JOIN, values).await?;
                chained = chained.saturating_add(1);
            }
        }
        tx.run(MOVE, args![account_id, head.seq, head.hash]).await?;
        tx.commit().await?;
    }
}

/// Whether there are rows of the account outside of its chain.
pub(super) async fn unchained(db: &Db, account: AccountId) -> Result<Option<String>, StoreError> {
    let old: Vec<Link> = db.all(OLD, args![account]).await?;
    Ok(old.into_iter().next().map(|link| link.id))
}
