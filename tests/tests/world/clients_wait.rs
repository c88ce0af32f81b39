//! Clients whose cards change while they wait in a line.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DepartmentSection, DialPlan, PlanClient};
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{ms, s};

use crate::queue::{ORDINARY, call_in, is_heard, office, one_by_one, sales, shows};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;

/// Row V25.
#[test]
fn v25_a_client_who_becomes_a_vip_while_they_wait_is_taken_first() {
    let departments = vec![sales(&[ANNA], one_by_one())];
    let (mut world, line) = office(170, FAIR, departments.clone());
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    let busy = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    let calls = ORDINARY.map(|number| {
        let call = call_in(&mut world, line, number);
        world.run_for(s(5));
        call
    });
    let before = people::plan();
    let account = AccountId::from_u128(ACCOUNT);
    let number = PhoneNumber::from_e164(ORDINARY[2]).unwrap();
    let vip = PlanClient {
        number,
        vip: true,
        ..before
            .clients
            .by_number(account, PhoneNumber::from_e164(people::CLIENT_NUMBER).unwrap())
            .unwrap()
            .clone()
    };
    world.input(Input::Plan(Arc::new(DialPlan {
        departments: Arc::new(DepartmentSection::new(departments)),
        clients: Arc::new(before.clients.with(account, number, Some(vip))),
        ..before
    })));
    world.hang_up(ANNA_AT, busy);
    for at in [2, 0, 1] {
        let taken = world.wait_for(s(10), |world| is_heard(world, ANNA_AT));
        assert!(
            taken && shows(&world, ANNA_AT).contains(ORDINARY[at]),
            "{}",
            world.ladder()
        );
        world.hang_up(line, calls[at]);
        world.run_for(ms(200));
    }
    world.close();
}
