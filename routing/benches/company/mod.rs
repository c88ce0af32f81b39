//! A company of the size that is promised to be served.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk_routing::ids::{AccountId, ClientId, DepartmentId, ProjectId, ScheduleId, StaffId, TrunkId};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::trunks::Provider;
use frontdesk_routing::plan::{
    AccountSection, ClientSection, DepartmentSection, Destination, DialPlan, NumberSection, PlanAccount, PlanClient,
    PlanDepartment, PlanDesk, PlanNumber, PlanReception, PlanStaff, PlanTrunk, ReceptionSection, RecordingPolicy,
    StaffCallerId, StaffSection,
};
use frontdesk_routing::queue::Member;
use frontdesk_routing::schedule::{Schedule, day};
use jiff::tz::TimeZone;

pub(crate) const CLIENTS: u64 = 1_000_000;
pub(crate) const STAFF: u64 = 10_000;
pub(crate) const DEPARTMENTS: u64 = 1_000;
const MEMBERS: u64 = 10;
const TRUNKS: u128 = 20;
const SCHEDULES: u128 = 50;
const PROJECTS: u128 = 10;

pub(crate) const ACCOUNT: AccountId = AccountId::from_u128(1);
pub(crate) const TRUNK: TrunkId = TrunkId::from_u128(0);
/// 2026-11-17 11:20 in Berlin, when everybody works.
pub(crate) const NOON: i64 = 1_794_910_800_000;

/// Clients are spread over number ranges as they are in life; beyond [`CLIENTS`] nobody is a client.
pub(crate) fn client_number(client: u64) -> PhoneNumber {
    PhoneNumber::from_u64(79_000_000_000 + client * 487 % 999_999_937).unwrap()
}

/// The first [`DEPARTMENTS`] reach departments, the others people.
pub(crate) fn connected(number: u64) -> PhoneNumber {
    PhoneNumber::from_u64(74_950_000_000 + number).unwrap()
}

pub(crate) fn short_of_staff(staff: u64) -> String {
    (10_000 + staff).to_string()
}

pub(crate) fn short_of_department(department: u64) -> String {
    (2_000 + department).to_string()
}

/// Two parts of a day, five of seven days.
pub(crate) fn schedule() -> Schedule {
    let hours = day(["09:00-13:00", "14:00-18:00"]).ok();
    let closed = day([]).ok();
    let days = std::array::from_fn(|at| if at < 5 { hours.clone() } else { closed.clone() });
    Schedule::new(TimeZone::get("Europe/Berlin").unwrap(), days, BTreeMap::new())
}

pub(crate) fn clients() -> ClientSection {
    let client = |number: u64| PlanClient {
        id: ClientId::from_u128(u128::from(number) << 64 | 7),
        account: ACCOUNT,
        number: client_number(number),
        name: format!("Константинопольская Ольга {}", letters(number)).into(),
        vip: number.is_multiple_of(20),
        manager: Some(StaffId::from_u128(u128::from(number % STAFF))),
    };
    ClientSection::new((0..CLIENTS).map(client).collect())
}

/// Seven letters: names hold no numbers.
fn letters(number: u64) -> String {
    format!("{number:07}")
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

pub(crate) fn plan() -> DialPlan {
    let account = PlanAccount {
        id: ACCOUNT,
        number: 10_001,
        name: "Company".into(),
        realm: "frontdesk".into(),
        recording: RecordingPolicy::Always,
        region: "RU".into(),
        caller_id: Default::default(),
    };
    let trunks = (0..TRUNKS).map(|number| PlanTrunk {
        provider: Some(Provider::default()),
        shown_number: Some(connected(0)),
        prefixes: if number == 0 {
            Vec::new()
        } else {
            vec![format!("7{number}").into()]
        },
        ..PlanTrunk::new(TrunkId::from_u128(number), ACCOUNT, format!("Line {number}").into())
    });
    DialPlan {
        accounts: Arc::new(AccountSection::new(vec![account])),
        staff: Arc::new(StaffSection::new((0..STAFF).map(person).collect(), trunks.collect())),
        departments: Arc::new(DepartmentSection::new((0..DEPARTMENTS).map(department).collect())),
        clients: Arc::new(clients()),
        numbers: Arc::new(NumberSection::new((0..DEPARTMENTS + STAFF).map(number).collect())),
        reception: Arc::new(reception()),
        ..DialPlan::default()
    }
}

fn person(number: u64) -> PlanStaff {
    PlanStaff {
        id: StaffId::from_u128(u128::from(number)),
        account: ACCOUNT,
        name: format!("Сотрудник {number}").into(),
        short_number: ShortNumber::read(&short_of_staff(number)).ok(),
        phone: PhoneNumber::from_u64(79_160_000_000 + number).ok(),
        sip: None,
        caller_id: StaffCallerId {
            displayed_number: Some(connected(DEPARTMENTS + number)),
            hides_clients: number.is_multiple_of(2),
            ..StaffCallerId::default()
        },
        term: Default::default(),
    }
}

fn department(number: u64) -> PlanDepartment {
    let short = ShortNumber::read(&short_of_department(number)).unwrap();
    let id = DepartmentId::from_u128(u128::from(number));
    let members = (0..MEMBERS).map(|at| Member::new(StaffId::from_u128(u128::from((number * MEMBERS + at) % STAFF))));
    PlanDepartment {
        members: members.collect(),
        ..PlanDepartment::new(id, ACCOUNT, format!("Отдел {number}").into(), short)
    }
}

fn number(at: u64) -> PlanNumber {
    let to = match at.checked_sub(DEPARTMENTS) {
        None => Destination::Department(DepartmentId::from_u128(u128::from(at))),
        Some(staff) => Destination::Staff(StaffId::from_u128(u128::from(staff))),
    };
    PlanNumber {
        number: connected(at),
        account: ACCOUNT,
        trunk: None,
        to,
    }
}

/// Everybody has hours and a project, and so have departments and numbers.
fn reception() -> ReceptionSection {
    let project = |number: u64| ProjectId::from_u128(u128::from(number) % PROJECTS);
    let hours = |number: u64| Some(ScheduleId::from_u128(u128::from(number) % SCHEDULES));
    let person = |number: u64| PlanReception {
        receiving: true,
        projects: (0..PROJECTS).map(ProjectId::from_u128).collect(),
        schedule: hours(number),
        ..PlanReception::default()
    };
    let desk = |number: u64| PlanDesk {
        project: Some(project(number)),
        schedule: hours(number),
        closed_to: None,
    };
    ReceptionSection {
        people: (0..STAFF)
            .map(|at| (StaffId::from_u128(u128::from(at)), person(at)))
            .collect(),
        departments: (0..DEPARTMENTS)
            .map(|at| (DepartmentId::from_u128(u128::from(at)), desk(at)))
            .collect(),
        numbers: (0..DEPARTMENTS + STAFF)
            .map(|at| ((ACCOUNT, connected(at)), desk(at)))
            .collect(),
        projects: (0..PROJECTS)
            .map(|at| (ProjectId::from_u128(at), format!("Проект {at}").into()))
            .collect(),
        schedules: (0..SCHEDULES)
            .map(|at| (ScheduleId::from_u128(at), Arc::new(schedule())))
            .collect(),
        ..ReceptionSection::default()
    }
}

/// Octets of this process that are in memory.
pub(crate) fn resident() -> u64 {
    const PAGE: u64 = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or(0)
        * PAGE
}
