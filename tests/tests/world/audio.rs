//! What parties hear that no other party says: music while they are held, and keys by the way that each of them knows.

use frontdesk::engine::input::Input;
use frontdesk_media::io::command::Codec;
use frontdesk_media::io::command::{MediaLegId, MediaNotice};
use frontdesk_tests::world::media::ModelLeg;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::BORIS;
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::sdp::{ALAW, NOISE, OPUS, ULAW};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;

/// Anna and Boris talk; a phone whose place is in `without` has no telephone-event.
fn talking(weather: Weather, without: &[usize]) -> World {
    let mut world = World::office(7, weather);
    for phone in without {
        world.phones[*phone].events = false;
    }
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    world.dial(ANNA_AT, BORIS.number);
    let both = world.wait_for(s(40), |world| {
        let states = [ANNA_AT, BORIS_AT].map(|phone| world.phones[phone].calls.first().map(|call| call.state));
        states == [Some(State::Talking); 2]
    });
    assert!(both, "{:#?}", world.transcript.ladder());
    world.run_for(s(1));
    world
}

fn leg(world: &World, phone: usize) -> (MediaLegId, &ModelLeg) {
    let port = world.phones[phone].call(0).heard.as_ref().unwrap().port;
    let id = world.media.leg_at(port).expect("a leg");
    (id, &world.media.legs[&id])
}

/// Who hears music that never ends: Anna, Boris.
fn music(world: &World) -> [bool; 2] {
    [ANNA_AT, BORIS_AT].map(|phone| leg(world, phone).1.playing.is_some_and(|(_, repeat)| repeat))
}

fn offer(world: &mut World, phone: usize, direction: &'static str) {
    world.act(phone, |phone, now| phone.reinvite(0, direction, now));
    world.run_for(s(40));
}

#[test]
fn whoever_is_held_hears_music_until_the_other_is_back() {
    let check = |holder: usize, direction, weather| {
        let mut world = talking(weather, &[]);
        assert_eq!(music(&world), [false, false]);
        offer(&mut world, holder, direction);
        assert_eq!(music(&world), [holder == BORIS_AT, holder == ANNA_AT], "{direction}");
        offer(&mut world, holder, direction);
        assert_eq!(music(&world), [holder == BORIS_AT, holder == ANNA_AT], "{direction}");
        offer(&mut world, holder, "sendrecv");
        assert_eq!(music(&world), [false, false], "{direction}");
        world.hang_up(holder, 0);
        world.run_for(s(40));
        world.close();
    };
    for holder in [ANNA_AT, BORIS_AT] {
        check(holder, "sendonly", FAIR);
        check(holder, "inactive", FAIR);
        check(holder, "sendonly", rough(20));
    }
}

#[test]
fn a_phone_with_nothing_but_opus_hears_music_and_is_sent_its_own_number() {
    let mut world = World::office(7, FAIR);
    for phone in [ANNA_AT, BORIS_AT] {
        world.phones[phone].codecs = vec![OPUS];
    }
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    let formats = [ANNA_AT, BORIS_AT].map(|phone| leg(&world, phone).1.media.unwrap().format);
    // Anna offered it by her number; to Boris we offered it by ours, which he keeps sending (RFC 3264 section 6.1).
    for (format, heard) in formats.into_iter().zip([OPUS, 96]) {
        assert_eq!((format.codec, format.payload_type), (Codec::Opus, OPUS));
        assert_eq!(format.heard.audio, heard);
        assert_eq!(format.event_clock, 8_000, "these phones know events of 8000 only");
    }
    offer(&mut world, BORIS_AT, "sendonly");
    assert_eq!(music(&world), [true, false]);
    world.hang_up(ANNA_AT, 0);
    world.close();
}

#[test]
fn comfort_noise_is_agreed_with_the_phones_that_have_it_and_g711_alone() {
    let check = |anna: &[u8], boris: &[u8], expected: [bool; 2]| {
        let mut world = World::office(7, FAIR);
        world.phones[ANNA_AT].codecs = anna.to_vec();
        world.phones[BORIS_AT].codecs = boris.to_vec();
        world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
        world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(5));
        let agreed = [ANNA_AT, BORIS_AT].map(|phone| leg(&world, phone).1.media.unwrap().format.comfort_noise);
        assert_eq!(agreed, expected, "{anna:?} {boris:?}");
        // Anna is answered what she offered; Boris is offered all that we have.
        let told = [ANNA_AT, BORIS_AT].map(|phone| world.phones[phone].call(0).heard.as_ref().unwrap().noise);
        assert_eq!(told, [expected[0], true], "{anna:?} {boris:?}");
        // The same after an offer of ours.
        offer(&mut world, BORIS_AT, "sendonly");
        offer(&mut world, BORIS_AT, "sendrecv");
        let agreed = [ANNA_AT, BORIS_AT].map(|phone| leg(&world, phone).1.media.unwrap().format.comfort_noise);
        assert_eq!(agreed, expected, "{anna:?} {boris:?}");
        world.hang_up(ANNA_AT, 0);
        world.close();
    };
    check(&[ALAW, NOISE], &[ALAW, NOISE], [true, true]);
    check(&[ALAW, NOISE], &[ULAW], [true, false]);
    check(&[ALAW], &[ALAW, NOISE], [false, true]);
    check(&[ALAW], &[ALAW], [false, false]);
    check(&[OPUS, NOISE], &[ALAW, NOISE], [false, true]);
}

