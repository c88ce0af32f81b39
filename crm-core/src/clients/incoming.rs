//! Many clients at once, in the transaction of whoever brings them.

use std::collections::BTreeMap;

use frontdesk_routing::ids::{AccountId, ClientId};
use frontdesk_routing::number::PhoneNumber;

use super::rules::{self, Checked};
use super::store::{ADD_PHONES, count, live, raced, rewrite, row_of, told};
use super::{NewClient, terms};
use crate::access::Scope;
use crate::accounts::Account;
use crate::audit::{self, Author, Deed};
use crate::store::rows::{self, RowText, rows};
use crate::store::text::id;
use crate::store::{Db, Ids, StoreError, Tx, args};

const INSERT: [RowText; 3] = rows!(
    18,
    "INSERT INTO clients (id, account_id, number, name, company, position, manager_id, vip, sort_name, sort_company, \
     number_order, search, search_key, stub, indexed, created_at, updated_at, version)",
    ""
);
const HOLDERS: &str = "SELECT number, client_id FROM client_phones WHERE account_id = $1 AND number > $2 \
    ORDER BY number LIMIT 10000";

pub(crate) const ALL: &[&str] = &[INSERT[0].numbered, INSERT[1].numbered, INSERT[2].numbered, HOLDERS];

/// A client who comes from outside.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    checked: Checked,
    /// Whether something is said of it: what is not, stays when the client is known.
    given: Given,
}

/// What a source says of all its clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    pub(crate) vip: bool,
}

/// # Errors
/// Wrong fields.
pub(crate) fn check(new: NewClient, given: Given, region: &str) -> Result<Incoming, StoreError> {
    let checked = rules::new(new, region)?;
    Ok(Incoming { checked, given })
}

impl Incoming {
    pub(crate) fn numbers(&self) -> impl Iterator<Item = PhoneNumber> {
        self.checked.numbers()
    }
}

#[derive(sqlx::FromRow)]
struct Holder {
    number: String,
    client_id: String,
}

/// Who has which of the numbers.
pub(crate) async fn holders(
    db: &Db,
    account: AccountId,
    numbers: &BTreeMap<u64, usize>,
) -> Result<BTreeMap<u64, ClientId>, StoreError> {
    let (mut found, mut after) = (BTreeMap::new(), String::new());
    loop {
        let rows: Vec<Holder> = db.all(HOLDERS, args![account, &after]).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        after.clone_from(&last.number);
        for row in rows {
            let number = super::store::e164(&row.number)?.as_u64();
            if numbers.contains_key(&number) {
                found.insert(number, id(&row.client_id)?);
            }
        }
    }
}

/// New clients whose numbers nobody has. They are found by words only when [`super::index_new`] has been there.
pub(crate) async fn add(
    tx: &mut Tx,
    ids: &mut Ids,
    (author, account): (&Author, &Account),
    new: &[&Incoming],
) -> Result<(), StoreError> {
    let (mut clients, mut phones) = (Vec::new(), Vec::new());
    let mut deeds = Vec::with_capacity(new.len());
    for incoming in new {
        let checked = &incoming.checked;
        let client = ClientId::new(ids.now, ids.random());
        let search = terms::haystack(checked, &account.region);
        let mut row = args![client, account.id];
        row.extend(row_of(client, checked, &search));
        row.extend(args![false, false, ids.now, ids.now, 1_i64]);
        clients.push(row);
        let places = (0_u32..).zip(checked.numbers());
        phones.extend(places.map(|(place, number)| (number.reveal(), args![account.id, number, client, place])));
        deeds.push((client, told(checked)));
    }
    // in the order of the index, so that each of its pages is written once
    phones.sort_by(|(one, _), (other, _)| one.cmp(other));
    rows::enter(tx, &INSERT, clients).await?;
    let phones = phones.into_iter().map(|(_, row)| row).collect();
    rows::enter(tx, &ADD_PHONES, phones).await.map_err(raced)?;
    count(tx, account.id, i64::try_from(new.len()).unwrap_or(0)).await?;
    for (client, after) in deeds {
        let deed = author.deed("client.imported", "client", client.to_string());
        let deed = Deed {
            after: Some(after),
            ..deed
        };
        audit::write(tx, ids, deed).await?;
    }
    Ok(())
}

/// What is said of a known client takes the place of what was; further numbers come to those that there are. Gives the
/// client's numbers before and after.
pub(crate) async fn update(
    tx: &mut Tx,
    ids: &mut Ids,
    (author, account): (&Author, &Account),
    (client, incoming): (ClientId, &Incoming),
) -> Result<Vec<PhoneNumber>, StoreError> {
    let found = live(tx, Scope::whole(account.id), client, None).await?;
    let before = Checked::of(&found);
    let (said, mut after) = (&incoming.checked, before.clone());
    after.name.clone_from(&said.name);
    after.company = said.company.clone().or(after.company);
    after.position = said.position.clone().or(after.position);
    after.manager = said.manager.or(after.manager);
    if incoming.given.vip {
        after.vip = said.vip;
    }
    for number in said.numbers() {
        if !before.numbers().any(|known| known == number) {
            after.other_numbers.push(number);
        }
    }
    if before != after {
        rewrite(tx, account, (&found, ids.now), &after).await?;
        let deed = author.deed("client.updated", "client", client.to_string());
        let deed = Deed {
            before: Some(told(&before)),
            after: Some(told(&after)),
            ..deed
        };
        audit::write(tx, ids, deed).await?;
    }
    Ok(before.numbers().chain(after.numbers()).collect())
}
