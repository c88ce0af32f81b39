//! Row L21: wherever a call of a project goes on to, nobody is rung who takes no calls there.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::ids::{AccountId, DepartmentId, MenuId, ProjectId, PromptId, ScheduleId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{
    DepartmentSection, Destination, DialPlan, MenuSection, NumberSection, PlanDepartment, PlanDesk, PlanMenu,
    PlanReception, PlanTrunk, ReceptionSection,
};
use frontdesk_routing::schedule::Schedule;
use frontdesk_tests::world::net::{Weather, weathers};
use frontdesk_tests::world::people::{self, ACCOUNT, BORIS, DAVID};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::s;
use frontdesk_tests::world::trunks::{self, BORIS_AT, FIRST, OWN, trunk};
use jiff::tz::TimeZone;

use crate::menus::{is_asked, press};

const SALES: DepartmentId = DepartmentId::from_u128(1);
const MAIN: MenuId = MenuId::from_u128(1);

fn boris() -> Destination {
    Destination::Staff(StaffId::from_u128(BORIS.id))
}

/// Boris takes the calls of these projects. Nobody works in the department, whose calls go to him then.
fn plan(projects: &[u128], department: PlanDesk, number: PlanDesk, to: Destination) -> DialPlan {
    let brings = PlanTrunk {
        provider: None,
        sources: vec!["192.0.2.10/32".parse().expect("a network")],
        ..trunk(1, &[], false)
    };
    let takes = PlanReception {
        receiving: true,
        projects: projects.iter().map(|number| ProjectId::from_u128(*number)).collect(),
        ..PlanReception::default()
    };
    let account = AccountId::from_u128(ACCOUNT);
    let own = PhoneNumber::from_e164(OWN).expect("a number");
    let never = Schedule::new(TimeZone::UTC, Default::default(), Default::default());
    let sales = PlanDepartment {
        overflow: Some(boris()),
        ..people::department("200", 1, &[DAVID])
    };
    let menu = PlanMenu {
        keys: [('1', Some(boris()))].into(),
        ..PlanMenu::new(MAIN, account, "Main".into(), PromptId::from_u128(1))
    };
    DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        menus: Arc::new(MenuSection::new(vec![menu], Vec::new())),
        numbers: Arc::new(NumberSection::new(vec![trunks::number(OWN, to)])),
        reception: Arc::new(ReceptionSection {
            people: [(StaffId::from_u128(BORIS.id), takes)].into_iter().collect(),
            departments: [(SALES, department)].into_iter().collect(),
            numbers: [((account, own), number)].into_iter().collect(),
            projects: [(ProjectId::from_u128(2), "Second".into())].into_iter().collect(),
            schedules: [(ScheduleId::from_u128(1), Arc::new(never))].into_iter().collect(),
            ..ReceptionSection::default()
        }),
        ..trunks::plan(vec![brings])
    }
}

fn second() -> PlanDesk {
    PlanDesk {
        project: Some(ProjectId::from_u128(2)),
        ..PlanDesk::default()
    }
}

/// Whether a call, on which this key is pressed, rings Boris, who takes calls of these projects; and its record.
fn rings_boris(weather: Weather, plan: DialPlan, key: Option<&str>) -> (bool, String) {
    let mut world = trunks::world(160, weather, Vec::new());
    world.input(Input::Plan(Arc::new(plan)));
    world.phones[BORIS_AT].manner = Manner::Ring;
    world.run_for(s(1));
    let call = world.dial(FIRST, OWN);
    if let Some(key) = key {
        assert!(world.wait_for(s(60), is_asked), "{}", world.ladder());
        press(&mut world, key);
    }
    let rung = world.wait_for(s(30), |world| !world.phones[BORIS_AT].calls.is_empty());
    world.give_up(FIRST, call);
    world.run_for(s(40));
    world.close();
    (rung, world.record().because.clone())
}

fn check(name: &str, plan: impl Fn(&[u128]) -> DialPlan, key: Option<&str>) {
    for weather in weathers() {
        let (rung, because) = rings_boris(weather, plan(&[1]), key);
        assert!(!rung, "{name}: {because}");
        assert!(because.contains(", who does not work in Second"), "{name}: {because}");
        let (rung, because) = rings_boris(weather, plan(&[1, 2]), key);
        assert!(rung, "{name}: {because}");
    }
}

#[test]
fn l21_the_overflow_of_a_department_is_a_call_of_its_project() {
    let to = Destination::Department(SALES);
    check(
        "overflow",
        |projects| plan(projects, second(), PlanDesk::default(), to),
        None,
    );
}

#[test]
fn l21_the_overflow_of_a_department_without_a_project_is_a_call_of_that_of_the_number() {
    let to = Destination::Department(SALES);
    check(
        "overflow",
        |projects| plan(projects, PlanDesk::default(), second(), to),
        None,
    );
}

#[test]
fn l21_whoever_stands_in_for_a_closed_department_takes_calls_of_its_project() {
    let closed = || PlanDesk {
        schedule: Some(ScheduleId::from_u128(1)),
        closed_to: Some(boris()),
        ..second()
    };
    let to = Destination::Department(SALES);
    check(
        "closed",
        |projects| plan(projects, closed(), PlanDesk::default(), to),
        None,
    );
}

#[test]
fn l21_a_key_of_a_menu_leads_to_nobody_who_takes_no_calls_of_the_number() {
    let to = Destination::Menu(MAIN);
    check(
        "menu",
        |projects| plan(projects, PlanDesk::default(), second(), to),
        Some("1"),
    );
}
