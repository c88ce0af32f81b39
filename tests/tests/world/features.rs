//! Feature codes: settings changed by phone, the echo, and the number that is spoken.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::{Disposition, JournalEntry, SettingChange};
use frontdesk_media::sound::{self, Language};
use frontdesk_routing::features::{Feature, FeatureCodes};
use frontdesk_routing::forwarding::{Change, Condition, Forwarding, Target};
use frontdesk_routing::ids::{AccountId, StaffId};
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{DialPlan, FeatureSection, PlanFeatures, PlanForwarding};
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS, CLARA, LINE};
use frontdesk_tests::world::phone::State;
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

fn ladder(world: &World) -> String {
    world.transcript.ladder().join("\n")
}

fn changes(world: &World) -> Vec<SettingChange> {
    let changes = world.journal.iter().filter_map(|entry| match entry {
        JournalEntry::SettingChanged(change) => Some(*change),
        _ => None,
    });
    changes.collect()
}

fn short(number: &str) -> Option<Target> {
    ShortNumber::read(number).ok().map(Target::Short)
}

/// Dials a code that ends by itself, and gives the final status.
fn dial_through(world: &mut World, phone: usize, code: &str) -> Option<u16> {
    let call = world.dial(phone, code);
    let over = world.wait_for(s(60), |world| world.phones[phone].call(call).state == State::Over);
    assert!(over, "{code}: {}", ladder(world));
    let call = world.phones[phone].call(call);
    call.status.or_else(|| call.ended_by.map(|_| 200))
}

#[test]
fn a_setting_made_by_phone_counts_for_the_next_call_and_is_told_by_a_tone() {
    for loss in [0, 5, 20] {
        let mut world = World::office(1, rough(loss));
        dial_through(&mut world, BORIS_AT, "*78");
        assert!(world.sounds.has(&sound::confirmation()));
        let call = world.dial(ANNA_AT, BORIS.number);
        world.wait_for(s(40), |world| world.phones[ANNA_AT].call(call).status.is_some());
        assert_eq!(world.phones[ANNA_AT].call(call).status, Some(480), "{}", ladder(&world));
        assert!(world.phones[BORIS_AT].calls.iter().all(|call| call.outgoing));
        dial_through(&mut world, BORIS_AT, "*79");
        assert!(world.sounds.has(&sound::revocation()));
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
        let changes = changes(&world);
        let made: Vec<Change> = changes.iter().map(|made| made.change).collect();
        assert_eq!(made, [Change::Dnd(true), Change::Dnd(false)]);
        assert!(changes[0].mark < changes[1].mark);
        assert!(changes.iter().all(|made| made.staff == StaffId::from_u128(BORIS.id)));
        let record = world.records_of_calls()[0];
        assert_eq!(record.because, "a feature code: do not disturb");
        assert_eq!(record.disposition, Some(Disposition::Answered));
    }
}

#[test]
fn a_forwarding_made_by_phone_is_followed_at_once_and_taken_back() {
    let mut world = World::office(2, FAIR);
    dial_through(&mut world, BORIS_AT, "*72103");
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(6));
    assert_eq!(
        world.phones[CLARA_AT].last().state,
        State::Talking,
        "{}",
        ladder(&world)
    );
    world.hang_up(ANNA_AT, call);
    dial_through(&mut world, BORIS_AT, "*73");
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.end_calls(ANNA_AT);
    for code in ["*90103#", "*92200", "*94101", "*91", "*93", "*95"] {
        dial_through(&mut world, BORIS_AT, code);
    }
    world.close();
    let made: Vec<Change> = changes(&world).iter().map(|made| made.change).collect();
    let forward = Change::Forward;
    let expected = [
        forward(Condition::Always, short("103")),
        forward(Condition::Always, None),
        forward(Condition::Busy, short("103")),
        forward(Condition::NoAnswer, short("200")),
        forward(Condition::Offline, short("101")),
        forward(Condition::Busy, None),
        forward(Condition::NoAnswer, None),
        forward(Condition::Offline, None),
    ];
    assert_eq!(made, expected);
}

#[test]
fn the_toggle_turns_what_the_plan_and_later_changes_say() {
    let mut world = World::office(3, FAIR);
    let dnd = Forwarding {
        dnd: true,
        ..Forwarding::default()
    };
    let settings = PlanForwarding { settings: dnd, mark: 0 };
    let features = FeatureSection::new([], [(StaffId::from_u128(BORIS.id), settings)]);
    let plan = DialPlan {
        features: Arc::new(features),
        ..people::plan()
    };
    world.input(Input::Plan(Arc::new(plan)));
    for _ in 0..3 {
        dial_through(&mut world, BORIS_AT, "*76");
    }
    let made: Vec<Change> = changes(&world).iter().map(|made| made.change).collect();
    assert_eq!(made, [Change::Dnd(false), Change::Dnd(true), Change::Dnd(false)]);
    world.close();
}

