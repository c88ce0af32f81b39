//! Messages: a caller whom nobody takes hears a greeting and a tone, and speaks until it has said all.

use std::sync::Arc;

use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk::engine::output::{Disposition, JournalEntry};
use frontdesk_media::io::command::MediaNotice;
use frontdesk_media::sound::{self, Language};
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{AccountId, DepartmentId, MailboxId, RecordingId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{
    DepartmentSection, Destination, DialPlan, FeatureSection, MailboxSection, NumberSection, PlanDepartment,
    PlanForwarding, PlanMailbox, PlanNumber,
};
use frontdesk_routing::queue::QueueSettings;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS, CLIENT_NUMBER, LINE};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const OWN: MailboxId = MailboxId::from_u128(1);
const COMMON: MailboxId = MailboxId::from_u128(2);
const NUMBER: &str = "+74951110001";

fn mailbox(id: MailboxId, staff: Option<u128>, department: Option<u128>) -> PlanMailbox {
    PlanMailbox {
        id,
        account: AccountId::from_u128(ACCOUNT),
        staff: staff.map(StaffId::from_u128),
        department: department.map(DepartmentId::from_u128),
        name: "Sales".into(),
        enabled: true,
        own_greeting: false,
        russian: true,
        longest_s: 30,
    }
}

/// Anna forwards to her mailbox, by this; the department of Anna and Boris overflows to its own.
fn plan(forwarding: Forwarding) -> DialPlan {
    let sales = PlanDepartment {
        overflow: Some(Destination::Mailbox(COMMON)),
        queue: QueueSettings {
            ring_time_ms: 5_000,
            longest_wait_ms: Some(12_000),
            ..QueueSettings::default()
        },
        ..people::department("200", 1, &[ANNA, BORIS])
    };
    let forwards = PlanForwarding {
        settings: forwarding,
        ..PlanForwarding::default()
    };
    let direct = PlanNumber {
        number: PhoneNumber::from_e164(NUMBER).unwrap(),
        account: AccountId::from_u128(ACCOUNT),
        trunk: None,
        to: Destination::Mailbox(COMMON),
    };
    DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        numbers: Arc::new(NumberSection::new(vec![direct])),
        features: Arc::new(FeatureSection::new([], [(StaffId::from_u128(ANNA.id), forwards)])),
        mailboxes: Arc::new(MailboxSection::new(vec![
            mailbox(OWN, Some(ANNA.id), None),
            mailbox(COMMON, None, Some(1)),
        ])),
        ..people::plan()
    }
}

fn no_answer() -> Forwarding {
    Forwarding {
        no_answer: Some(Target::Mailbox),
        no_answer_after: 5,
        ..Forwarding::default()
    }
}

fn office(seed: u8, weather: Weather, forwarding: Forwarding) -> World {
    let mut world = World::office(seed, weather);
    world.input(Input::Plan(Arc::new(plan(forwarding))));
    for at in [ANNA_AT, BORIS_AT] {
        world.phones[at].manner = Manner::Ring;
    }
    world.run_for(s(1));
    world
}

fn is_recorded(world: &World) -> bool {
    world.media.taps.values().any(|legs| legs[1].is_none())
}

fn messages(world: &World) -> Vec<(RecordingId, MailboxId)> {
    let started = world.journal.iter().filter_map(|entry| match entry {
        JournalEntry::MessageStarted { recording, mailbox } => Some((*recording, *mailbox)),
        _ => None,
    });
    started.collect()
}

fn is_dropped(world: &World) -> bool {
    let mut journal = world.journal.iter();
    journal.any(|entry| matches!(entry, JournalEntry::MessageDropped { .. }))
}

fn tell(world: &mut World, phone: usize, notice: impl FnOnce(frontdesk_media::io::command::MediaLegId) -> MediaNotice) {
    let port = world.phones[phone].last().heard.as_ref().unwrap().port;
    let leg = world.media.leg_at(port).unwrap();
    world.input(Input::Media(notice(leg)));
    world.run_for(ms(500));
}

fn press(world: &mut World, phone: usize, digit: char) {
    tell(world, phone, |leg| MediaNotice::Digit { leg, digit });
}

