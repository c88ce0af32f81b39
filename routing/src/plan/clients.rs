//! The people who call: a million of them in one sorted table.

use crate::ids::{AccountId, ClientId};
use crate::number::PhoneNumber;

/// A client as the plan is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientEntry {
    pub account: AccountId,
    pub id: ClientId,
    pub number: PhoneNumber,
    pub name: String,
    pub vip: bool,
}

/// A client as it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanClient<'a> {
    pub id: ClientId,
    pub number: PhoneNumber,
    pub name: &'a str,
    pub vip: bool,
}

/// Sorted by account and number; the names stand in one text.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    accounts: Vec<AccountId>,
    rows: Vec<Row>,
    names: String,
}

#[derive(Debug, Clone)]
struct Row {
    id: ClientId,
    number: PhoneNumber,
    account: u32,
    name_at: u32,
    name_len: u32,
    vip: bool,
}

impl Clients {
    /// Takes what comes in any order; of two with the same account and number the first stays.
    pub fn new(entries: impl IntoIterator<Item = ClientEntry>) -> Self {
        let mut clients = Clients::default();
        for entry in entries {
            let account = clients.account_index(entry.account);
            let name_at = u32::try_from(clients.names.len());
            let name_len = u32::try_from(entry.name.len());
            let (Ok(name_at), Ok(name_len)) = (name_at, name_len) else {
                continue;
            };
            clients.names.push_str(&entry.name);
            clients.rows.push(Row {
                id: entry.id,
                number: entry.number,
                account,
                name_at,
                name_len,
                vip: entry.vip,
            });
        }
        clients.rows.sort_by_key(Row::key);
        clients.rows.dedup_by_key(|row| row.key());
        clients.rows.shrink_to_fit();
        clients.names.shrink_to_fit();
        clients
    }

    pub fn by_number(&self, account: AccountId, number: PhoneNumber) -> Option<PlanClient<'_>> {
        let account = self.accounts.iter().position(|known| *known == account)?;
        let account = u32::try_from(account).ok()?;
        let index = self.rows.binary_search_by_key(&(account, number), Row::key).ok()?;
        let row = self.rows.get(index)?;
        let start = usize::try_from(row.name_at).ok()?;
        let end = start.checked_add(usize::try_from(row.name_len).ok()?)?;
        Some(PlanClient {
            id: row.id,
            number: row.number,
            name: self.names.get(start..end).unwrap_or_default(),
            vip: row.vip,
        })
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What the table takes.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.names.capacity() + self.accounts.capacity() * 16
    }

    /// Entries come account by account, so the last one is looked at first.
    fn account_index(&mut self, account: AccountId) -> u32 {
        let known = self.accounts.iter().rposition(|known| *known == account);
        let index = known.unwrap_or_else(|| {
            self.accounts.push(account);
            self.accounts.len() - 1
        });
        super::position(index)
    }
}

impl Row {
    fn key(&self) -> (u32, PhoneNumber) {
        (self.account, self.number)
    }
}
