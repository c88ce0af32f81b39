//! The dial plan, read from the database: whole, or the section that a change has touched.

use std::sync::Arc;

use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{
    AccountSection, ClientSection, DepartmentSection, DialPlan, FeatureSection, PlanAccount, PlanClient,
    PlanDepartment, PlanSip, PlanStaff, PlanTrunk, StaffSection,
};

use crate::store::text::id;
use crate::store::{Db, StoreError, args};
use crate::trunks::columns;
use crate::{accounts, departments, features, forwardings, numbers, trunks};

const STAFF: &str = "SELECT s.id, s.account_id, s.surname, s.given_name, s.patronymic, s.short_number, s.phone, \
    p.id AS sip_id, p.sip_user, p.ha1_md5, p.ha1_sha256, p.enabled FROM staff s \
    LEFT JOIN sip_accounts p ON p.staff_id = s.id WHERE s.deleted_at IS NULL ORDER BY s.id";
const TRUNKS: &str = concat!(
    "SELECT t.id, t.account_id, p.id AS sip_id, p.sip_user, p.ha1_md5, p.ha1_sha256, p.enabled, ",
    columns!(),
    " FROM trunks t LEFT JOIN sip_accounts p ON p.trunk_id = t.id ORDER BY t.id"
);
const CLIENTS: &str = "SELECT id, account_id, number, name, vip FROM clients WHERE deleted_at IS NULL";

pub(crate) const ALL: &[&str] = &[STAFF, TRUNKS, CLIENTS];

#[derive(sqlx::FromRow)]
struct StaffRow {
    id: String,
    account_id: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    short_number: Option<String>,
    phone: Option<String>,
    #[sqlx(flatten)]
    sip: SipRow,
}

#[derive(sqlx::FromRow)]
struct TrunkRow {
    id: String,
    account_id: String,
    #[sqlx(flatten)]
    sip: SipRow,
    #[sqlx(flatten)]
    settings: trunks::Row,
}

/// Of somebody who may have none.
#[derive(sqlx::FromRow)]
struct SipRow {
    sip_id: Option<String>,
    sip_user: Option<String>,
    ha1_md5: Option<String>,
    ha1_sha256: Option<String>,
    enabled: Option<bool>,
}

#[derive(sqlx::FromRow)]
struct ClientRow {
    id: String,
    account_id: String,
    number: String,
    name: String,
    vip: bool,
}

pub async fn full(db: &Db) -> Result<DialPlan, StoreError> {
    let mut plan = DialPlan {
        accounts: Arc::new(account_section(db).await?),
        ..DialPlan::default()
    };
    refresh_staff(db, &mut plan).await?;
    refresh_clients(db, &mut plan).await?;
    refresh_features(db, &mut plan).await?;
    Ok(plan)
}

/// People and the departments they are in, lines and the numbers that reach them.
pub async fn refresh_staff(db: &Db, plan: &mut DialPlan) -> Result<(), StoreError> {
    plan.staff = Arc::new(staff_section(db).await?);
    plan.departments = Arc::new(department_section(db).await?);
    plan.numbers = Arc::new(numbers::section(db).await?);
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

async fn account_section(db: &Db) -> Result<AccountSection, StoreError> {
    let accounts = accounts::list(db).await?.into_iter().map(|account| PlanAccount {
        id: account.id,
        number: account.number,
        name: account.name.into(),
        realm: account.realm.into(),
        recording: account.recording,
        region: account.region.into(),
    });
    Ok(AccountSection::new(accounts.collect()))
}

pub async fn staff_section(db: &Db) -> Result<StaffSection, StoreError> {
    let staff: Vec<StaffRow> = db.all(STAFF, args![]).await?;
    let trunks: Vec<TrunkRow> = db.all(TRUNKS, args![]).await?;
    let staff = staff.into_iter().map(read_staff).collect::<Result<_, _>>()?;
    let trunks = trunks.into_iter().filter_map(read_or_leave_out).collect();
    Ok(StaffSection::new(staff, trunks))
}

async fn department_section(db: &Db) -> Result<DepartmentSection, StoreError> {
    let mut all = Vec::new();
    for account in accounts::list(db).await? {
        for department in departments::list(db, account.id).await? {
            let Ok(short_number) = ShortNumber::read(&department.short_number) else {
                continue;
            };
            let (name, members) = (department.name.into(), department.members);
            all.push(PlanDepartment {
                id: department.id,
                account: account.id,
                name,
                short_number,
                members,
            });
        }
    }
    Ok(DepartmentSection::new(all))
}

pub async fn clients_section(db: &Db) -> Result<ClientSection, StoreError> {
    let rows: Vec<ClientRow> = db.all(CLIENTS, args![]).await?;
    let mut clients = Vec::with_capacity(rows.len());
    for row in rows {
        // a number that cannot ring can name nobody
        let Ok(number) = PhoneNumber::from_e164(&row.number) else {
            continue;
        };
        let (client, account) = (id(&row.id)?, id(&row.account_id)?);
        clients.push(PlanClient {
            id: client,
            account,
            number,
            name: row.name.into(),
            vip: row.vip,
        });
    }
    Ok(ClientSection::new(clients))
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
        sip: read_sip(row.sip)?,
    })
}

/// One line that cannot be read must not take everybody's plan away.
fn read_or_leave_out(row: TrunkRow) -> Option<PlanTrunk> {
    read_trunk(row)
        .inspect_err(|error| tracing::error!(%error, "a provider's line is left out"))
        .ok()
}

fn read_trunk(row: TrunkRow) -> Result<PlanTrunk, StoreError> {
    let settings = row.settings.read()?;
    Ok(PlanTrunk {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        name: settings.name.into(),
        sip: read_sip(row.sip)?,
        provider: Some(settings.provider).filter(|provider| !provider.servers.is_empty()),
        sources: settings.sources,
        limits: settings.limits,
        codecs: settings.codecs,
        numbers_in: settings.numbers_in,
        numbers_out: settings.numbers_out,
        identity: settings.identity,
        redirection: settings.redirection,
        privacy: settings.privacy,
        shown_number: settings.shown_number,
        prefixes: settings.prefixes,
        place: settings.place,
    })
}

fn read_sip(row: SipRow) -> Result<Option<PlanSip>, StoreError> {
    let (Some(sip), Some(user), Some(md5), Some(sha256)) = (row.sip_id, row.sip_user, row.ha1_md5, row.ha1_sha256)
    else {
        return Ok(None);
    };
    let wrong = |_| StoreError::Corrupt(format!("the digests of {user}"));
    let (mut ha1_md5, mut ha1_sha256) = ([0; 16], [0; 32]);
    hex::decode_to_slice(&md5, &mut ha1_md5).map_err(wrong)?;
    hex::decode_to_slice(&sha256, &mut ha1_sha256).map_err(wrong)?;
    Ok(Some(PlanSip {
        id: id(&sip)?,
        user: user.into(),
        ha1_md5,
        ha1_sha256,
        enabled: row.enabled.unwrap_or(false),
    }))
}
