//! What a person's calls show, and whether clients' numbers are hidden from them.

use frontdesk_routing::ids::{AccountId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::StaffCallerId;
use serde_json::{Value, json};

use crate::numbers;
use crate::store::{StoreError, Tx, args};

const SET: &str = "UPDATE staff SET displayed_number = $2, show_number_on_system_calls = $3, hide_client_number = $4, \
    raise_card = $5, emergency_number = $6 WHERE id = $1";

pub(crate) const ALL: &[&str] = &[SET];

#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct CallerId {
    /// E.164, a connected one: what their calls show.
    pub displayed_number: Option<String>,
    /// E.164, a connected one: what their emergency calls show, instead of the account's.
    pub emergency_number: Option<String>,
    /// The CRM's calls for them show the displayed one too, instead of the account's single number.
    pub show_number_on_system_calls: bool,
    /// They see no client's number.
    pub hide_client_number: bool,
    /// Their pages show the caller's card when their phone rings.
    pub raise_card: bool,
}

/// As typed: an outer `None` stays, an inner one empties.
#[derive(Debug, Clone, Default)]
pub struct CallerIdPatch {
    pub displayed_number: Option<Option<String>>,
    pub emergency_number: Option<Option<String>>,
    pub show_number_on_system_calls: Option<bool>,
    pub hide_client_number: Option<bool>,
    pub raise_card: Option<bool>,
}

impl CallerId {
    pub(super) fn told(&self) -> Value {
        json!({
            "displayed_number": self.displayed_number,
            "emergency_number": self.emergency_number,
            "show_number_on_system_calls": self.show_number_on_system_calls,
            "hide_client_number": self.hide_client_number,
            "raise_card": self.raise_card,
        })
    }

    pub(crate) fn planned(&self) -> StaffCallerId {
        let number = |text: &Option<String>| text.as_deref().and_then(|text| PhoneNumber::from_e164(text).ok());
        StaffCallerId {
            displayed_number: number(&self.displayed_number),
            emergency_number: number(&self.emergency_number),
            on_system_calls: self.show_number_on_system_calls,
            hides_clients: self.hide_client_number,
            raises_card: self.raise_card,
        }
    }
}

/// What it comes to after the patch, if that is allowed: only a connected number is shown (L32).
pub(super) async fn patched(
    tx: &mut Tx,
    account: AccountId,
    (before, patch, region): (&CallerId, CallerIdPatch, &str),
) -> Result<CallerId, StoreError> {
    let mut faults = Vec::new();
    let mut shown = [
        (
            "displayed_number",
            patch.displayed_number,
            before.displayed_number.clone(),
        ),
        (
            "emergency_number",
            patch.emergency_number,
            before.emergency_number.clone(),
        ),
    ];
    for (field, given, number) in &mut shown {
        if let Some(typed) = given.take() {
            match numbers::typed(field, typed, region) {
                Ok(typed) => *number = typed,
                Err(fault) => faults.push(fault),
            }
        }
    }
    StoreError::invalid(faults)?;
    let mut faults = Vec::new();
    for (field, _, number) in &shown {
        faults.extend(numbers::not_connected(tx, account, (*field, number.as_deref())).await?);
    }
    StoreError::invalid(faults)?;
    let [(_, _, displayed_number), (_, _, emergency_number)] = shown;
    Ok(CallerId {
        displayed_number,
        emergency_number,
        show_number_on_system_calls: patch
            .show_number_on_system_calls
            .unwrap_or(before.show_number_on_system_calls),
        hide_client_number: patch.hide_client_number.unwrap_or(before.hide_client_number),
        raise_card: patch.raise_card.unwrap_or(before.raise_card),
    })
}

pub(super) async fn set(tx: &mut Tx, staff: StaffId, to: &CallerId) -> Result<(), StoreError> {
    let values = args![
        staff,
        &to.displayed_number,
        to.show_number_on_system_calls,
        to.hide_client_number,
        to.raise_card,
        &to.emergency_number,
    ];
    tx.run(SET, values).await.map(drop)
}

/// Adds the settings to what the audit is told of a person.
pub(super) fn told_with(mut told: Value, caller_id: &CallerId) -> Value {
    if let (Some(all), Value::Object(more)) = (told.as_object_mut(), caller_id.told()) {
        all.extend(more);
    }
    told
}
