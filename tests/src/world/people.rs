//! The company of the tests.

use std::sync::Arc;
use std::time::Duration;

use frontdesk::engine::EngineConfig;
use frontdesk_media::io::command::Codec;
use frontdesk_routing::ids::{AccountId, ClientId, DepartmentId, SipAccountId, StaffId, TrunkId};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{
    AccountSection, ClientSection, DepartmentSection, DialPlan, PlanAccount, PlanClient, PlanDepartment, PlanSip,
    PlanStaff, PlanTrunk, RecordingPolicy, StaffSection,
};
use frontdesk_routing::queue::{Member, QueueSettings, Strategy};
use frontdesk_sip::auth::{AuthConfig, Ha1};

pub const REALM: &str = "frontdesk.test";
pub const ACCOUNT: u128 = 1;
pub const CLIENT_NUMBER: &str = "+79161234567";

#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub id: u128,
    pub name: &'static str,
    pub user: &'static str,
    pub secret: &'static str,
    pub number: &'static str,
}

pub const ANNA: Person = Person {
    id: 1,
    name: "anna",
    user: "anna_u",
    secret: "a-secret",
    number: "101",
};
pub const BORIS: Person = Person {
    id: 2,
    name: "boris",
    user: "boris_u",
    secret: "b-secret",
    number: "102",
};
pub const CLARA: Person = Person {
    id: 3,
    name: "clara",
    user: "clara_u",
    secret: "c-secret",
    number: "103",
};
pub const DAVID: Person = Person {
    id: 4,
    name: "david",
    user: "david_u",
    secret: "d-secret",
    number: "104",
};
/// A provider's line.
pub const LINE: Person = Person {
    id: 9,
    name: "line",
    user: "line_u",
    secret: "l-secret",
    number: "",
};

pub fn staff(person: Person) -> PlanStaff {
    PlanStaff {
        id: StaffId::from_u128(person.id),
        account: AccountId::from_u128(ACCOUNT),
        name: format!("{} Tester", capital(person.name)).into(),
        short_number: ShortNumber::read(person.number).ok(),
        phone: None,
        sip: Some(sip(person)),
        caller_id: Default::default(),
        term: Default::default(),
    }
}

pub fn plan() -> DialPlan {
    plan_with(&[ANNA, BORIS, CLARA, DAVID], RecordingPolicy::Always)
}

/// The company with these people; 200 is the department of Anna, Boris and Clara.
pub fn plan_with(people: &[Person], recording: RecordingPolicy) -> DialPlan {
    let account = PlanAccount {
        id: AccountId::from_u128(ACCOUNT),
        number: 19_079,
        name: "Test Company".into(),
        realm: REALM.into(),
        recording,
        region: "RU".into(),
        caller_id: Default::default(),
    };
    let line = PlanTrunk {
        sip: Some(sip(LINE)),
        ..PlanTrunk::new(
            TrunkId::from_u128(LINE.id),
            AccountId::from_u128(ACCOUNT),
            "Provider".into(),
        )
    };
    let department = department("200", 1, &[ANNA, BORIS, CLARA]);
    let client = PlanClient {
        id: ClientId::from_u128(77),
        account: AccountId::from_u128(ACCOUNT),
        number: PhoneNumber::from_e164(CLIENT_NUMBER).expect("a number"),
        name: "ООО «Ромашка»".into(),
        vip: true,
        manager: None,
    };
    DialPlan {
        accounts: Arc::new(AccountSection::new(vec![account])),
        staff: Arc::new(StaffSection::new(
            people.iter().map(|person| staff(*person)).collect(),
            vec![line],
        )),
        departments: Arc::new(DepartmentSection::new(vec![department])),
        clients: Arc::new(ClientSection::new(vec![client])),
        ..DialPlan::default()
    }
}

pub fn sip(person: Person) -> PlanSip {
    let ha1 = Ha1::new(person.user, REALM, person.secret);
    PlanSip {
        id: SipAccountId::from_u128(1000 + person.id),
        user: person.user.into(),
        ha1_md5: ha1.md5,
        ha1_sha256: ha1.sha256,
        enabled: true,
    }
}

pub fn engine_config() -> EngineConfig {
    EngineConfig {
        endpoint: Default::default(),
        registrar: Default::default(),
        auth: AuthConfig::new(REALM),
        guard: frontdesk_sip::guard::GuardConfig {
            rate: 100_000,
            burst: 100_000,
            failures: 0,
            ..Default::default()
        },
        keep_alive: Duration::ZERO,
        ring_timeout: Duration::from_secs(60),
        parking_timeout: Duration::from_secs(120),
        recording: true,
        codecs: vec![Codec::G722, Codec::Pcma, Codec::Pcmu, Codec::Opus],
        srtp: Default::default(),
        rtp_ports: super::media::PORTS,
        media_threads: 1,
    }
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// A department whose free members all ring.
pub fn department(short: &str, id: u128, members: &[Person]) -> PlanDepartment {
    let short = ShortNumber::read(short).expect("a short number");
    let account = AccountId::from_u128(ACCOUNT);
    let member = |person: &Person| Member::new(StaffId::from_u128(person.id));
    PlanDepartment {
        members: members.iter().map(member).collect(),
        queue: QueueSettings {
            strategy: Strategy::RingAll,
            ..QueueSettings::default()
        },
        ..PlanDepartment::new(DepartmentId::from_u128(id), account, "Sales".into(), short)
    }
}
