//! The record of a call to a department tells whom it did not ring, and why.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::forwarding::Forwarding;
use frontdesk_routing::ids::{AccountId, DepartmentId, ProjectId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{
    ClientSection, DepartmentSection, DialPlan, FeatureSection, PlanClient, PlanDesk, PlanForwarding, PlanReception,
    ReceptionSection,
};
use frontdesk_routing::queue::JoinWhenEmpty;
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS, CLARA, CLIENT_NUMBER, DAVID, LINE, Person};
use frontdesk_tests::world::{World, s};

use crate::queue::{call_in, one_by_one, sales};

fn id(person: Person) -> StaffId {
    StaffId::from_u128(person.id)
}

/// Anna is not to be disturbed, Boris takes no calls, Clara none of the department's project, and David has no phone.
fn plan() -> DialPlan {
    let dnd = Forwarding {
        dnd: true,
        ..Forwarding::default()
    };
    let dnd = PlanForwarding { settings: dnd, mark: 0 };
    let second = PlanReception {
        receiving: true,
        projects: [ProjectId::from_u128(2)].into_iter().collect(),
        ..PlanReception::default()
    };
    let desk = PlanDesk {
        project: Some(ProjectId::from_u128(1)),
        ..PlanDesk::default()
    };
    let plan = people::plan();
    let number = PhoneNumber::from_e164(CLIENT_NUMBER).unwrap();
    let client = plan.clients.by_number(AccountId::from_u128(ACCOUNT), number).unwrap();
    let client = PlanClient {
        manager: Some(id(CLARA)),
        ..client.clone()
    };
    let mut department = sales(&[ANNA, BORIS, DAVID], one_by_one());
    department.queue.join_when_empty = JoinWhenEmpty::Always;
    DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![department])),
        clients: Arc::new(ClientSection::new(vec![client])),
        features: Arc::new(FeatureSection::new([], [(id(ANNA), dnd)])),
        reception: Arc::new(ReceptionSection {
            people: [(id(BORIS), PlanReception::default()), (id(CLARA), second)]
                .into_iter()
                .collect(),
            departments: [(DepartmentId::from_u128(1), desk)].into_iter().collect(),
            projects: [(ProjectId::from_u128(1), "First".into())].into_iter().collect(),
            ..ReceptionSection::default()
        }),
        ..plan
    }
}

#[test]
fn a_record_tells_who_was_passed_over_and_why() {
    let mut world = World::office(180, FAIR);
    let line = world.add_phone(LINE);
    world.register(line);
    world.input(Input::Plan(Arc::new(plan())));
    world.run_for(s(10));
    let call = call_in(&mut world, line, CLIENT_NUMBER);
    world.run_for(s(5));
    world.hang_up(line, call);
    world.close();
    let because = world.record().because.clone();
    let told = "the short number is the department Sales's, of 3 members; \
        the client's personal manager Clara Tester does not work in First; \
        Anna Tester does not want to be disturbed; Boris Tester takes no calls at present; \
        David Tester cannot be reached; waits at place 1 of the line";
    assert_eq!(because, told);
}

/// Anna is in a call, Boris rests after one.
#[test]
fn who_is_busy_or_rests_is_passed_over() {
    let mut department = sales(&[ANNA, BORIS], one_by_one());
    department.queue.wrap_up_ms = 60_000;
    let (mut world, line) = crate::queue::office(181, FAIR, vec![department]);
    world.phones[0].manner = frontdesk_tests::world::phone::Manner::Refuse(486, s(0));
    let first = call_in(&mut world, line, "+79160000001");
    assert!(
        world.wait_for(s(10), |world| world.together(line, 1)),
        "{}",
        world.ladder()
    );
    world.hang_up(line, first);
    world.run_for(s(10));
    let busy = world.talk(0, 2, CLARA.number);
    let second = call_in(&mut world, line, "+79160000002");
    world.run_for(s(5));
    world.hang_up(line, second);
    world.hang_up(0, busy);
    world.close();
    let all = crate::queue::records(&world);
    let told = "Anna Tester is busy; Boris Tester has a rest between calls; waits at place 1 of the line";
    assert!(all.iter().any(|record| record.because.contains(told)), "{all:?}");
}
