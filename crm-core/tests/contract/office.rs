//! An account with its main staff member in an empty database, and a clock that stands still.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::audit::{self, Actor, AuditQuery, AuditRow, Author};
use frontdesk_crm_core::clients::{self, Client, NewClient};
use frontdesk_crm_core::logins::{self, From, Lifetime, Opened};
use frontdesk_crm_core::setup::{self, Beginning, FirstStart};
use frontdesk_crm_core::staff::{self, NewStaff, StaffMember};
use frontdesk_crm_core::store::{Db, Page, Stamp, StoreError};
use frontdesk_crm_core::testing::{self, Scratch};

/// 2026-11-18 11:06:40 UTC.
pub(crate) const NOON: i64 = 1_795_000_000_000;
pub(crate) const HOURS: i64 = 3_600_000;
pub(crate) const LIFETIME: Lifetime = Lifetime {
    idle_ms: 12 * HOURS,
    longest_ms: 7 * 24 * HOURS,
};

pub(crate) struct Office {
    pub(crate) db: Db,
    pub(crate) first: FirstStart,
    pub(crate) url: String,
    now: AtomicI64,
    stamps: AtomicU64,
}

pub(crate) async fn on_sqlite<F: Future<Output = ()>>(test: impl Fn(&'static Office) -> F) {
    run(testing::sqlite().await.unwrap(), test).await;
}

pub(crate) async fn on_postgres<F: Future<Output = ()>>(test: impl Fn(&'static Office) -> F) {
    if let Some(scratch) = testing::postgres().await.unwrap() {
        run(scratch, test).await;
    }
}

async fn run<F: Future<Output = ()>>(scratch: Scratch, test: impl Fn(&'static Office) -> F) {
    let stamp = Stamp {
        unix_ms: NOON,
        random: 1,
    };
    let first = setup::first_start(&scratch.db, stamp, Beginning::default())
        .await
        .unwrap()
        .unwrap();
    let office = Office {
        db: scratch.db.clone(),
        first,
        url: scratch.url.clone(),
        now: AtomicI64::new(NOON),
        stamps: AtomicU64::new(2),
    };
    test(Box::leak(Box::new(office))).await;
    scratch.close().await.unwrap();
}

impl Office {
    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    pub(crate) fn later(&self, ms: i64) -> i64 {
        self.now.fetch_add(ms, Ordering::SeqCst) + ms
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            unix_ms: self.now(),
            random: u128::from(self.stamps.fetch_add(1, Ordering::SeqCst)),
        }
    }

    pub(crate) fn author(&self) -> Author {
        Author {
            account: self.first.account,
            actor: Actor {
                staff: Some(self.first.staff),
                name: "Main".into(),
                ip: Some("192.0.2.7".into()),
            },
            login: None,
            stamp: self.stamp(),
        }
    }

    pub(crate) async fn hire(&self, new: NewStaff) -> Result<StaffMember, StoreError> {
        staff::create(&self.db, &self.author(), new).await
    }

    /// Somebody with a login `ivan`, a role and a password.
    pub(crate) async fn ivan(&self) -> StaffMember {
        let new = NewStaff {
            given_name: Some("Ivan".into()),
            short_number: Some("101".into()),
            login: Some("ivan".into()),
            password: Some("correct horse".into()),
            role: Some("employee".into()),
            ..NewStaff::default()
        };
        self.hire(new).await.unwrap()
    }

    pub(crate) async fn member(&self, of: &StaffMember) -> StaffMember {
        staff::get(&self.db, self.first.account, of.id, self.now())
            .await
            .unwrap()
    }

    /// All that is the company's.
    pub(crate) fn whole(&self) -> Scope {
        Scope::whole(self.first.account)
    }

    /// `19079_ivan` in this account's number.
    pub(crate) fn login(&self, login: &str) -> String {
        format!("{}_{login}", self.first.account_number)
    }

    pub(crate) async fn enters(&self, login: &str, password: &str) -> bool {
        logins::authenticate(&self.db, login, password.to_owned(), self.now())
            .await
            .unwrap()
            .is_some()
    }

    pub(crate) async fn session(&self, login: &str, password: &str) -> Opened {
        self.session_in(From::default(), login, password).await
    }

    /// The same at some browser.
    pub(crate) async fn session_in(&self, from: From, login: &str, password: &str) -> Opened {
        let known = logins::authenticate(&self.db, login, password.to_owned(), self.now())
            .await
            .unwrap()
            .unwrap();
        logins::open(&self.db, &known, from, LIFETIME, self.stamp())
            .await
            .unwrap()
    }

    pub(crate) async fn alive(&self, session: &Opened) -> bool {
        logins::find_by_token(&self.db, &session.token, self.now())
            .await
            .unwrap()
            .is_some()
    }

    pub(crate) async fn client(&self, number: &str, name: &str) -> Result<Client, StoreError> {
        let new = NewClient {
            number: Some(number.into()),
            name: Some(name.into()),
            ..NewClient::default()
        };
        clients::create(&self.db, &self.author(), new).await
    }

    /// A statement past the stores; how many rows it changed.
    pub(crate) async fn raw(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        if self.url.starts_with("postgres") {
            let pool = sqlx::PgPool::connect(&self.url).await?;
            let done = sqlx::query(sql).execute(&pool).await;
            pool.close().await;
            return Ok(done?.rows_affected());
        }
        let pool = sqlx::SqlitePool::connect(&self.url).await?;
        let done = sqlx::query(sql).execute(&pool).await;
        pool.close().await;
        Ok(done?.rows_affected())
    }

    /// The newest deeds, newest first.
    pub(crate) async fn audit(&self, limit: u32) -> Vec<AuditRow> {
        let page = Page {
            limit,
            ..Page::default()
        };
        audit::list(&self.db, self.first.account, &AuditQuery::default(), &page)
            .await
            .unwrap()
            .items
    }
}

pub(crate) fn page(limit: u32) -> Page {
    Page {
        limit,
        ..Page::default()
    }
}

/// `invalid phone invalid, email required` and the like, for whatever a store says.
pub(crate) fn refusal<T>(result: Result<T, StoreError>) -> String {
    let fields = |kind: &str, faults: Vec<frontdesk_crm_core::store::FieldError>| {
        let faults: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} {}", fault.field, fault.code))
            .collect();
        format!("{kind}: {}", faults.join(", "))
    };
    match result {
        Ok(_) => "done".into(),
        Err(StoreError::Invalid(faults)) => fields("invalid", faults),
        Err(StoreError::Taken(faults)) => fields("taken", faults),
        Err(StoreError::Refused { code, .. }) => format!("refused: {code}"),
        Err(StoreError::InUse(_)) => "in use".into(),
        Err(StoreError::NotFound) => "not found".into(),
        Err(StoreError::Gone) => "gone".into(),
        Err(StoreError::Stale) => "stale".into(),
        Err(error @ (StoreError::Database(_) | StoreError::Migration(_) | StoreError::Corrupt(_))) => error.to_string(),
    }
}
