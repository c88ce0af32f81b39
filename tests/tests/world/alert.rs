//! How phones are asked to ring: by who calls, whether it is urgent, and for which department (RFC 7462).

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::plan::{DepartmentSection, DialPlan};
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{self, ANNA, CLIENT_NUMBER, LINE};
use frontdesk_tests::world::phone::State;
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const STRANGER: &str = "+79160000001";

/// How Anna's phone is asked to ring when `number` (`None`: Boris) calls `dialled`.
fn alert(number: Option<&str>, dialled: &str) -> String {
    let mut world = World::office(1, FAIR);
    let line = world.add_phone(LINE);
    world.register(line);
    world.input(Input::Plan(Arc::new(DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![people::department("200", 1, &[ANNA])])),
        ..people::plan()
    })));
    world.run_for(s(40));
    let caller = number.map_or(BORIS_AT, |number| {
        let value = format!("<sip:{number}@provider.example>");
        world.phones[line].claims = vec![("P-Asserted-Identity".into(), value)];
        line
    });
    world.dial(caller, dialled);
    let rings = |world: &World| {
        let call = world.phones[ANNA_AT].calls.last();
        call.is_some_and(|call| call.state == State::Ringing)
    };
    assert!(world.wait_for(s(30), rings));
    world.phones[ANNA_AT]
        .last()
        .alert
        .clone()
        .expect("a word on how to ring")
}

#[test]
fn a_phone_learns_whether_a_colleague_calls_or_somebody_outside_or_a_vip() {
    assert_eq!(alert(None, ANNA.number), "<urn:alert:source:internal>;info=internal");
    assert_eq!(
        alert(Some(STRANGER), ANNA.number),
        "<urn:alert:source:external>;info=external"
    );
    assert_eq!(
        alert(Some(CLIENT_NUMBER), ANNA.number),
        "<urn:alert:source:external>;info=vip, <urn:alert:priority:high>"
    );
}

#[test]
fn a_departments_call_says_for_which_one_it_is_unless_a_vip_calls() {
    assert_eq!(
        alert(Some(STRANGER), "200"),
        "<urn:alert:source:external>;info=department-200"
    );
    assert_eq!(alert(None, "200"), "<urn:alert:source:internal>;info=department-200");
    assert_eq!(
        alert(Some(CLIENT_NUMBER), "200"),
        "<urn:alert:source:external>;info=vip, <urn:alert:priority:high>"
    );
}