#[test]
fn l61_whoever_is_not_answered_leaves_a_message_and_has_talked_to_nobody_whatever_is_lost_on_the_way() {
    for (seed, weather) in [(1, FAIR), (2, rough(5)), (3, rough(20))] {
        let mut world = office(seed, weather, no_answer());
        let call = world.dial(CLARA_AT, ANNA.number);
        assert!(world.wait_for(s(60), is_recorded), "{}", world.ladder());
        assert_eq!(world.phones[CLARA_AT].call(call).state, State::Talking);
        assert_eq!(world.phones[ANNA_AT].last().state, State::Over, "rings no more");
        assert!(world.sounds.has(&sound::leave_message(Language::Russian)));
        assert!(world.sounds.has(&sound::tone(1_000, 400)));
        world.run_for(s(4));
        world.hang_up(CLARA_AT, call);
        world.run_for(s(40));
        world.close();
        assert_eq!(messages(&world).len(), 1);
        assert_eq!(messages(&world)[0].1, OWN);
        assert!(!is_dropped(&world));
        let record = world.record();
        assert_eq!(
            record.disposition,
            Some(Disposition::NoAnswer),
            "nobody has talked to them"
        );
        assert!(
            record
                .because
                .contains("then Anna Tester forwards calls that are not answered: a message can be left"),
            "{}",
            record.because
        );
        let russian = frontdesk_routing::russian::told(&record.because);
        assert!(russian.contains("можно оставить сообщение"), "{russian}");
    }
}

#[test]
fn a_person_forwards_to_the_mailbox_when_busy_when_offline_and_always() {
    let to = Some(Target::Mailbox);
    let busy = Forwarding {
        busy: to,
        ..Forwarding::default()
    };
    let always = Forwarding {
        always: to,
        ..Forwarding::default()
    };
    let offline = Forwarding {
        offline: to,
        ..Forwarding::default()
    };
    for (seed, forwarding, manner, registered) in [
        (4, busy, Manner::Refuse(486, ms(300)), true),
        (5, always, Manner::Ring, true),
        (6, offline, Manner::Ring, false),
    ] {
        let mut world = office(seed, FAIR, forwarding);
        world.phones[ANNA_AT].manner = manner;
        if !registered {
            world.act(ANNA_AT, |phone, now| phone.register(0, now));
            world.run_for(s(2));
        }
        let call = world.dial(CLARA_AT, ANNA.number);
        assert!(world.wait_for(s(20), is_recorded), "{}", world.ladder());
        world.run_for(s(3));
        world.hang_up(CLARA_AT, call);
        world.close();
        assert_eq!(messages(&world)[0].1, OWN);
    }
}

#[test]
fn a_message_ends_by_the_key_by_a_pause_and_at_its_longest() {
    for (seed, how) in [(7, 0), (8, 1), (9, 2)] {
        let mut world = office(seed, FAIR, no_answer());
        let call = world.dial(CLARA_AT, ANNA.number);
        assert!(world.wait_for(s(30), is_recorded));
        world.run_for(s(3));
        press(&mut world, CLARA_AT, '5');
        assert_eq!(
            world.phones[CLARA_AT].call(call).state,
            State::Talking,
            "no other key ends it"
        );
        match how {
            0 => press(&mut world, CLARA_AT, '#'),
            1 => tell(&mut world, CLARA_AT, |leg| MediaNotice::Quiet { leg, spoke: true }),
            _ => world.run_for(s(28)),
        }
        world.run_for(s(1));
        assert_eq!(world.phones[CLARA_AT].call(call).state, State::Over, "{how}");
        world.close();
        assert!(!is_dropped(&world), "{how}");
    }
}

#[test]
fn a_caller_who_says_nothing_or_leaves_at_once_has_left_no_message() {
    let mut world = office(10, FAIR, no_answer());
    world.dial(CLARA_AT, ANNA.number);
    assert!(world.wait_for(s(30), is_recorded));
    tell(&mut world, CLARA_AT, |leg| MediaNotice::Quiet { leg, spoke: false });
    world.close();
    assert!(is_dropped(&world));
    let mut world = office(11, FAIR, no_answer());
    let call = world.dial(CLARA_AT, ANNA.number);
    assert!(world.wait_for(s(30), is_recorded));
    world.run_for(ms(400));
    world.hang_up(CLARA_AT, call);
    world.close();
    assert!(is_dropped(&world));
}

#[test]
fn l61_whoever_leaves_during_the_greeting_has_begun_no_message_and_whoever_knows_it_skips_it() {
    let mut world = office(12, FAIR, no_answer());
    let call = world.dial(CLARA_AT, ANNA.number);
    let talks = |world: &World| world.phones[CLARA_AT].call(call).state == State::Talking;
    assert!(world.wait_for(s(30), talks));
    world.run_for(ms(500));
    world.hang_up(CLARA_AT, call);
    world.close();
    assert!(messages(&world).is_empty());
    assert_eq!(world.record().disposition, Some(Disposition::NoAnswer));
    let mut world = office(13, FAIR, no_answer());
    let call = world.dial(CLARA_AT, ANNA.number);
    assert!(world.wait_for(s(30), |world| world.phones[CLARA_AT].call(call).state == State::Talking));
    world.run_for(ms(300));
    press(&mut world, CLARA_AT, '#');
    world.run_for(ms(500));
    assert!(is_recorded(&world), "the tone at once");
    world.run_for(s(2));
    world.hang_up(CLARA_AT, call);
    world.close();
    assert_eq!(messages(&world).len(), 1);
}

