use std::collections::BTreeSet;

use frontdesk_routing::forwarding::{Condition, Forwarding, MAILBOX, NO_ANSWER_AFTER, Target};
use frontdesk_routing::ids::{AccountId, StaffId};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::PlanForwarding;
use serde_json::{Value, json};

use super::rules::{self, Owner};
use super::{ByPhone, NewSettings, Settings};
use crate::accounts;
use crate::audit::{self, Actor, Author, Deed};
use crate::store::text::id;
use crate::store::{Arg, Db, Stamp, StoreError, Tx, args};

macro_rules! settings {
    ($rest:literal) => {
        concat!(
            "SELECT s.id AS staff_id, s.short_number, s.surname, s.given_name, f.dnd, f.always_to, f.busy_to, f.no_answer_to, \
             f.no_answer_after, f.offline_to, f.mark, f.version FROM staff s ",
            $rest
        )
    };
}

const GET: &str = settings!(
    "LEFT JOIN forwardings f ON f.staff_id = s.id WHERE s.account_id = $1 AND s.id = $2 AND s.deleted_at IS NULL"
);
const SECTION: &str = settings!("JOIN forwardings f ON f.staff_id = s.id WHERE s.deleted_at IS NULL ORDER BY s.id");
const PUT: &str = "INSERT INTO forwardings (staff_id, dnd, always_to, busy_to, no_answer_to, no_answer_after, offline_to, \
    mark, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (staff_id) DO UPDATE SET \
    dnd = excluded.dnd, always_to = excluded.always_to, busy_to = excluded.busy_to, no_answer_to = excluded.no_answer_to, \
    no_answer_after = excluded.no_answer_after, offline_to = excluded.offline_to, mark = excluded.mark, \
    updated_at = excluded.updated_at, version = excluded.version WHERE forwardings.version = excluded.version - 1";
const KNOWN: &str = "SELECT short_number FROM staff WHERE account_id = $1 AND short_number = $2 AND deleted_at IS NULL \
    UNION ALL SELECT short_number FROM departments WHERE account_id = $1 AND short_number = $2 \
    UNION ALL SELECT short_number FROM menus WHERE account_id = $1 AND short_number = $2";

pub(crate) const ALL: &[&str] = &[GET, SECTION, PUT, KNOWN];

#[derive(sqlx::FromRow)]
struct Row {
    staff_id: String,
    short_number: Option<String>,
    surname: Option<String>,
    given_name: Option<String>,
    dnd: Option<bool>,
    always_to: Option<String>,
    busy_to: Option<String>,
    no_answer_to: Option<String>,
    no_answer_after: Option<i64>,
    offline_to: Option<String>,
    mark: Option<i64>,
    version: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Known {
    #[expect(dead_code, reason = "that there is a row is the answer")]
    short_number: Option<String>,
}

/// Of somebody who is not deleted.
pub async fn get(db: &Db, account: AccountId, staff: StaffId) -> Result<Settings, StoreError> {
    let row: Row = db.one(GET, args![account, staff]).await?.ok_or(StoreError::NotFound)?;
    row.settings()
}

/// Replaces all of somebody's settings.
pub async fn put(
    db: &Db,
    author: &Author,
    staff: StaffId,
    new: NewSettings,
    version: Option<i64>,
) -> Result<Settings, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let before: Row = tx
        .one(GET, args![author.account, staff])
        .await?
        .ok_or(StoreError::NotFound)?;
    if version.is_some_and(|version| version != before.version()) {
        return Err(StoreError::Stale);
    }
    let mut known = BTreeSet::new();
    for short in rules::short_numbers(&new) {
        let found: Vec<Known> = tx.all(KNOWN, args![author.account, short.to_string()]).await?;
        known.extend((!found.is_empty()).then_some(short));
    }
    let owner = Owner {
        short_number: before.own_number(),
        region: &account.region,
        known: &known,
    };
    let after = rules::checked(&new, owner)?;
    write(&mut tx, &before, &after, (before.mark(), author.stamp.unix_ms)).await?;
    let deed = author.deed("forwarding.updated", "staff", staff.to_string());
    let deed = Deed {
        before: Some(told(&before.forwarding())),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, staff).await
}