#[test]
fn a_hold_by_an_address_of_zeros_brings_music_too() {
    let mut world = talking(FAIR, &[]);
    let home = world.phones[BORIS_AT].home;
    world.phones[BORIS_AT].home = "0.0.0.0:5060".parse().unwrap();
    offer(&mut world, BORIS_AT, "sendrecv");
    assert_eq!(music(&world), [true, false]);
    world.phones[BORIS_AT].home = home;
    offer(&mut world, BORIS_AT, "sendrecv");
    assert_eq!(music(&world), [false, false]);
    world.hang_up(ANNA_AT, 0);
    world.close();
}

#[test]
fn two_who_hold_each_other_hear_nothing_and_the_first_to_be_back_hears_music() {
    let mut world = talking(FAIR, &[]);
    offer(&mut world, ANNA_AT, "sendonly");
    offer(&mut world, BORIS_AT, "sendonly");
    assert_eq!(music(&world), [false, false]);
    offer(&mut world, ANNA_AT, "sendrecv");
    assert_eq!(music(&world), [true, false]);
    offer(&mut world, BORIS_AT, "sendrecv");
    assert_eq!(music(&world), [false, false]);
    world.hang_up(ANNA_AT, 0);
    world.close();
}

#[test]
fn a_key_by_info_reaches_a_phone_with_events_as_one_and_is_answered_by_us() {
    let mut world = talking(FAIR, &[ANNA_AT]);
    for (from, to, pressed) in [(ANNA_AT, BORIS_AT, "5"), (BORIS_AT, ANNA_AT, "")] {
        world.act(from, |phone, now| phone.info(0, now));
        world.run_for(s(2));
        assert_eq!(leg(&world, to).1.pressed, pressed);
        assert_eq!(world.phones[from].call(0).results, [200]);
    }
    assert_eq!(world.phones[BORIS_AT].call(0).others, Vec::<String>::new());
    assert_eq!(world.phones[ANNA_AT].call(0).others, ["INFO"]);
    world.hang_up(ANNA_AT, 0);
    world.close();
}

#[test]
fn a_key_by_an_event_reaches_a_phone_without_events_by_info() {
    let check = |weather, without: usize| {
        let mut world = talking(weather, &[without]);
        let with = 1 - without;
        assert!(leg(&world, with).1.listens && !leg(&world, without).1.listens);
        let (leg, digit) = (leg(&world, with).0, '#');
        world.input(Input::Media(MediaNotice::Digit { leg, digit }));
        world.run_for(s(40));
        assert_eq!(world.phones[without].call(0).others, ["INFO"]);
        world.hang_up(ANNA_AT, 0);
        world.run_for(s(40));
        world.close();
    };
    check(FAIR, ANNA_AT);
    check(FAIR, BORIS_AT);
    check(rough(20), BORIS_AT);
}

#[test]
fn nobody_listens_to_two_phones_that_understand_each_other() {
    for without in [&[][..], &[ANNA_AT, BORIS_AT]] {
        let mut world = talking(FAIR, without);
        assert!(!leg(&world, ANNA_AT).1.listens && !leg(&world, BORIS_AT).1.listens);
        world.hang_up(ANNA_AT, 0);
        world.close();
    }
}

#[test]
fn a_flood_of_keys_does_not_become_a_flood_of_requests() {
    let mut world = talking(FAIR, &[BORIS_AT]);
    let leg = leg(&world, ANNA_AT).0;
    for _ in 0..500 {
        world.input(Input::Media(MediaNotice::Digit { leg, digit: '1' }));
    }
    world.run_for(s(5));
    let told = world.phones[BORIS_AT].call(0).others.len();
    assert!((1..=8).contains(&told), "{told}");
    world.hang_up(ANNA_AT, 0);
    world.close();
}