#[test]
fn a_departments_line_overflows_to_its_mailbox_and_a_number_leads_there_at_once() {
    let mut world = office(14, FAIR, Forwarding::default());
    let call = world.dial(CLARA_AT, "200");
    assert!(world.wait_for(s(60), is_recorded), "{}", world.ladder());
    world.run_for(s(3));
    world.hang_up(CLARA_AT, call);
    world.close();
    assert_eq!(messages(&world)[0].1, COMMON);
    assert_eq!(world.record().department, Some(DepartmentId::from_u128(1)));
    assert_eq!(world.record().disposition, Some(Disposition::NoAnswer));
    let mut world = office(15, FAIR, Forwarding::default());
    let line = world.add_phone(LINE);
    world.register(line);
    world.run_for(s(5));
    let value = format!("<sip:{CLIENT_NUMBER}@provider.example>");
    world.phones[line].claims = vec![("P-Asserted-Identity".into(), value)];
    let call = world.dial(line, NUMBER);
    assert!(world.wait_for(s(20), is_recorded), "{}", world.ladder());
    world.run_for(s(3));
    world.hang_up(line, call);
    world.close();
    assert_eq!(messages(&world)[0].1, COMMON);
    let record = world.record();
    assert_eq!(record.caller.number.as_deref(), Some(CLIENT_NUMBER));
    assert_eq!((record.disposition, record.status), (Some(Disposition::NoAnswer), 200));
}

#[test]
fn while_the_disk_is_full_no_message_is_taken_and_one_that_is_being_left_ends_with_a_sound() {
    let mut world = office(18, FAIR, no_answer());
    let call = world.dial(CLARA_AT, ANNA.number);
    assert!(world.wait_for(s(30), is_recorded));
    world.run_for(s(2));
    let (recording, _) = messages(&world)[0];
    world.input(Input::Disk { full: true });
    world.input(Input::RecordingFailed(recording));
    world.run_for(s(3));
    assert!(world.sounds.has(&sound::revocation()));
    assert_eq!(world.phones[CLARA_AT].call(call).state, State::Over);
    world.close();
    assert!(world.record().because.ends_with("the message could not be kept"));
    for (seed, room) in [(19, false), (20, true)] {
        let mut world = office(seed, FAIR, no_answer());
        world.input(Input::Disk { full: true });
        if room {
            world.input(Input::Disk { full: false });
        }
        let call = world.dial(CLARA_AT, ANNA.number);
        world.run_for(s(20));
        assert_eq!(is_recorded(&world), room);
        if room {
            world.hang_up(CLARA_AT, call);
        } else {
            assert_eq!(world.phones[CLARA_AT].call(call).status, Some(480));
        }
        world.close();
        let because = &world.record().because;
        assert_eq!(because.ends_with("no room for messages"), !room, "{because}");
    }
    // Where nothing else is recorded nobody tells that there is room again: it is tried after a while.
    let mut world = office(21, FAIR, no_answer());
    world.input(Input::Disk { full: true });
    world.run_for(s(61));
    let call = world.dial(CLARA_AT, ANNA.number);
    assert!(world.wait_for(s(30), is_recorded));
    world.hang_up(CLARA_AT, call);
    world.close();
}

#[test]
fn a_mailbox_that_takes_no_messages_refuses_and_an_own_greeting_is_heard() {
    let mut world = office(16, FAIR, no_answer());
    let closed = PlanMailbox {
        enabled: false,
        ..mailbox(OWN, Some(ANNA.id), None)
    };
    world.input(Input::Plan(Arc::new(DialPlan {
        mailboxes: Arc::new(MailboxSection::new(vec![closed])),
        ..plan(no_answer())
    })));
    let call = world.dial(CLARA_AT, ANNA.number);
    world.run_for(s(30));
    assert_eq!(world.phones[CLARA_AT].call(call).status, Some(480));
    world.close();
    assert!(world.record().because.contains("no messages can be left"));
    let mut world = office(17, FAIR, no_answer());
    let own = PlanMailbox {
        own_greeting: true,
        ..mailbox(OWN, Some(ANNA.id), None)
    };
    world.input(Input::Plan(Arc::new(DialPlan {
        mailboxes: Arc::new(MailboxSection::new(vec![own])),
        ..plan(no_answer())
    })));
    let said = sound::tone(300, 700);
    let sound = Some(Arc::new(said.clone()));
    world.input(Input::Operator(OperatorCommand::Greeting { mailbox: OWN, sound }));
    let call = world.dial(CLARA_AT, ANNA.number);
    assert!(world.wait_for(s(30), is_recorded));
    assert!(world.sounds.has(&said) && !world.sounds.has(&sound::leave_message(Language::Russian)));
    world.run_for(s(2));
    world.hang_up(CLARA_AT, call);
    world.close();
}