/// A change by phone. One that is there already, or whose person is gone, changes nothing.
pub(crate) async fn by_phone(tx: &mut Tx, made: &ByPhone) -> Result<(), StoreError> {
    let Some(before) = tx.one::<Row>(GET, args![made.account, made.staff]).await? else {
        return Ok(());
    };
    if before.mark() >= made.mark {
        return Ok(());
    }
    let mut after = before.forwarding();
    after.apply(made.change);
    write(tx, &before, &after, (made.mark, made.at)).await?;
    let author = Author {
        account: made.account,
        actor: Actor {
            staff: Some(made.staff),
            name: before.name(),
            ip: None,
        },
        login: None,
        stamp: Stamp {
            unix_ms: made.at,
            random: made.random,
        },
    };
    let deed = author.deed("forwarding.dialled", "staff", made.staff.to_string());
    let deed = Deed {
        before: Some(told(&before.forwarding())),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(tx, &mut author.stamp.ids(), deed).await
}

/// Everybody who has set something, for the dial plan.
pub(crate) async fn section(db: &Db) -> Result<Vec<(StaffId, PlanForwarding)>, StoreError> {
    let rows: Vec<Row> = db.all(SECTION, args![]).await?;
    let read = |row: Row| {
        let (settings, mark) = (row.forwarding(), row.mark());
        Ok((id(&row.staff_id)?, PlanForwarding { settings, mark }))
    };
    rows.into_iter().map(read).collect()
}

async fn write(tx: &mut Tx, before: &Row, after: &Forwarding, (mark, at): (i64, i64)) -> Result<(), StoreError> {
    let to = |condition| after.to(condition).map(Target::dialled);
    let values: Vec<Arg> = args![
        &before.staff_id,
        after.dnd,
        to(Condition::Always),
        to(Condition::Busy),
        to(Condition::NoAnswer),
        after.no_answer_after,
        to(Condition::Offline),
        mark,
        at,
        before.version().saturating_add(1),
    ];
    match tx.run(PUT, values).await? {
        0 => Err(StoreError::Stale),
        _ => Ok(()),
    }
}

pub(super) fn told(settings: &Forwarding) -> Value {
    let to = |condition| settings.to(condition).map(Target::dialled);
    json!({
        "dnd": settings.dnd,
        "always": to(Condition::Always),
        "busy": to(Condition::Busy),
        "no_answer": to(Condition::NoAnswer),
        "no_answer_after": settings.no_answer_after,
        "offline": to(Condition::Offline),
    })
}

impl Row {
    fn settings(&self) -> Result<Settings, StoreError> {
        Ok(Settings {
            staff: id(&self.staff_id)?,
            forwarding: self.forwarding(),
            version: self.version(),
        })
    }

    fn version(&self) -> i64 {
        self.version.unwrap_or(0)
    }

    fn mark(&self) -> i64 {
        self.mark.unwrap_or(0)
    }

    fn own_number(&self) -> Option<ShortNumber> {
        ShortNumber::read(self.short_number.as_deref()?).ok()
    }

    fn name(&self) -> String {
        let parts = [&self.surname, &self.given_name];
        parts
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn forwarding(&self) -> Forwarding {
        Forwarding {
            dnd: self.dnd.unwrap_or(false),
            always: target(&self.always_to),
            busy: target(&self.busy_to),
            no_answer: target(&self.no_answer_to),
            no_answer_after: self
                .no_answer_after
                .and_then(|after| u16::try_from(after).ok())
                .unwrap_or(NO_ANSWER_AFTER),
            offline: target(&self.offline_to),
        }
    }
}

fn target(text: &Option<String>) -> Option<Target> {
    let text = text.as_deref()?;
    if text == MAILBOX {
        return Some(Target::Mailbox);
    }
    match ShortNumber::read(text) {
        Ok(short) => Some(Target::Short(short)),
        Err(_) => PhoneNumber::from_e164(text).ok().map(Target::Outside),
    }
}
