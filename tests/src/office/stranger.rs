//! Another company of the same installation.

use frontdesk::http::Clock;
use frontdesk_crm_core::accounts;
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::clients::{self, NewClient};
use frontdesk_crm_core::deals::{self, NewDeal};
use frontdesk_crm_core::departments::{self, DepartmentPatch};
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::numbers::{self, NumberPatch};
use frontdesk_crm_core::projects::{self, first_of};
use frontdesk_crm_core::schedules::{self, SchedulePatch};
use frontdesk_crm_core::staff::{self, NewStaff};
use frontdesk_crm_core::store::Stamp;
use frontdesk_routing::ids::AccountId;

use super::{Caller, NOON, Office, other_company};

/// Of the company that `Office::second_company` opens.
pub const SECOND_NUMBER: i64 = 98_989;

/// Ids of its records.
pub struct Stranger {
    pub staff: String,
    pub first_project: String,
    pub project: String,
    pub schedule: String,
    pub department: String,
    pub number: String,
    pub client: String,
    pub deal: String,
}

impl Office {
    /// A company that shares the installation, and the session of its administrator.
    pub async fn second_company(&self) -> (AccountId, Caller) {
        let stamp = || Stamp {
            unix_ms: NOON,
            random: self.clock.random(),
        };
        let mut ids = stamp().ids();
        let account = other_company(AccountId::new(NOON, ids.random()), SECOND_NUMBER);
        let mut tx = self.db.begin().await.unwrap();
        accounts::create(&mut tx, &mut ids, &account).await.unwrap();
        tx.commit().await.unwrap();
        let author = Author {
            account: account.id,
            actor: Actor::program(),
            login: None,
            stamp: stamp(),
        };
        let (login, password) = ("chief", "correct horse battery");
        let new = NewStaff {
            given_name: Some("Chief".into()),
            short_number: Some("199".into()),
            login: Some(login.into()),
            password: Some(password.into()),
            role: Some("admin".into()),
            ..NewStaff::default()
        };
        staff::create(&self.db, &author, new).await.unwrap();
        let login = format!("{SECOND_NUMBER}_{login}");
        (account.id, self.log_in(&login, password).await)
    }

    /// A company with one of everything.
    pub async fn another_company(&self) -> Stranger {
        let stamp = || Stamp {
            unix_ms: NOON,
            random: self.clock.random(),
        };
        let mut ids = stamp().ids();
        let account = other_company(AccountId::new(NOON, ids.random()), 99_998);
        let mut tx = self.db.begin().await.unwrap();
        accounts::create(&mut tx, &mut ids, &account).await.unwrap();
        tx.commit().await.unwrap();
        let author = || Author {
            account: account.id,
            actor: Actor::program(),
            login: None,
            stamp: stamp(),
        };
        let new = NewStaff {
            given_name: Some("Чужой".into()),
            ..NewStaff::default()
        };
        let staff = staff::create(&self.db, &author(), new).await.unwrap();
        let project = projects::create(&self.db, &author(), "Theirs").await.unwrap();
        let patch = SchedulePatch {
            name: Some("Theirs".into()),
            ..SchedulePatch::default()
        };
        let schedule = schedules::create(&self.db, &author(), patch).await.unwrap();
        let new = DepartmentPatch {
            name: Some("Theirs".into()),
            short_number: Some("200".into()),
            ..DepartmentPatch::default()
        };
        let department = departments::create(&self.db, &author(), new).await.unwrap();
        let patch = NumberPatch {
            number: Some("+74951119999".into()),
            to: DestinationPatch::staff(staff.id),
            ..NumberPatch::default()
        };
        let number = numbers::create(&self.db, &author(), patch).await.unwrap();
        let new = NewClient {
            number: Some("+79169990001".into()),
            name: Some("Theirs".into()),
            ..NewClient::default()
        };
        let client = clients::create(&self.db, &author(), new).await.unwrap();
        let new = NewDeal {
            client: Some(client.id.to_string()),
            title: Some("Theirs".into()),
            ..NewDeal::default()
        };
        let deal = deals::create(&self.db, &author(), &new, first_of(account.id))
            .await
            .unwrap();
        Stranger {
            staff: staff.id.to_string(),
            first_project: first_of(account.id).to_string(),
            project: project.id.to_string(),
            schedule: schedule.id.to_string(),
            department: department.plan.id.to_string(),
            number: number.id.to_string(),
            client: client.id.to_string(),
            deal: deal.id.to_string(),
        }
    }
}
