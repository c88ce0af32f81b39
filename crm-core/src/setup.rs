//! The first start: one account, its main staff member, a first SIP account. Nothing has a default password.

use frontdesk_routing::ids::{AccountId, StaffId};
use serde_json::json;

use crate::access::Role;
use crate::accounts::{self, Account, CallerId, RecordingPolicy};
use crate::audit::{self, Actor, Deed};
use crate::logins;
use crate::projects;
use crate::sip_accounts::{self, SipData};
use crate::staff;
use crate::staff::rules::Checked;
use crate::store::{Db, FieldError, Ids, Stamp, StoreError};

/// What is printed once.
#[derive(Clone)]
pub struct FirstStart {
    pub account: AccountId,
    pub account_number: i64,
    pub staff: StaffId,
    pub login: String,
    pub password: String,
    pub sip: SipData,
}

/// What an installation begins with.
#[derive(Debug, Clone)]
pub struct Beginning {
    pub name: String,
    /// Where national numbers belong, as two letters.
    pub region: String,
    pub time_zone: String,
    pub realm: String,
}

impl Default for Beginning {
    fn default() -> Self {
        Beginning {
            name: "My company".into(),
            region: "RU".into(),
            time_zone: "Europe/Moscow".into(),
            realm: "frontdesk".into(),
        }
    }
}

impl Beginning {
    fn checked(mut self) -> Result<Beginning, StoreError> {
        let mut faults = Vec::new();
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() || self.name.chars().count() > 200 {
            faults.push(FieldError::new(
                "name",
                "invalid",
                "a company has a name of 200 characters at most",
            ));
        }
        self.region = self.region.to_ascii_uppercase();
        if self.region.parse::<phonenumber::country::Id>().is_err() {
            faults.push(FieldError::new(
                "region",
                "invalid",
                "two letters of a country, as in RU",
            ));
        }
        if !accounts::is_zone(&self.time_zone) {
            faults.push(FieldError::new(
                "time_zone",
                "invalid",
                "not a time zone, as in Europe/Moscow",
            ));
        }
        StoreError::invalid(faults)?;
        Ok(self)
    }
}

/// To draw a number that no account has.
const TRIES: usize = 1000;
const MAIN_LOGIN: &str = "main";
const MAIN_SHORT_NUMBER: &str = "100";

/// `None` when there is an account already.
pub async fn first_start(db: &Db, stamp: Stamp, beginning: Beginning) -> Result<Option<FirstStart>, StoreError> {
    if !accounts::list(db).await?.is_empty() {
        return Ok(None);
    }
    another(db, stamp, beginning).await.map(Some)
}

/// One more company in this installation, all of it or nothing.
pub async fn another(db: &Db, stamp: Stamp, beginning: Beginning) -> Result<FirstStart, StoreError> {
    let beginning = beginning.checked()?;
    let mut ids = stamp.ids();
    let password = ids.secret(16);
    let hash = logins::hash(password.clone(), ids.random()).await?;
    let account = Account {
        id: AccountId::new(ids.now, ids.random()),
        number: free_number(db, &mut ids).await?,
        name: beginning.name,
        region: beginning.region,
        time_zone: beginning.time_zone,
        realm: beginning.realm,
        recording: RecordingPolicy::Always,
        caller_id: CallerId::default(),
        open_when_unknown: false,
        unknown_callers: accounts::UnknownCallers::default(),
        two_factor_required: false,
        version: 1,
    };
    let staff = StaffId::new(ids.now, ids.random());
    let mut tx = db.begin().await?;
    accounts::create(&mut tx, &mut ids, &account).await?;
    let main = Checked {
        given_name: Some("Main".to_owned()),
        short_number: Some(MAIN_SHORT_NUMBER.to_owned()),
        login: Some(MAIN_LOGIN.to_owned()),
        role: Some(Role::Main),
        ..Checked::default()
    };
    let row = main.into_row();
    staff::insert(&mut tx, &ids, (account.id, staff, true), row, Some(hash)).await?;
    projects::enter(&mut tx, staff, projects::first_of(account.id)).await?;
    let actor = Actor::program();
    let sip = sip_accounts::first(&mut tx, &mut ids, (account.id, staff), &actor).await?;
    let deed = Deed {
        account: account.id,
        action: "account.created",
        entity: "account",
        entity_id: account.id.to_string(),
        before: None,
        after: Some(json!({ "number": account.number, "name": account.name })),
        actor: &actor,
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    let login = format!("{}_{MAIN_LOGIN}", account.number);
    Ok(FirstStart {
        account: account.id,
        account_number: account.number,
        staff,
        login,
        password,
        sip,
    })
}

/// A number that no account has.
async fn free_number(db: &Db, ids: &mut Ids) -> Result<i64, StoreError> {
    for _ in 0..TRIES {
        let number = i64::try_from(ids.digits(5)).unwrap_or(10_000);
        match accounts::by_number(db, number).await {
            Ok(_) => {}
            Err(StoreError::NotFound) => return Ok(number),
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Refused {
        code: "full",
        detail: "there are too many accounts here to find a free number",
    })
}
