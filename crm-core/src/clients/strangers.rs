//! Each call with somebody outside belongs to a client: to the one who has the number, or to one who is made for it where
//! the account wants that.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use frontdesk_routing::ids::{AccountId, ClientId};
use frontdesk_routing::number::PhoneNumber;

use super::rules::Checked;
use super::store::insert;
use crate::accounts::{self, UnknownCallers};
use crate::calls::{Call, CallDirection, Disposition};
use crate::store::text::id;
use crate::store::{StoreError, Tx, args};

const HOLDER: &str = "SELECT client_id FROM client_phones WHERE account_id = $1 AND number = $2";
const OURS: &str = "SELECT (SELECT COUNT(*) FROM staff WHERE account_id = $1 AND phone = $2 AND deleted_at IS NULL) \
    + (SELECT COUNT(*) FROM numbers WHERE account_id = $1 AND number = $2) AS count";

pub(crate) const ALL: &[&str] = &[HOLDER, OURS];

#[derive(sqlx::FromRow)]
struct Holder {
    client_id: String,
}

/// A client who was made for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    pub account: AccountId,
    pub client: ClientId,
    pub number: PhoneNumber,
}

/// Finds the client of each call that has ended without one; gives those who were made.
pub(crate) async fn settle(tx: &mut Tx, calls: &mut [Call]) -> Result<Vec<Stranger>, StoreError> {
    let mut made = Vec::new();
    let mut known: BTreeMap<AccountId, accounts::Account> = BTreeMap::new();
    for call in calls.iter_mut().filter(|call| call.client.is_none()) {
        let Some(number) = outside(call) else { continue };
        let holder: Option<Holder> = tx.one(HOLDER, args![call.account, number]).await?;
        if let Some(holder) = holder {
            call.client = Some(id(&holder.client_id)?);
            continue;
        }
        if !is_contact(call) || keeps_back(call) || tx.count(OURS, args![call.account, number]).await? > 0 {
            continue;
        }
        let account = match known.entry(call.account) {
            Entry::Occupied(account) => account.into_mut(),
            Entry::Vacant(unread) => unread.insert(accounts::within(tx, call.account).await?),
        };
        if account.unknown_callers != UnknownCallers::MakeClient {
            continue;
        }
        // Made of the call's, so that the same batch twice makes the same client.
        let client = ClientId::from_u128(call.id.as_u128());
        let at = call.ended_at.unwrap_or(call.started_at);
        insert(tx, account, (client, at), &stub(number, &account.region), true).await?;
        call.client = Some(client);
        made.push(Stranger {
            account: call.account,
            client,
            number,
        });
    }
    Ok(made)
}

/// The number of whoever is outside.
fn outside(call: &Call) -> Option<PhoneNumber> {
    let party = match call.direction {
        CallDirection::Inbound => &call.caller,
        CallDirection::Outbound => &call.callee,
        CallDirection::Internal => return None,
    };
    let theirs = party.staff.is_none().then_some(party.number.as_deref()).flatten();
    PhoneNumber::from_e164(theirs?).ok()
}

/// A client's number is shown; whoever keeps theirs back is not made one.
fn keeps_back(call: &Call) -> bool {
    call.caller.restricted || call.callee.restricted
}

/// Somebody of ours was called, or has tried to reach somebody: not a wrong number, and not a call that went round.
fn is_contact(call: &Call) -> bool {
    let wrong = matches!(call.status, 404 | 482 | 484 | 604);
    call.disposition == Some(Disposition::Answered) || !wrong
}

fn stub(number: PhoneNumber, region: &str) -> Checked {
    let name = match region {
        "RU" | "BY" | "KZ" | "KG" => "Новый клиент",
        _ => "New client",
    };
    Checked {
        number: Some(number),
        name: name.to_owned(),
        ..Checked::default()
    }
}
