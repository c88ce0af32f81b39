//! What a person's calls show, and whether clients' numbers are hidden from them.

use frontdesk_routing::ids::{AccountId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::StaffCallerId;
use serde_json::{Value, json};

use crate::numbers;
use crate::store::{FieldError, StoreError, Tx, args};

const SET: &str = "UPDATE staff SET displayed_number = $2, show_number_on_system_calls = $3, hide_client_number = $4, \
    raise_card = $5 WHERE id = $1";

pub(crate) const ALL: &[&str] = &[SET];

#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct CallerId {
    /// E.164, a connected one: what their calls show.
    pub displayed_number: Option<String>,
    /// The CRM's calls for them show it too, instead of the account's single number.
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
    pub show_number_on_system_calls: Option<bool>,
    pub hide_client_number: Option<bool>,
    pub raise_card: Option<bool>,
}

impl CallerId {
    pub(super) fn told(&self) -> Value {
        json!({
            "displayed_number": self.displayed_number,
            "show_number_on_system_calls": self.show_number_on_system_calls,
            "hide_client_number": self.hide_client_number,
            "raise_card": self.raise_card,
        })
    }

    pub(crate) fn planned(&self) -> StaffCallerId {
        let displayed = self.displayed_number.as_deref();
        StaffCallerId {
            displayed_number: displayed.and_then(|number| PhoneNumber::from_e164(number).ok()),
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
    let displayed_number = match patch.displayed_number {
        Some(typed) => numbers::typed("displayed_number", typed, region).map_err(invalid)?,
        None => before.displayed_number.clone(),
    };
    let fault = numbers::not_connected(tx, account, ("displayed_number", displayed_number.as_deref())).await?;
    StoreError::invalid(fault.into_iter().collect())?;
    Ok(CallerId {
        displayed_number,
        show_number_on_system_calls: patch
            .show_number_on_system_calls
            .unwrap_or(before.show_number_on_system_calls),
        hide_client_number: patch.hide_client_number.unwrap_or(before.hide_client_number),
        raise_card: patch.raise_card.unwrap_or(before.raise_card),
    })
}

fn invalid(fault: FieldError) -> StoreError {
    StoreError::Invalid(vec![fault])
}

pub(super) async fn set(tx: &mut Tx, staff: StaffId, to: &CallerId) -> Result<(), StoreError> {
    let values = args![
        staff,
        &to.displayed_number,
        to.show_number_on_system_calls,
        to.hide_client_number,
        to.raise_card,
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