#[test]
fn a_code_that_cannot_be_done_changes_nothing_and_says_so_by_its_status() {
    let mut world = World::office(4, FAIR);
    for (code, status) in [
        ("*72", 484),
        ("*72999", 404),
        ("*72101", 403),
        ("*8", 480),
        ("**103", 480),
        ("701", 404),
    ] {
        assert_eq!(dial_through(&mut world, ANNA_AT, code), Some(status), "{code}");
    }
    let line = world.add_phone(LINE);
    world.register(line);
    world.run_for(s(2));
    assert_eq!(dial_through(&mut world, line, "*78"), Some(404));
    assert_eq!(changes(&world), []);
    world.close();
}

#[test]
fn the_echo_test_sends_back_what_it_hears_until_the_caller_leaves() {
    for loss in [0, 5, 20] {
        let mut world = World::office(5, rough(loss));
        let call = world.dial(ANNA_AT, "*43");
        assert!(world.wait_for(s(40), |world| world.phones[ANNA_AT].call(call).state == State::Talking));
        world.run_for(s(30));
        let echoing: Vec<bool> = world
            .media
            .legs
            .values()
            .map(|leg| leg.echo && leg.media.is_some())
            .collect();
        assert_eq!(echoing, [true]);
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.record().because, "a feature code: echo test");
        assert_eq!(world.media.tapped, 0, "nobody is recorded who talks with himself");
    }
}

#[test]
fn an_echo_test_that_nobody_ends_ends_after_five_minutes_or_when_its_phone_is_gone() {
    let mut world = World::office(6, FAIR);
    let call = world.dial(ANNA_AT, "*43");
    world.run_for(s(290));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
    world.run_for(s(15));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Over);
    let call = world.dial(ANNA_AT, "*43");
    world.run_for(s(3));
    world.fall_silent(ANNA_AT, call);
    world.run_for(s(3));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Over);
    world.close();
}

#[test]
fn the_callers_own_number_is_spoken_in_the_language_of_the_country() {
    let mut world = World::office(7, rough(5));
    assert_eq!(dial_through(&mut world, CLARA_AT, "*65"), Some(200));
    assert!(world.sounds.has(&sound::spoken(CLARA.number, Language::Russian)));
    assert!(!world.sounds.has(&sound::spoken(ANNA.number, Language::Russian)));
    world.close();
}

#[test]
fn an_invite_without_an_offer_is_served_once_its_ack_has_brought_the_answer() {
    let mut world = World::office(8, FAIR);
    let call = world.act(ANNA_AT, |phone, now| phone.dial("*65", false, now));
    world.run_for(s(30));
    assert_eq!(
        world.phones[ANNA_AT].call(call).state,
        State::Over,
        "{}",
        ladder(&world)
    );
    assert!(world.sounds.has(&sound::spoken("101", Language::Russian)));
    world.close();
}

#[test]
fn a_served_caller_can_hold_and_resume_but_not_transfer() {
    let mut world = World::office(9, FAIR);
    let call = world.dial(ANNA_AT, "*43");
    world.run_for(s(3));
    world.act(ANNA_AT, |phone, now| phone.reinvite(call, "sendonly", now));
    world.run_for(s(3));
    world.act(ANNA_AT, |phone, now| phone.reinvite(call, "sendrecv", now));
    world.run_for(s(3));
    world.act(ANNA_AT, |phone, now| phone.info(call, now));
    world.act(ANNA_AT, |phone, now| phone.refer(call, BORIS.number, now));
    world.run_for(s(3));
    assert_eq!(
        world.phones[ANNA_AT].call(call).results,
        [200, 200, 200, 603],
        "{}",
        ladder(&world)
    );
    assert!(world.phones[BORIS_AT].calls.is_empty());
    world.hang_up(ANNA_AT, call);
    world.close();
}

#[test]
fn an_account_has_its_own_codes() {
    let mut world = World::office(10, FAIR);
    let mut codes = FeatureCodes::default();
    codes.set(Feature::Echo, Some("#1"));
    codes.set(Feature::DndOn, None);
    let account = PlanFeatures {
        codes,
        ..PlanFeatures::default()
    };
    let features = FeatureSection::new([(AccountId::from_u128(ACCOUNT), account)], []);
    let plan = DialPlan {
        features: Arc::new(features),
        ..people::plan()
    };
    world.input(Input::Plan(Arc::new(plan)));
    assert_eq!(dial_through(&mut world, ANNA_AT, "*43"), Some(404));
    assert_eq!(dial_through(&mut world, ANNA_AT, "*78"), Some(404));
    let call = world.dial(ANNA_AT, "#1");
    world.run_for(s(3));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
    world.hang_up(ANNA_AT, call);
    world.close();
}

#[test]
fn colleagues_who_watch_see_at_once_that_somebody_wants_to_be_left_alone() {
    for loss in [0, 5, 20] {
        let mut world = World::office(11, rough(loss));
        let watch = world.act(ANNA_AT, |phone, now| phone.watch("presence", BORIS.number, 100, now));
        world.run_for(s(40));
        for (code, note) in [("*78", "Do not disturb"), ("*79", "Online")] {
            dial_through(&mut world, BORIS_AT, code);
            let seen = |world: &World| world.phones[ANNA_AT].watching[watch].last().contains(note);
            assert!(world.wait_for(s(60), seen), "{loss} % {code}: {}", ladder(&world));
        }
        world.close();
    }
}
