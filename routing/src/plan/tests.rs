use super::check::{Problem, problems};
use super::*;
use crate::ids::{ClientId, DepartmentId, StaffId, TrunkId};
use crate::number::{PhoneNumber, ShortNumber};

const ACCOUNT: u128 = 1;

fn sip(id: u128, user: &str) -> PlanSip {
    PlanSip {
        id: SipAccountId::from_u128(id),
        user: user.into(),
        ha1_md5: [0; 16],
        ha1_sha256: [0; 32],
        enabled: true,
    }
}

fn person(id: u128, account: u128, number: &str, user: Option<&str>) -> PlanStaff {
    PlanStaff {
        id: StaffId::from_u128(id),
        account: AccountId::from_u128(account),
        name: format!("Person {id}").into(),
        short_number: number.parse().ok(),
        phone: None,
        sip: user.map(|user| sip(100 + id, user)),
    }
}

fn account(id: u128) -> PlanAccount {
    PlanAccount {
        id: AccountId::from_u128(id),
        number: 19079,
        name: "Company".into(),
        realm: "frontdesk".into(),
        recording: RecordingPolicy::Always,
        region: "RU".into(),
    }
}

fn short(text: &str) -> ShortNumber {
    text.parse().unwrap()
}

#[test]
fn a_sip_user_is_found_over_all_accounts_and_case_matters() {
    let trunk = PlanTrunk {
        id: TrunkId::from_u128(7),
        account: AccountId::from_u128(2),
        name: "Provider".into(),
        sip: sip(70, "line1"),
    };
    let plan = DialPlan {
        staff: Arc::new(Staff::new(vec![
            person(1, 1, "101", Some("Anna")),
            person(2, 2, "101", Some("boris")),
        ])),
        trunks: Arc::new(Trunks::new(vec![trunk])),
        ..DialPlan::default()
    };
    let found = |user: &str| plan.sip_user(user).map(|owner| owner.account().as_u128());
    assert_eq!(found("Anna"), Some(1));
    assert_eq!(found("anna"), None);
    assert_eq!(found("boris"), Some(2));
    assert_eq!(found("line1"), Some(2));
    assert!(matches!(
        plan.sip_account(SipAccountId::from_u128(70)),
        Some(SipOwner::Trunk(_))
    ));
    assert!(matches!(
        plan.sip_account(SipAccountId::from_u128(101)),
        Some(SipOwner::Staff(_))
    ));
}

#[test]
fn a_short_number_belongs_to_its_account_alone() {
    let staff = Staff::new(vec![person(1, 1, "101", None), person(2, 2, "101", None)]);
    let found = |account| staff.by_short_number(AccountId::from_u128(account), short("101"));
    assert_eq!(found(1).map(|staff| staff.id.as_u128()), Some(1));
    assert_eq!(found(2).map(|staff| staff.id.as_u128()), Some(2));
    assert_eq!(found(3), None);
}

#[test]
fn a_million_clients_take_less_than_200_bytes_each() {
    let entries = (0..1_000_000u64).map(|n| ClientEntry {
        account: AccountId::from_u128(u128::from(n % 3)),
        id: ClientId::from_u128(u128::from(n)),
        number: PhoneNumber::from_u64(79_000_000_000 + n * 7 % 1_000_003).unwrap(),
        name: format!("ООО «Клиент {n}»"),
        vip: n % 100 == 0,
    });
    let clients = Clients::new(entries);
    assert_eq!(clients.len(), 1_000_000);
    assert!(clients.bytes() / clients.len() < 200, "{}", clients.bytes());
    let number = PhoneNumber::from_u64(79_000_000_000 + 500 * 7).unwrap();
    let client = clients.by_number(AccountId::from_u128(500 % 3), number).unwrap();
    assert_eq!((client.name, client.vip), ("ООО «Клиент 500»", true));
    assert_eq!(clients.by_number(AccountId::from_u128(9), number), None);
}

#[test]
fn of_two_clients_with_one_number_the_first_stays() {
    let entry = |id, name: &str| ClientEntry {
        account: AccountId::from_u128(ACCOUNT),
        id: ClientId::from_u128(id),
        number: PhoneNumber::parse("+79001112233").unwrap(),
        name: name.to_owned(),
        vip: false,
    };
    let clients = Clients::new([entry(1, "First"), entry(2, "Second")]);
    let number = PhoneNumber::parse("+79001112233").unwrap();
    let found = clients.by_number(AccountId::from_u128(ACCOUNT), number);
    assert_eq!(found.map(|client| client.name), Some("First"));
}

#[test]
fn all_problems_of_a_plan_are_named_at_once() {
    let department = PlanDepartment {
        id: DepartmentId::from_u128(5),
        account: AccountId::from_u128(ACCOUNT),
        name: "Sales".into(),
        short_number: Some(short("101")),
        members: vec![StaffId::from_u128(1), StaffId::from_u128(77)],
    };
    let plan = DialPlan {
        accounts: Arc::new(Accounts::new(vec![account(ACCOUNT)])),
        staff: Arc::new(Staff::new(vec![
            person(1, ACCOUNT, "101", Some("anna")),
            person(2, ACCOUNT, "102", Some("anna")),
            person(3, 9, "103", None),
        ])),
        departments: Arc::new(Departments::new(vec![department])),
        ..DialPlan::default()
    };
    let expected = vec![
        Problem::SipUserTwice { user: "anna".into() },
        Problem::StaffWithoutAccount {
            staff: StaffId::from_u128(3),
        },
        Problem::ShortNumberTwice {
            account: AccountId::from_u128(ACCOUNT),
            number: short("101"),
        },
        Problem::UnknownMember {
            department: DepartmentId::from_u128(5),
            staff: StaffId::from_u128(77),
        },
    ];
    assert_eq!(problems(&plan), expected);
}
