//! A process that dies in the middle of calls, and the one that comes after it.

use frontdesk::engine::output::{Disposition, EndedBySide};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::weathers;
use frontdesk_tests::world::people::{self, BORIS, CLARA, DAVID};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const DAVID_AT: usize = 3;

#[test]
fn calls_that_a_crash_has_cut_off_are_ended_and_phones_call_again_without_registering() {
    for weather in weathers() {
        let mut world = World::office_behind_nats(1, weather);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.phones[DAVID_AT].manner = Manner::Ring;
        world.dial(CLARA_AT, DAVID.number);
        let rings = |world: &World| world.phones[CLARA_AT].call(0).progress == [180];
        assert!(world.wait_for(s(60), rings), "{}", world.ladder());
        assert_eq!(world.crash(people::plan()), 2);
        let record = world.record();
        let ended = (record.disposition, record.ended_by);
        assert_eq!(ended, (Some(Disposition::Answered), Some(EndedBySide::System)));
        // To those who talk nobody says that it is over.
        world.run_for(s(20));
        assert_eq!(world.phones[ANNA_AT].states(), [State::Talking]);
        assert!(world.engine.counts().sessions == 0 && world.media.legs.is_empty());
        for phone in [ANNA_AT, BORIS_AT, DAVID_AT] {
            world.hang_up(phone, 0);
        }
        world.give_up(CLARA_AT, 0);
        world.run_for(s(40));
        assert!(!world.sent_to(ANNA_AT, "481 BYE").is_empty(), "{}", world.ladder());
        world.dial(BORIS_AT, CLARA.number);
        world.meet(BORIS_AT, CLARA_AT);
        world.end_calls(CLARA_AT);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.records_of_calls().len(), 2);
    }
}

#[test]
fn a_phone_by_a_connection_is_back_when_it_has_registered_by_another_one() {
    for transport in [Transport::Tcp, Transport::Tls, Transport::Wss] {
        let mut world = World::office(2, weathers()[2]);
        let david = world.add_phone_at(DAVID, transport, "192.0.2.10:45000");
        world.register(david);
        world.run_for(s(40));
        world.talk(david, ANNA_AT, people::ANNA.number);
        assert_eq!(world.crash(people::plan()), 1);
        let call = world.dial(BORIS_AT, DAVID.number);
        assert_eq!(world.status_of(BORIS_AT, call), 480, "{transport:?}");
        world.register(david);
        world.run_for(s(2));
        world.dial(BORIS_AT, DAVID.number);
        world.meet(BORIS_AT, david);
        for phone in [ANNA_AT, BORIS_AT, david] {
            world.end_calls(phone);
        }
        world.run_for(s(40));
        world.close();
    }
}
