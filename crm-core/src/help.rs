//! What readers say of the pages of the help. Each word stands in the audit; of one person's the last counts.

use std::collections::BTreeMap;

use frontdesk_routing::ids::AccountId;

use crate::audit::{self, Author};
use crate::store::{Db, StoreError, args};

const SAID: &str = "SELECT actor_staff_id AS staff_id, action FROM audit WHERE account_id = $1 AND entity_id = $2 \
    AND action IN ('help.useful', 'help.useless') ORDER BY at DESC, id DESC LIMIT 20000";

pub(crate) const ALL: &[&str] = &[SAID];

/// A page of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Phone,
    Calls,
    Away,
    Hidden,
}

impl Topic {
    pub const ALL: &[Topic] = &[Topic::Phone, Topic::Calls, Topic::Away, Topic::Hidden];

    pub fn name(self) -> &'static str {
        match self {
            Topic::Phone => "phone",
            Topic::Calls => "calls",
            Topic::Away => "away",
            Topic::Hidden => "hidden",
        }
    }

    pub fn named(name: &str) -> Option<Topic> {
        Topic::ALL.iter().copied().find(|topic| topic.name() == name)
    }
}

/// How many people have found a page useful, and how many have not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opinion {
    pub useful: u32,
    pub useless: u32,
}

#[derive(sqlx::FromRow)]
struct Row {
    staff_id: Option<String>,
    action: String,
}

/// Keeps what the author says of a page.
pub async fn say(db: &Db, author: &Author, topic: Topic, useful: bool) -> Result<(), StoreError> {
    let action = if useful { "help.useful" } else { "help.useless" };
    audit::note(db, author, (action, "help"), topic.name().to_owned()).await
}

/// What people say of a page.
pub async fn opinion(db: &Db, account: AccountId, topic: Topic) -> Result<Opinion, StoreError> {
    let rows: Vec<Row> = db.all(SAID, args![account, topic.name()]).await?;
    let mut last = BTreeMap::new();
    for row in rows {
        last.entry(row.staff_id).or_insert(row.action == "help.useful");
    }
    let count = |wanted: bool| u32::try_from(last.values().filter(|useful| **useful == wanted).count());
    Ok(Opinion {
        useful: count(true).unwrap_or(u32::MAX),
        useless: count(false).unwrap_or(u32::MAX),
    })
}
