//! Do not disturb and forwarding: before phones ring, in chains and circles.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Disposition;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{DialPlan, FeatureSection, PlanForwarding};
use frontdesk_tests::world::net::{Weather, weathers};
use frontdesk_tests::world::people::{self, BORIS, CLARA, Person};
use frontdesk_tests::world::phone::State;
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

fn to(person: Person) -> Option<Target> {
    ShortNumber::read(person.number).ok().map(Target::Short)
}

fn plan(settings: &[(Person, Forwarding)]) -> DialPlan {
    let people = settings.iter().map(|(person, settings)| {
        let settings = *settings;
        (StaffId::from_u128(person.id), PlanForwarding { settings, mark: 0 })
    });
    DialPlan {
        features: Arc::new(FeatureSection::new([], people)),
        ..people::plan()
    }
}

/// The office in which these people have set this.
fn office(seed: u8, weather: Weather, settings: &[(Person, Forwarding)]) -> World {
    let mut world = World::office(seed, weather);
    world.input(Input::Plan(Arc::new(plan(settings))));
    world
}

fn always(person: Person) -> Forwarding {
    Forwarding {
        always: to(person),
        ..Forwarding::default()
    }
}

#[test]
fn all_calls_go_where_the_person_has_sent_them() {
    for weather in weathers() {
        let mut world = office(1, weather, &[(BORIS, always(CLARA))]);
        let call = world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, CLARA_AT);
        assert!(world.phones[BORIS_AT].calls.is_empty());
        let clara = world.phones[CLARA_AT].last();
        assert_eq!((clara.state, clara.shown.0.as_str()), (State::Talking, "Anna Tester"));
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
        let record = world.record();
        assert_eq!(
            (record.called.as_str(), record.disposition),
            ("102", Some(Disposition::Answered))
        );
        assert_eq!(record.callee.staff.map(|id| id.as_u128()), Some(CLARA.id));
        assert_eq!(
            record.because,
            "Boris Tester forwards all calls: the short number is Clara Tester's"
        );
    }
}

#[test]
fn whoever_wants_no_calls_is_not_rung() {
    for weather in weathers() {
        let dnd = Forwarding {
            dnd: true,
            ..Forwarding::default()
        };
        let mut world = office(2, weather, &[(BORIS, dnd)]);
        let call = world.dial(ANNA_AT, BORIS.number);
        assert_eq!(world.status_of(ANNA_AT, call), 480);
        assert!(world.phones[BORIS_AT].calls.is_empty());
        // In a department the others ring.
        let call = world.dial(ANNA_AT, "200");
        assert!(world.wait_for(s(60), |world| !world.phones[CLARA_AT].calls.is_empty()));
        world.run_for(s(1));
        assert!(world.phones[BORIS_AT].calls.is_empty());
        assert_eq!(world.phones[CLARA_AT].calls.len(), 1);
        world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
        world.run_for(s(40));
        world.close();
        assert_eq!(
            world.records_of_calls()[0].because,
            "Boris Tester does not want to be disturbed"
        );
    }
}

#[test]
fn a_call_to_somebody_without_a_phone_goes_on() {
    for weather in weathers() {
        let away = Forwarding {
            offline: to(CLARA),
            ..Forwarding::default()
        };
        let mut world = office(5, weather, &[(BORIS, away)]);
        world.act(BORIS_AT, |phone, now| phone.register(0, now));
        assert!(world.wait_for(s(60), |world| world.edges(BORIS) == [true, false]));
        let call = world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, CLARA_AT);
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_circle_of_forwardings_ends() {
    for weather in weathers() {
        let mut world = office(7, weather, &[(BORIS, always(CLARA)), (CLARA, always(BORIS))]);
        let call = world.dial(ANNA_AT, BORIS.number);
        assert_eq!(world.status_of(ANNA_AT, call), 482);
        world.close();
        let because = &world.record().because;
        assert!(
            because.ends_with("the forwarding comes back to Boris Tester"),
            "{because}"
        );
    }
}

#[test]
fn a_secretary_reaches_the_chief_whose_calls_she_takes() {
    for weather in weathers() {
        let mut world = office(8, weather, &[(BORIS, always(CLARA))]);
        let call = world.dial(CLARA_AT, BORIS.number);
        world.meet(CLARA_AT, BORIS_AT);
        world.hang_up(CLARA_AT, call);
        world.run_for(s(40));
        world.close();
    }
}
