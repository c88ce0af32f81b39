//! The dial plan, read from the database: whole, or the section that a change has touched.

use std::sync::Arc;

use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{
    AccountSection, ClientSection, DepartmentSection, DialPlan, FeatureSection, MailboxSection, PlanAccount,
    PlanClient, PlanStaff, RouteSection, StaffSection, Term,
};

use crate::sip_accounts::SipRow;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, StoreError, args};
use crate::{
    accounts, departments, emergency, features, forwardings, mailboxes, menus, numbers, reception, routes, staff,
    trunks,
};

const STAFF: &str = "SELECT s.id, s.account_id, s.surname, s.given_name, s.patronymic, s.short_number, s.phone, \
    s.displayed_number, s.show_number_on_system_calls, s.hide_client_number, s.raise_card, s.emergency_number, \
    s.access_until, p.id AS sip_id, p.sip_user, p.ha1_md5, p.ha1_sha256, p.enabled FROM staff s \
    LEFT JOIN sip_accounts p ON p.staff_id = s.id WHERE s.deleted_at IS NULL ORDER BY s.id";
macro_rules! clients {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, p.account_id, p.number, c.name, c.vip, c.manager_id FROM client_phones p \
             JOIN clients c ON c.id = p.client_id",
            $rest
        )
    };
}
const CLIENTS: &str = clients!("");
const CLIENT: &str = clients!(" WHERE p.account_id = $1 AND p.number = $2");

pub(crate) const ALL: &[&str] = &[STAFF, CLIENTS, CLIENT];

#[derive(sqlx::FromRow)]
struct StaffRow {
    id: String,
    account_id: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    short_number: Option<String>,
    phone: Option<String>,
    access_until: Option<i64>,
    #[sqlx(flatten)]
    caller_id: staff::CallerId,
    #[sqlx(flatten)]
    sip: SipRow,
}

#[derive(sqlx::FromRow)]
struct ClientRow {
    id: String,
    account_id: String,
    number: String,
    name: String,
    vip: bool,
    manager_id: Option<String>,
}

pub async fn full(db: &Db) -> Result<DialPlan, StoreError> {
    let mut plan = DialPlan {
        accounts: Arc::new(account_section(db).await?),
        ..DialPlan::default()
    };
    refresh_staff(db, &mut plan).await?;
    refresh_clients(db, &mut plan).await?;
    refresh_features(db, &mut plan).await?;
    refresh_routes(db, &mut plan).await?;
    Ok(plan)
}

/// People and the departments they are in, lines and the numbers that reach them.
pub async fn refresh_staff(db: &Db, plan: &mut DialPlan) -> Result<(), StoreError> {
    plan.staff = Arc::new(staff_section(db).await?);
    plan.departments = Arc::new(department_section(db).await?);
    plan.menus = Arc::new(menus::section(db).await?);
    plan.numbers = Arc::new(numbers::section(db).await?);
    plan.mailboxes = Arc::new(MailboxSection::new(mailboxes::planned(db).await?));
    refresh_reception(db, plan).await
}

/// Who takes calls, of which projects and when.
pub async fn refresh_reception(db: &Db, plan: &mut DialPlan) -> Result<(), StoreError> {
    plan.reception = Arc::new(reception::section(db).await?);
    Ok(())
}

pub async fn refresh_clients(db: &Db, plan: &mut DialPlan) -> Result<(), StoreError> {
    plan.clients = Arc::new(clients_section(db).await?);
    Ok(())
}

/// What people and accounts have set for their phones.
pub async fn refresh_features(db: &Db, plan: &mut DialPlan) -> Result<(), StoreError> {
    let (accounts, people) = (features::section(db).await?, forwardings::section(db).await?);
    plan.features = Arc::new(FeatureSection::new(accounts, people));
    Ok(())
}

/// By which lines calls go outside, and emergency numbers.
pub async fn refresh_routes(db: &Db, plan: &mut DialPlan) -> Result<(), StoreError> {
    plan.routes = Arc::new(RouteSection::new(
        routes::planned(db).await?,
        emergency::planned(db).await?,
    ));
    Ok(())
}

async fn account_section(db: &Db) -> Result<AccountSection, StoreError> {
    let accounts = accounts::list(db).await?.into_iter().map(|account| PlanAccount {
        id: account.id,
        number: account.number,
        name: account.name.into(),
        realm: account.realm.into(),
        recording: account.recording,
        region: account.region.into(),
        caller_id: account.caller_id.planned(),
    });
    Ok(AccountSection::new(accounts.collect()))
}

pub async fn staff_section(db: &Db) -> Result<StaffSection, StoreError> {
    let staff: Vec<StaffRow> = db.all(STAFF, args![]).await?;
    let staff = staff.into_iter().map(read_staff).collect::<Result<_, _>>()?;
    Ok(StaffSection::new(staff, trunks::planned(db).await?))
}

async fn department_section(db: &Db) -> Result<DepartmentSection, StoreError> {
    Ok(DepartmentSection::new(departments::planned(db).await?))
}

pub async fn clients_section(db: &Db) -> Result<ClientSection, StoreError> {
    let rows: Vec<ClientRow> = db.all(CLIENTS, args![]).await?;
    let mut clients = Vec::with_capacity(rows.len());
    for row in rows {
        clients.extend(read_client(row)?);
    }
    Ok(ClientSection::new(clients))
}

/// Whom a number finds now; the rest of the section stays as it is.
pub async fn refresh_client(
    db: &Db,
    plan: &mut DialPlan,
    account: AccountId,
    number: PhoneNumber,
) -> Result<(), StoreError> {
    let row: Option<ClientRow> = db.one(CLIENT, args![account, number]).await?;
    let client = row.map(read_client).transpose()?.flatten();
    plan.clients = Arc::new(plan.clients.with(account, number, client));
    Ok(())
}

/// A number that cannot ring can name nobody.
fn read_client(row: ClientRow) -> Result<Option<PlanClient>, StoreError> {
    let Ok(number) = PhoneNumber::from_e164(&row.number) else {
        return Ok(None);
    };
    Ok(Some(PlanClient {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        number,
        name: row.name.into(),
        vip: row.vip,
        manager: maybe_id(&row.manager_id)?,
    }))
}

fn read_staff(row: StaffRow) -> Result<PlanStaff, StoreError> {
    let name = [row.surname, row.given_name, row.patronymic]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    Ok(PlanStaff {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        name: name.into(),
        short_number: row.short_number.and_then(|short| ShortNumber::read(&short).ok()),
        phone: row.phone.and_then(|phone| PhoneNumber::from_e164(&phone).ok()),
        sip: row.sip.read()?,
        caller_id: row.caller_id.planned(),
        term: row.access_until.map_or(Term::Lasting, Term::Until),
    })
}
