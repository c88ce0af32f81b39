//! What the caller's application tells whoever is called (RFC 7433).

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DialPlan, FeatureSection, PlanForwarding, PlanTrunk, StaffSection};
use frontdesk_tests::world::net::{FAIR, weathers};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, CLIENT_NUMBER, Person};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::trunks::{
    ANNA_AT, BORIS_AT, FIRST, OUTSIDE, OWN, SECOND, brings_and_takes, plan, trunk, world,
};
use frontdesk_tests::world::{World, ms, s};

const DATA: &str = "04fa08aabb;purpose=isdn-uui;encoding=hex";

fn says(world: &mut World, phone: usize) {
    world.phones[phone].claims = vec![
        ("User-to-User".into(), DATA.to_owned()),
        (
            "User-to-User".into(),
            "+79161234567, \"text\";encoding=ascii".to_owned(),
        ),
    ];
}

/// What the INVITEs of this phone carry, each once.
fn heard(world: &World, phone: usize) -> Vec<String> {
    let mut heard: Vec<String> = Vec::new();
    for invite in world.sent_to(phone, "INVITE") {
        let fields = invite
            .split("\r\n")
            .filter_map(|line| line.strip_prefix("User-to-User: "));
        heard.extend(fields.map(str::to_owned));
    }
    heard.dedup();
    heard
}

fn ends(mut world: World, phone: usize) {
    world.end_calls(phone);
    world.run_for(s(40));
    world.close();
}

/// The line of the first provider, and staff of whom some see no client's number.
fn office(line: &PlanTrunk, blind: &[Person]) -> DialPlan {
    let staff = [ANNA, BORIS].map(|person| {
        let mut staff = people::staff(person);
        staff.caller_id.hides_clients = blind.iter().any(|blind| blind.id == person.id);
        staff
    });
    DialPlan {
        staff: Arc::new(StaffSection::new(staff.to_vec(), vec![line.clone()])),
        ..plan(vec![line.clone()])
    }
}

fn line() -> PlanTrunk {
    trunk(1, &["192.0.2.10"], false)
}

#[test]
fn a_colleague_is_told_what_is_well_formed() {
    for weather in weathers() {
        let mut world = World::office(70, weather);
        says(&mut world, ANNA_AT);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        assert_eq!(heard(&world, BORIS_AT), [DATA]);
        ends(world, ANNA_AT);
    }
}

#[test]
fn whoever_is_called_by_a_transfer_is_told_nothing_that_somebody_else_said() {
    let mut world = World::office(71, FAIR);
    says(&mut world, ANNA_AT);
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.meet(BORIS_AT, 2);
    assert_eq!(heard(&world, 2), [""; 0]);
    ends(world, BORIS_AT);
}

#[test]
fn a_client_s_goes_to_phones_but_not_where_numbers_are_hidden() {
    for (blind, expected) in [(&[][..], &[DATA][..]), (&[ANNA][..], &[][..])] {
        let mut world = world(72, FAIR, vec![line()]);
        world.input(Input::Plan(Arc::new(office(&line(), blind))));
        world.phones[FIRST].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
        says(&mut world, FIRST);
        world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
        world.dial(FIRST, OWN);
        world.meet(ANNA_AT, FIRST);
        assert_eq!(heard(&world, ANNA_AT), expected);
        ends(world, FIRST);
    }
}

#[test]
fn a_provider_is_told_unless_it_is_to_know_nothing() {
    let private = PlanTrunk {
        privacy: true,
        ..line()
    };
    for (line, blind, expected) in [
        (line(), &[][..], &[DATA][..]),
        (line(), &[BORIS][..], &[DATA][..]),
        (private, &[][..], &[][..]),
    ] {
        let mut world = world(73, FAIR, vec![line.clone()]);
        world.input(Input::Plan(Arc::new(office(&line, blind))));
        says(&mut world, ANNA_AT);
        world.talk(ANNA_AT, FIRST, OUTSIDE);
        assert_eq!(heard(&world, FIRST), expected);
        ends(world, ANNA_AT);
    }
}

#[test]
fn what_one_provider_says_another_is_not_told() {
    let mut world = world(74, FAIR, brings_and_takes());
    let mobile = PhoneNumber::from_e164("+79035550000").map(Target::Outside);
    let settings = Forwarding {
        always: mobile.ok(),
        ..Forwarding::default()
    };
    let anna = StaffId::from_u128(ANNA.id);
    let set = PlanForwarding { settings, mark: 1 };
    world.input(Input::Plan(Arc::new(DialPlan {
        features: Arc::new(FeatureSection::new([], [(anna, set)])),
        ..plan(brings_and_takes())
    })));
    world.phones[FIRST].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
    says(&mut world, FIRST);
    world.dial(FIRST, OWN);
    world.meet(FIRST, SECOND);
    assert_eq!(heard(&world, SECOND), [""; 0]);
    ends(world, FIRST);
}
