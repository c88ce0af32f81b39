//! Menus: a caller hears a prompt and says by keys whom they want; one call, one record.

use std::sync::Arc;

use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk::engine::output::Disposition;
use frontdesk_media::io::command::MediaNotice;
use frontdesk_media::sound::{self, Sound};
use frontdesk_routing::ids::{AccountId, DepartmentId, MenuId, PromptId, StaffId};
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{Destination, DialPlan, MenuSection, PlanMenu};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

pub(crate) const ANNA_AT: usize = 0;
pub(crate) const BORIS_AT: usize = 1;
pub(crate) const CLARA_AT: usize = 2;
const MAIN: MenuId = MenuId::from_u128(1);
const MORE: MenuId = MenuId::from_u128(2);
const PROMPT: PromptId = PromptId::from_u128(1);

fn prompt() -> Sound {
    sound::tone(700, 2_000)
}

/// 300 is the main menu: 1 Anna, 2 the department, 3 the other menu, 9 a person who is no more, * the end.
pub(crate) fn main_menu() -> PlanMenu {
    let staff = |id| Some(Destination::Staff(StaffId::from_u128(id)));
    let plan = people::plan();
    let department = plan
        .departments
        .by_short(AccountId::from_u128(ACCOUNT), ShortNumber::read("200").unwrap());
    let sales: Option<DepartmentId> = department.map(|department| department.id);
    PlanMenu {
        short_number: ShortNumber::read("300").ok(),
        keys: [
            ('1', staff(ANNA.id)),
            ('2', sales.map(Destination::Department)),
            ('3', Some(Destination::Menu(MORE))),
            ('9', staff(999)),
            ('*', None),
        ]
        .into(),
        dials_short: true,
        retries: 1,
        on_timeout: staff(BORIS.id),
        ..PlanMenu::new(MAIN, AccountId::from_u128(ACCOUNT), "Main".into(), PROMPT)
    }
}

/// Goes back to the main menu by itself.
fn other_menu() -> PlanMenu {
    PlanMenu {
        retries: 0,
        timeout_ms: 1_000,
        on_timeout: Some(Destination::Menu(MAIN)),
        ..PlanMenu::new(MORE, AccountId::from_u128(ACCOUNT), "More".into(), PROMPT)
    }
}

pub(crate) fn plan(menus: Vec<PlanMenu>) -> DialPlan {
    let account = AccountId::from_u128(ACCOUNT);
    let dialable = [ANNA, BORIS].map(|person| {
        let short = ShortNumber::read(person.number).unwrap();
        (account, short, Destination::Staff(StaffId::from_u128(person.id)))
    });
    DialPlan {
        menus: Arc::new(MenuSection::new(menus, dialable.into())),
        ..people::plan()
    }
}

/// Clara calls; the others answer.
pub(crate) fn office(seed: u8, weather: Weather) -> World {
    let mut world = World::office(seed, weather);
    world.input(Input::Plan(Arc::new(plan(vec![main_menu(), other_menu()]))));
    world.input(Input::Operator(OperatorCommand::Prompt {
        account: AccountId::from_u128(ACCOUNT),
        prompt: PROMPT,
        replaces: None,
        sound: Some(Arc::new(prompt())),
    }));
    for phone in [ANNA_AT, BORIS_AT] {
        world.phones[phone].manner = Manner::Answer(s(1));
    }
    world
}

/// Clara is in a menu and hears its prompt.
pub(crate) fn is_asked(world: &World) -> bool {
    let heard = world.phones[CLARA_AT].calls.last().and_then(|call| call.heard.as_ref());
    let leg = heard.and_then(|heard| world.media.leg_at(heard.port));
    let leg = leg.and_then(|leg| world.media.legs.get(&leg));
    leg.is_some_and(|leg| leg.listens && leg.playing.is_some_and(|(_, repeat)| !repeat))
}

