//! Offices with provider lines.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use frontdesk::engine::input::Input;
use frontdesk::engine::names::{Resolution, ResolvedServer};
use frontdesk::engine::output::{BoardChange, TrunkRegistration, TrunkState};
use frontdesk_routing::ids::{AccountId, DepartmentId, StaffId, TrunkId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::trunks::{Provider as Line, Registration, Server, ServerTransport};
use frontdesk_routing::plan::{Destination, DialPlan, NumberSection, PlanNumber, PlanTrunk, StaffSection};
use frontdesk_sip::flow::Transport;

use super::net::Weather;
use super::people::{self, ACCOUNT, ANNA, BORIS, CLARA, DAVID, Person};
use super::provider::Provider;
use super::{World, s};

pub const ANNA_AT: usize = 0;
pub const BORIS_AT: usize = 1;
pub const FIRST: usize = 2;
pub const SECOND: usize = 3;
pub const OUTSIDE: &str = "89161234567";
pub const OWN: &str = "+74951110001";
pub const GATEWAY: Person = Person {
    id: 50,
    name: "gateway",
    user: "line1",
    secret: "line-secret",
    number: "",
};

pub fn server(host: &str) -> Server {
    Server {
        host: host.into(),
        port: None,
        transport: ServerTransport::Udp,
    }
}

pub fn registration() -> Registration {
    Registration {
        user: "line1".into(),
        auth_user: "line1".into(),
        secret: "line-secret".into(),
        expires: 600,
    }
}

pub fn trunk(id: u128, servers: &[&str], registered: bool) -> PlanTrunk {
    PlanTrunk {
        provider: Some(Line {
            servers: servers.iter().map(|host| server(host)).collect(),
            registration: registered.then(registration),
            probe: None,
            tls_fingerprint: None,
        }),
        shown_number: PhoneNumber::from_e164(OWN).ok(),
        place: u16::try_from(id).expect("small"),
        ..PlanTrunk::new(
            TrunkId::from_u128(id),
            AccountId::from_u128(ACCOUNT),
            format!("T{id}").into(),
        )
    }
}

pub fn number(text: &str, to: Destination) -> PlanNumber {
    PlanNumber {
        number: PhoneNumber::from_e164(text).expect("a number"),
        account: AccountId::from_u128(ACCOUNT),
        trunk: None,
        to,
    }
}

pub fn plan(trunks: Vec<PlanTrunk>) -> DialPlan {
    let staff = [ANNA, BORIS, CLARA, DAVID].map(people::staff).to_vec();
    DialPlan {
        staff: Arc::new(StaffSection::new(staff, trunks)),
        numbers: Arc::new(NumberSection::new(vec![
            number(OWN, Destination::Staff(StaffId::from_u128(ANNA.id))),
            number("+74951110002", Destination::Department(DepartmentId::from_u128(1))),
        ])),
        ..people::plan()
    }
}

/// Two lines: the first one brings calls, the second one takes them.
pub fn brings_and_takes() -> Vec<PlanTrunk> {
    let brings = PlanTrunk {
        provider: None,
        sources: vec!["192.0.2.10/32".parse().expect("a network")],
        ..trunk(1, &[], false)
    };
    vec![brings, trunk(2, &["192.0.2.11"], false)]
}

/// Anna and Boris, and two gateways at 192.0.2.10 and 192.0.2.11.
pub fn world(seed: u8, weather: Weather, trunks: Vec<PlanTrunk>) -> World {
    let mut world = World::new(seed, weather, DialPlan::default());
    for person in [ANNA, BORIS] {
        world.add_phone(person);
    }
    for home in ["192.0.2.10:5060", "192.0.2.11:5060"] {
        let phone = world.add_phone_at(GATEWAY, Transport::Udp, home);
        world.phones[phone].provider = Some(Box::new(Provider::new("line1", "line-secret", 60)));
    }
    let servers = [("192.0.2.10:5060", 10), ("192.0.2.11:5060", 20)].map(|(addr, priority)| ResolvedServer {
        addr: addr.parse::<SocketAddr>().expect("an address"),
        transport: Transport::Udp,
        priority,
        weight: 0,
    });
    let ttl = Duration::from_secs(300);
    let both = Resolution {
        servers: servers.to_vec(),
        ttl,
    };
    world.dns.insert("provider.example".into(), both);
    world.input(Input::Plan(Arc::new(plan(trunks))));
    for phone in [ANNA_AT, BORIS_AT] {
        world.register(phone);
    }
    world.run_for(s(40));
    world
}

pub fn provider(world: &mut World, phone: usize) -> &mut Provider {
    world.phones[phone].provider.as_mut().expect("a provider")
}

pub fn state(world: &World, trunk: u128) -> Option<TrunkState> {
    let told = world.board.iter().rev().find_map(|change| match change {
        BoardChange::Trunk { trunk: id, state, .. } if *id == TrunkId::from_u128(trunk) => Some(state.clone()),
        _ => None,
    });
    told.flatten()
}

pub fn is_registered(world: &World, trunk: u128) -> bool {
    state(world, trunk).is_some_and(|state| state.registration == Some(TrunkRegistration::Registered))
}

impl World {
    pub fn ladder(&self) -> String {
        self.transcript.ladder().join("\n")
    }
}
