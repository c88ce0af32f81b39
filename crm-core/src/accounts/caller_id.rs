//! What an account's calls show, and how hidden clients are shown.

use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{AccountCallerId, ForwardedShows, HidingKey};

use crate::numbers::{self, e164};
use crate::store::{Arg, FieldError, Ids, StoreError, Tx, args};

/// Numbers are E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerId {
    /// What calls of the CRM and of widgets show; a connected one.
    pub single_number: Option<String>,
    /// What emergency calls show; a connected one.
    pub emergency_number: Option<String>,
    pub forwarded_shows: ForwardedShows,
    /// What a hidden client's number is shown as.
    pub stub_number: String,
    pub stub_dials_back: bool,
    pub hiding_key: HidingKey,
}

impl Default for CallerId {
    fn default() -> CallerId {
        CallerId {
            single_number: None,
            emergency_number: None,
            forwarded_shows: ForwardedShows::default(),
            stub_number: PhoneNumber::STUB.reveal(),
            stub_dials_back: true,
            hiding_key: HidingKey::default(),
        }
    }
}

/// As typed: an outer `None` stays, an inner one empties.
#[derive(Debug, Clone, Default)]
pub struct CallerIdPatch {
    pub single_number: Option<Option<String>>,
    pub emergency_number: Option<Option<String>>,
    /// `client`, `did` or `stub`.
    pub forwarded_shows: Option<String>,
    pub stub_number: Option<String>,
    pub stub_dials_back: Option<bool>,
}

impl CallerId {
    /// From `single_number` to `stub_dials_back`, as the statement wants them.
    pub(super) fn values(&self) -> Vec<Arg> {
        args![
            &self.single_number,
            &self.emergency_number,
            shows_name(self.forwarded_shows),
            &self.stub_number,
            self.stub_dials_back,
        ]
    }

    pub(crate) fn planned(&self) -> AccountCallerId {
        let number = |text: &Option<String>| text.as_deref().and_then(|text| PhoneNumber::from_e164(text).ok());
        AccountCallerId {
            single_number: number(&self.single_number),
            emergency_number: number(&self.emergency_number),
            forwarded: self.forwarded_shows,
            stub: PhoneNumber::from_e164(&self.stub_number).unwrap_or(PhoneNumber::STUB),
            stub_dials_back: self.stub_dials_back,
            key: self.hiding_key,
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    single_number: Option<String>,
    emergency_number: Option<String>,
    forwarded_shows: String,
    stub_number: String,
    stub_dials_back: bool,
    hiding_key: Option<String>,
}

impl Row {
    pub(super) fn read(self) -> Result<CallerId, StoreError> {
        let shows = shows_named(&self.forwarded_shows);
        let mut key = [0; 16];
        if let Some(text) = &self.hiding_key {
            hex::decode_to_slice(text, &mut key).map_err(|_| StoreError::Corrupt("hiding key".to_owned()))?;
        }
        Ok(CallerId {
            single_number: self.single_number,
            emergency_number: self.emergency_number,
            forwarded_shows: shows
                .ok_or_else(|| StoreError::Corrupt(format!("what forwarded calls show: {}", self.forwarded_shows)))?,
            stub_number: self.stub_number,
            stub_dials_back: self.stub_dials_back,
            hiding_key: HidingKey(key),
        })
    }
}

pub fn shows_name(shows: ForwardedShows) -> &'static str {
    match shows {
        ForwardedShows::Client => "client",
        ForwardedShows::Did => "did",
        ForwardedShows::Stub => "stub",
    }
}

fn shows_named(name: &str) -> Option<ForwardedShows> {
    match name {
        "client" => Some(ForwardedShows::Client),
        "did" => Some(ForwardedShows::Did),
        "stub" => Some(ForwardedShows::Stub),
        _ => None,
    }
}

pub(super) fn fresh_key(ids: &mut Ids) -> String {
    hex::encode(ids.random().to_be_bytes())
}

pub(super) fn patched(after: &mut CallerId, patch: CallerIdPatch, region: &str, faults: &mut Vec<FieldError>) {
    let numbers = [
        ("single_number", patch.single_number, &mut after.single_number),
        ("emergency_number", patch.emergency_number, &mut after.emergency_number),
    ];
    for (field, given, place) in numbers {
        let Some(given) = given else { continue };
        match numbers::typed(field, given, region) {
            Ok(number) => *place = number,
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(typed) = patch.stub_number {
        match e164("stub_number", typed.trim(), region) {
            Ok(number) => after.stub_number = number,
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(name) = patch.forwarded_shows {
        match shows_named(&name) {
            Some(shows) => after.forwarded_shows = shows,
            None => faults.push(FieldError::new(
                "forwarded_shows",
                "invalid",
                "`client`, `did` or `stub`",
            )),
        }
    }
    after.stub_dials_back = patch.stub_dials_back.unwrap_or(after.stub_dials_back);
}

/// Only connected numbers are shown (L38).
pub(super) async fn connected(tx: &mut Tx, account: AccountId, after: &CallerId) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    for (field, number) in [
        ("single_number", &after.single_number),
        ("emergency_number", &after.emergency_number),
    ] {
        faults.extend(numbers::not_connected(tx, account, (field, number.as_deref())).await?);
    }
    StoreError::invalid(faults)
}