pub(crate) fn press(world: &mut World, keys: &str) {
    for digit in keys.chars() {
        let port = world.phones[CLARA_AT].last().heard.as_ref().unwrap().port;
        let leg = world.media.leg_at(port).unwrap();
        world.input(Input::Media(MediaNotice::Digit { leg, digit }));
        world.run_for(ms(100));
    }
}

#[test]
fn a_key_leads_to_a_person_whatever_is_lost_on_the_way() {
    for (seed, weather) in [(1, FAIR), (2, rough(5)), (3, rough(20))] {
        let mut world = office(seed, weather);
        let call = world.dial(CLARA_AT, "300");
        assert!(world.wait_for(s(30), is_asked), "{}", world.ladder());
        assert!(world.sounds.has(&prompt()));
        press(&mut world, "1");
        assert!(
            world.wait_for(s(60), |world| world.together(CLARA_AT, ANNA_AT)),
            "{}",
            world.ladder()
        );
        world.run_for(s(2));
        world.hang_up(CLARA_AT, call);
        world.close();
        let record = world.record();
        assert_eq!(record.disposition, Some(Disposition::Answered));
        assert_eq!(record.callee.staff, Some(StaffId::from_u128(ANNA.id)));
        let why =
            "the menu Main answers; in the menu Main: the key 1 was pressed; then the short number is Anna Tester's";
        assert_eq!(record.because, why);
        assert_eq!(world.media.tapped, 1, "one recording");
    }
}

#[test]
fn a_key_leads_to_a_line_to_another_menu_or_to_the_end() {
    let mut world = office(4, FAIR);
    let call = world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(10), is_asked));
    press(&mut world, "3");
    // 3 could be the beginning of 300: another digit is waited for
    assert!(world.wait_for(s(5), is_asked), "by the other menu");
    world.run_for(s(4));
    press(&mut world, "2");
    let talks = |world: &World| world.together(CLARA_AT, ANNA_AT) || world.together(CLARA_AT, BORIS_AT);
    assert!(world.wait_for(s(30), talks), "{}", world.ladder());
    world.hang_up(CLARA_AT, call);
    world.close();
    let record = world.record();
    assert!(
        record
            .because
            .contains("in the menu More: nothing was pressed; then the menu Main answers")
    );
    assert!(
        record.because.contains("the key 2 was pressed; then "),
        "{}",
        record.because
    );
    let mut world = office(5, FAIR);
    world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(10), is_asked));
    press(&mut world, "*");
    world.run_for(s(1));
    assert_eq!(world.phones[CLARA_AT].last().state, State::Over);
    world.close();
    assert_eq!(world.record().disposition, Some(Disposition::NoAnswer));
}

#[test]
fn a_short_number_is_dialled_in_a_menu() {
    let mut world = office(6, FAIR);
    world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(10), is_asked));
    press(&mut world, "102");
    assert!(
        world.wait_for(s(10), |world| world.together(CLARA_AT, BORIS_AT)),
        "{}",
        world.ladder()
    );
    world.phones[CLARA_AT].calls.last().unwrap();
    world.hang_up(CLARA_AT, 0);
    world.close();
    assert!(world.record().because.contains("the short number 102 was dialled"));
}

/// A key by INFO counts as one by telephone-event.
#[test]
fn a_key_by_info_is_heard_too() {
    let mut world = office(7, FAIR);
    let mut menu = main_menu();
    menu.keys = [('5', menu.keys[&'1'])].into();
    menu.dials_short = false;
    world.input(Input::Plan(Arc::new(plan(vec![menu]))));
    let call = world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(10), is_asked));
    world.act(CLARA_AT, |phone, now| phone.info(call, now));
    assert!(
        world.wait_for(s(10), |world| world.together(CLARA_AT, ANNA_AT)),
        "{}",
        world.ladder()
    );
    world.hang_up(CLARA_AT, call);
    world.close();
}
