//! The sample company as rows of the database.

use std::collections::BTreeMap;

use anyhow::Context;
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::clients::{self, NewClient};
use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch};
use frontdesk_crm_core::setup::{self, Beginning, FirstStart};
use frontdesk_crm_core::sip_accounts::{self, SipData};
use frontdesk_crm_core::staff::{self, NewStaff, StaffPatch};
use frontdesk_crm_core::store::{Db, Stamp};
use frontdesk_crm_core::trunks::{self, TrunkPatch};
use frontdesk_routing::ids::{AccountId, StaffId};

use super::company::{CUSTOMERS, Customer, GROUPS, PROVIDER, Person, PhoneState, STAFF};
use crate::shell::clock;

/// What the sample company's phones need.
pub(super) struct Company {
    pub(super) first: FirstStart,
    pub(super) phones: Vec<StaffPhone>,
    pub(super) provider: SipData,
}

/// A phone that is switched on.
pub(super) struct StaffPhone {
    pub(super) short_number: &'static str,
    pub(super) name: String,
    pub(super) pitch: u16,
    pub(super) sip: SipData,
}

/// Makes the company in an empty database.
pub(super) async fn fill(db: &Db, realm: &str) -> anyhow::Result<Company> {
    let beginning = Beginning {
        name: "ООО «Ромашка»".to_owned(),
        realm: realm.to_owned(),
        ..Beginning::default()
    };
    let first = setup::first_start(db, stamp(), beginning).await?;
    let first =
        first.context("the data folder holds a company already; the demonstration makes its own in an empty one")?;
    name_main(db, &first).await?;
    let mut ids = BTreeMap::new();
    let mut phones = Vec::new();
    for person in STAFF {
        let (id, phone) = hire(db, first.account, person).await.context(person.surname)?;
        ids.insert(person.short_number, id);
        phones.extend(phone);
    }
    for group in GROUPS {
        let members = group
            .members
            .iter()
            .filter_map(|short| ids.get(short).copied().map(MemberPatch::new))
            .collect();
        let new = DepartmentPatch {
            name: Some(group.name.to_owned()),
            short_number: Some(group.short_number.to_owned()),
            members: Some(members),
            ..DepartmentPatch::default()
        };
        departments::create(db, &author(first.account), new).await?;
    }
    for customer in CUSTOMERS {
        clients::create(db, &author(first.account), client(customer))
            .await
            .context(customer.name)?;
    }
    let line = TrunkPatch {
        name: Some(PROVIDER.to_owned()),
        ..TrunkPatch::default()
    };
    let (_, provider) = trunks::create(db, &author(first.account), line, true).await?;
    let provider = provider.context("the provider's line has no SIP data")?;
    Ok(Company {
        first,
        phones,
        provider,
    })
}

async fn name_main(db: &Db, first: &FirstStart) -> anyhow::Result<()> {
    let patch = StaffPatch {
        surname: Some(Some("Демидова".to_owned())),
        given_name: Some(Some("Ольга".to_owned())),
        patronymic: Some(Some("Игоревна".to_owned())),
        position: Some(Some("Директор".to_owned())),
        ..StaffPatch::default()
    };
    staff::update(db, &author(first.account), first.staff, patch, None).await?;
    Ok(())
}

async fn hire(db: &Db, account: AccountId, person: &Person) -> anyhow::Result<(StaffId, Option<StaffPhone>)> {
    let new = NewStaff {
        surname: some(person.surname),
        given_name: some(person.given_name),
        patronymic: some(person.patronymic),
        position: some(person.position),
        short_number: some(person.short_number),
        ..NewStaff::default()
    };
    let member = staff::create(db, &author(account), new).await?;
    if person.phone == PhoneState::NotCreated {
        return Ok((member.id, None));
    }
    let sip = sip_accounts::generate(db, &author(account), member.id).await?;
    let phone = match person.phone {
        PhoneState::Speaks(pitch) => Some(StaffPhone {
            short_number: person.short_number,
            name: member.name(),
            pitch,
            sip,
        }),
        PhoneState::Off | PhoneState::NotCreated => None,
    };
    Ok((member.id, phone))
}

fn client(customer: &Customer) -> NewClient {
    NewClient {
        number: some(customer.number),
        other_numbers: Vec::new(),
        name: some(customer.name),
        company: some(customer.company),
        position: some(customer.position),
        manager: None,
        vip: customer.vip,
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn author(account: AccountId) -> Author {
    Author {
        account,
        actor: Actor::program(),
        login: None,
        stamp: stamp(),
    }
}

fn stamp() -> Stamp {
    Stamp {
        unix_ms: clock::unix_ms(),
        random: clock::random_u128(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_sample_company_keeps_every_rule_of_the_office() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("demo.db").to_str().unwrap()).await.unwrap();
        let company = fill(&db, "demo").await.unwrap();
        assert_eq!(company.phones.len(), 6);
        assert_eq!(
            departments::list(&db, company.first.account).await.unwrap().len(),
            GROUPS.len()
        );
        assert!(fill(&db, "demo").await.is_err(), "a company that exists is left alone");
    }
}
