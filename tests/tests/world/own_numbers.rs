//! Calls that somebody sends to one of the company's own numbers stay in the house.

use std::sync::Arc;

use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk_media::io::command::MediaNotice;
use frontdesk_media::sound;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{AccountId, DepartmentId, MenuId, PromptId, ScheduleId, StaffId};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{
    DepartmentSection, Destination, DialPlan, FeatureSection, MenuSection, NumberSection, PlanDesk, PlanForwarding,
    PlanMenu,
};
use frontdesk_routing::schedule::{Day, Schedule};
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS, DAVID};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::trunks::{self, ANNA_AT, BORIS_AT, FIRST, OWN, SECOND, brings_and_takes, number};
use frontdesk_tests::world::{World, s};
use jiff::tz::TimeZone;

const SALES: &str = "+74951110002";
/// Boris'.
const DIRECT: &str = "+74951110003";
const PROMPT: PromptId = PromptId::from_u128(1);

fn direct() -> PhoneNumber {
    PhoneNumber::from_e164(DIRECT).expect("a number")
}

fn id(person: people::Person) -> StaffId {
    StaffId::from_u128(person.id)
}

/// Nobody works in Sales; Boris has a number of his own.
fn plan() -> DialPlan {
    DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![people::department("200", 1, &[DAVID])])),
        numbers: Arc::new(NumberSection::new(vec![
            number(OWN, Destination::Staff(id(ANNA))),
            number(SALES, Destination::Department(DepartmentId::from_u128(1))),
            number(DIRECT, Destination::Staff(id(BORIS))),
        ])),
        ..trunks::plan(brings_and_takes())
    }
}

/// A client calls; Boris talks with them, and nothing has gone outside.
fn reaches_boris(seed: u8, dialled: &str, plan: DialPlan, meanwhile: impl FnOnce(&mut World)) {
    let mut world = trunks::world(seed, FAIR, brings_and_takes());
    world.input(Input::Plan(Arc::new(plan)));
    world.input(Input::Operator(OperatorCommand::Prompt {
        account: AccountId::from_u128(ACCOUNT),
        prompt: PROMPT,
        replaces: None,
        sound: Some(Arc::new(sound::tone(700, 500))),
    }));
    world.run_for(s(1));
    world.phones[BORIS_AT].manner = Manner::Answer(s(1));
    world.phones[FIRST].from.uri = "sip:+74997654321@provider.example".to_owned();
    world.dial(FIRST, dialled);
    meanwhile(&mut world);
    assert!(
        world.wait_for(s(20), |world| world.together(FIRST, BORIS_AT)),
        "{}",
        world.ladder()
    );
    assert!(world.phones[ANNA_AT].calls.is_empty());
    assert!(world.sent_to(SECOND, "INVITE").is_empty(), "{}", world.ladder());
    world.end_calls(FIRST);
    world.run_for(s(40));
    world.close();
    assert_eq!(world.record().callee.staff, Some(id(BORIS)));
}

#[test]
fn v31_what_a_line_does_not_take_reaches_an_own_number_inside() {
    let sales = frontdesk_routing::plan::PlanDepartment {
        overflow: Some(Destination::Number(direct())),
        ..people::department("200", 1, &[DAVID])
    };
    let plan = DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        ..plan()
    };
    reaches_boris(61, SALES, plan, |_| ());
}

#[test]
fn v31_what_comes_out_of_hours_reaches_an_own_number_inside() {
    let hours = ScheduleId::from_u128(1);
    let never = std::array::from_fn(|_| Some(Day::new()));
    let mut plan = plan();
    let reception = Arc::make_mut(&mut plan.reception);
    let schedule = Schedule::new(TimeZone::UTC, never, Default::default());
    reception.schedules.insert(hours, Arc::new(schedule));
    let closed = PlanDesk {
        schedule: Some(hours),
        closed_to: Some(Destination::Number(direct())),
        ..PlanDesk::default()
    };
    reception.departments.insert(DepartmentId::from_u128(1), closed);
    reaches_boris(62, SALES, plan, |_| ());
}

#[test]
fn v31_a_forwarding_to_an_own_number_reaches_it_inside() {
    let settings = Forwarding {
        always: Some(Target::Outside(direct())),
        ..Forwarding::default()
    };
    let set = PlanForwarding { settings, mark: 0 };
    let plan = DialPlan {
        features: Arc::new(FeatureSection::new([], [(id(ANNA), set)])),
        ..plan()
    };
    reaches_boris(63, OWN, plan, |_| ());
}

#[test]
fn v31_a_key_of_a_menu_reaches_an_own_number_inside() {
    let account = AccountId::from_u128(ACCOUNT);
    let menu = PlanMenu {
        short_number: ShortNumber::read("300").ok(),
        keys: [('1', Some(Destination::Number(direct())))].into(),
        ..PlanMenu::new(MenuId::from_u128(1), account, "Main".into(), PROMPT)
    };
    let main = number(OWN, Destination::Menu(menu.id));
    let plan = DialPlan {
        menus: Arc::new(MenuSection::new(vec![menu], Default::default())),
        numbers: Arc::new(NumberSection::new(vec![
            main,
            number(DIRECT, Destination::Staff(id(BORIS))),
        ])),
        ..plan()
    };
    reaches_boris(64, OWN, plan, |world| {
        let listening = |world: &World| world.media.legs.iter().find(|(_, leg)| leg.listens).map(|(id, _)| *id);
        assert!(
            world.wait_for(s(10), |world| listening(world).is_some()),
            "{}",
            world.ladder()
        );
        let leg = listening(world).expect("a leg");
        world.input(Input::Media(MediaNotice::Digit { leg, digit: '1' }));
    });
}
