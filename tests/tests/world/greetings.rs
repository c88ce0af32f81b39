//! A number's own greeting, and "this call is recorded", before the call goes on.

use std::sync::Arc;

use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk::engine::output::Disposition;
use frontdesk_media::sound::{self, Language, Sound};
use frontdesk_routing::ids::{AccountId, PromptId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{Destination, DialPlan, Greeting, MenuSection, NumberSection};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, CLIENT_NUMBER, LINE};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{OWN, number};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const PROMPT: PromptId = PromptId::from_u128(1);

fn welcome() -> Sound {
    sound::tone(700, 2_000)
}

/// The provider's line calls our number, which is Anna's.
fn office(seed: u8, weather: Weather, greeting: Greeting) -> (World, usize) {
    let mut world = World::office(seed, weather);
    let line = world.add_phone(LINE);
    world.register(line);
    let account = AccountId::from_u128(ACCOUNT);
    let own = PhoneNumber::from_e164(OWN).unwrap();
    let anna = Destination::Staff(StaffId::from_u128(ANNA.id));
    let menus = MenuSection::default().greeting_callers(vec![(account, own, greeting)]);
    world.input(Input::Plan(Arc::new(DialPlan {
        numbers: Arc::new(NumberSection::new(vec![number(OWN, anna)])),
        menus: Arc::new(menus),
        ..people::plan()
    })));
    world.input(Input::Operator(OperatorCommand::Prompt {
        account,
        prompt: PROMPT,
        replaces: None,
        sound: Some(Arc::new(welcome())),
    }));
    world.run_for(s(40));
    world.phones[ANNA_AT].manner = Manner::Answer(s(1));
    let value = format!("<sip:{CLIENT_NUMBER}@provider.example>");
    world.phones[line].claims = vec![("P-Asserted-Identity".into(), value)];
    (world, line)
}

#[test]
fn a_caller_hears_the_greeting_and_that_the_call_is_recorded_and_is_connected_then() {
    let recorded = sound::being_recorded(Language::Russian);
    let only = |prompt, says_recorded| Greeting { prompt, says_recorded };
    for (greeting, hears) in [
        (only(Some(PROMPT), true), (true, true)),
        (only(Some(PROMPT), false), (true, false)),
        (only(None, true), (false, true)),
    ] {
        for (seed, weather) in [(1, FAIR), (2, rough(5)), (3, rough(20))] {
            let (mut world, line) = office(seed, weather, greeting);
            let call = world.dial(line, OWN);
            let answered = world.wait_for(s(30), |world| world.phones[line].call(call).state == State::Talking);
            assert!(answered, "{}", world.ladder());
            assert!(world.phones[ANNA_AT].calls.is_empty(), "nobody is rung yet");
            assert_eq!((world.sounds.has(&welcome()), world.sounds.has(&recorded)), hears);
            assert!(
                world.wait_for(s(60), |world| world.together(line, ANNA_AT)),
                "{}",
                world.ladder()
            );
            world.run_for(s(2));
            world.hang_up(line, call);
            world.close();
            let record = world.record();
            assert_eq!(record.disposition, Some(Disposition::Answered));
            let why = "the number greets its callers; then the number is connected with Anna Tester";
            assert_eq!(record.because, why);
        }
    }
}

#[test]
fn who_hangs_up_in_the_greeting_rings_nobody_and_is_on_record() {
    let greeting = Greeting {
        prompt: Some(PROMPT),
        says_recorded: true,
    };
    let (mut world, line) = office(4, FAIR, greeting);
    let call = world.dial(line, OWN);
    assert!(world.wait_for(s(10), |world| world.phones[line].call(call).state == State::Talking));
    world.run_for(ms(500));
    world.hang_up(line, call);
    world.close();
    assert!(world.phones[ANNA_AT].calls.is_empty());
    assert_eq!(world.record().disposition, Some(Disposition::Abandoned));
}

/// A prompt whose audio is not there delays nobody.
#[test]
fn a_greeting_without_audio_is_left_out() {
    let greeting = Greeting {
        prompt: Some(PromptId::from_u128(9)),
        says_recorded: false,
    };
    let (mut world, line) = office(5, FAIR, greeting);
    let call = world.dial(line, OWN);
    assert!(
        world.wait_for(s(10), |world| world.together(line, ANNA_AT)),
        "{}",
        world.ladder()
    );
    world.hang_up(line, call);
    world.close();
    assert_eq!(world.record().because, "the number is connected with Anna Tester");
}

/// Row L28: the greeting has answered, and yet Anna has missed the call.
#[test]
fn l28_a_greeted_call_that_nobody_takes_is_recorded_with_whom_it_was_for() {
    let greeting = Greeting {
        prompt: Some(PROMPT),
        says_recorded: false,
    };
    let (mut world, line) = office(6, FAIR, greeting);
    world.phones[ANNA_AT].manner = Manner::Refuse(486, ms(300));
    let call = world.dial(line, OWN);
    let over = |world: &World| world.phones[line].call(call).state == State::Over;
    assert!(world.wait_for(s(60), over), "{}", world.ladder());
    world.close();
    let record = world.record();
    assert_eq!(record.callee.staff, Some(StaffId::from_u128(ANNA.id)));
    assert_eq!(record.disposition, Some(Disposition::Busy));
}
