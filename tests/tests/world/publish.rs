//! What phones publish of their people, and what watchers are told of it.

use std::borrow::Cow;
use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::plan::{DialPlan, PlanStaff, StaffSection};
use frontdesk_sip::command::Headers;
use frontdesk_tests::world::net::{FAIR, rough, weathers};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, DAVID, LINE};
use frontdesk_tests::world::phone::{Manner, doing, pidf};
use frontdesk_tests::world::{World, s};

use crate::events::{seen, watch};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const PIDF: &str = "application/pidf+xml";

fn publish(world: &mut World, phone: usize, expires: u32, body: Option<&str>) {
    world.act(phone, |phone, now| phone.publish(expires, body, now));
    let before = world.phones[phone].published.len();
    let done = world.wait_for(s(60), |world| world.phones[phone].published.len() > before);
    assert!(done, "a PUBLISH is answered");
}

fn statuses(world: &World, phone: usize) -> Vec<u16> {
    world.phones[phone].published.iter().map(|done| done.status).collect()
}

/// What Clara sees of Boris in the end: open or closed, the activity, the note.
fn shown(world: &World, watching: usize) -> (String, String, String) {
    let body = seen(world, CLARA_AT, watching).last();
    let between = |from: &str, to: &str| {
        let rest = body.split_once(from).map(|(_, rest)| rest);
        let text = rest.and_then(|rest| rest.split_once(to)).map(|(text, _)| text);
        text.unwrap_or_default().to_owned()
    };
    (
        between("<basic>", "</basic>"),
        between("<rpid:activities><rpid:", "/>"),
        between("<note>", "</note>"),
    )
}

#[track_caller]
fn until_shown(world: &mut World, watching: usize, (basic, activity, note): (&str, &str, &str)) {
    let expected = (basic.to_owned(), activity.to_owned(), note.to_owned());
    let so = world.wait_for(s(90), |world| shown(world, watching) == expected);
    assert!(so, "{:?} instead of {expected:?}", shown(world, watching));
}

#[test]
fn what_a_phone_publishes_is_shown_refreshed_changed_and_removed() {
    for weather in weathers() {
        for seed in 1..=3 {
            let mut world = World::office(40 + seed, weather);
            let watching = watch(&mut world, CLARA_AT, "presence", BORIS.number);
            until_shown(&mut world, watching, ("open", "", "Online"));
            publish(&mut world, BORIS_AT, 300, Some(&doing("away")));
            until_shown(&mut world, watching, ("open", "away", "Away"));
            publish(&mut world, BORIS_AT, 300, None);
            publish(&mut world, BORIS_AT, 300, Some(&doing("meeting")));
            until_shown(&mut world, watching, ("open", "meeting", "In a meeting"));
            publish(&mut world, BORIS_AT, 0, None);
            until_shown(&mut world, watching, ("open", "", "Online"));
            publish(&mut world, BORIS_AT, 300, None);
            assert_eq!(statuses(&world, BORIS_AT), [200, 200, 200, 200, 412]);
            let done = &world.phones[BORIS_AT].published;
            let mut tags: Vec<&String> = done.iter().filter_map(|done| done.tag.as_ref()).collect();
            tags.sort();
            tags.dedup();
            assert_eq!(tags.len(), 4, "each answer brings a tag of its own");
            let seconds: Vec<Option<&str>> = done.iter().map(|done| done.seconds.as_deref()).collect();
            assert_eq!(seconds, [Some("300"), Some("300"), Some("300"), Some("0"), None]);
            world.close();
        }
    }
}

#[test]
fn what_is_not_refreshed_ends_by_itself_on_a_bad_net_too() {
    for loss in [0, 5, 20] {
        let mut world = World::office(50, rough(loss));
        let watching = watch(&mut world, CLARA_AT, "presence", BORIS.number);
        publish(&mut world, BORIS_AT, 100, Some(&doing("vacation")));
        until_shown(&mut world, watching, ("open", "vacation", "On vacation"));
        world.run_for(s(40));
        publish(&mut world, BORIS_AT, 100, None);
        world.run_for(s(70));
        assert_eq!(world.engine.counts().publications, 1, "{loss} %");
        until_shown(&mut world, watching, ("open", "", "Online"));
        assert_eq!(world.engine.counts().publications, 0);
        publish(&mut world, BORIS_AT, 100, None);
        assert_eq!(statuses(&world, BORIS_AT), [200, 200, 412]);
        world.close();
    }
}

#[test]
fn what_we_know_goes_before_what_is_published() {
    let mut world = World::office(51, FAIR);
    let watching = watch(&mut world, CLARA_AT, "presence", BORIS.number);
    publish(&mut world, BORIS_AT, 3600, Some(&doing("away")));
    until_shown(&mut world, watching, ("open", "away", "Away"));
    world.phones[BORIS_AT].manner = Manner::Answer(s(1));
    let call = world.dial(ANNA_AT, BORIS.number);
    until_shown(&mut world, watching, ("open", "on-the-phone", "On the phone"));
    world.hang_up(ANNA_AT, call);
    until_shown(&mut world, watching, ("open", "away", "Away"));
    world.act(BORIS_AT, |phone, now| phone.register(0, now));
    until_shown(&mut world, watching, ("closed", "", "Offline"));
    world.register(BORIS_AT);
    until_shown(&mut world, watching, ("open", "away", "Away"));
    publish(
        &mut world,
        BORIS_AT,
        3600,
        Some(&pidf("closed", "<note>Do not disturb</note>")),
    );
    until_shown(&mut world, watching, ("open", "busy", "Do not disturb"));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(world.status_of(ANNA_AT, call), 200, "what is published stops no call");
    world.hang_up(ANNA_AT, call);
    publish(&mut world, BORIS_AT, 0, None);
    world.close();
}

#[test]
fn a_note_is_shown_without_numbers_and_breaks_out_of_no_document() {
    let mut world = World::office(52, FAIR);
    let watching = watch(&mut world, CLARA_AT, "presence", BORIS.number);
    let note = "<note>With &lt;/note&gt; +7 916 123-45-67 till 15:30</note>";
    publish(&mut world, BORIS_AT, 3600, Some(&pidf("open", note)));
    until_shown(&mut world, watching, ("open", "", "With &lt;/note&gt; … till 15:30"));
    publish(&mut world, BORIS_AT, 0, None);
    world.close();
}

#[test]
fn of_two_phones_the_open_one_that_spoke_last_is_heard() {
    let mut world = World::office(53, FAIR);
    let second = world.add_phone(BORIS);
    world.register(second);
    let watching = watch(&mut world, CLARA_AT, "presence", BORIS.number);
    publish(&mut world, BORIS_AT, 3600, Some(&doing("away")));
    publish(&mut world, second, 3600, Some(&doing("working")));
    until_shown(&mut world, watching, ("open", "working", "Working"));
    publish(&mut world, second, 3600, Some(&pidf("closed", "")));
    until_shown(&mut world, watching, ("open", "away", "Away"));
    publish(&mut world, BORIS_AT, 0, None);
    until_shown(&mut world, watching, ("open", "", "Online"));
    publish(&mut world, second, 0, None);
    world.close();
}

#[test]
fn a_publication_is_its_owners_alone() {
    let mut world = World::office(54, FAIR);
    let stranger = world.add_phone(people::Person {
        secret: "guess",
        ..ANNA
    });
    let line = world.add_phone(LINE);
    let mut check = |phone: usize, uri: &str, status: u16| {
        let headers: Headers = vec![(Cow::Borrowed("Event"), "presence".to_owned())];
        let body = Some((PIDF, doing("away")));
        world.act(phone, |phone, now| phone.publish_with(uri, headers, body, now));
        world.run_for(s(1));
        assert_eq!(world.phones[phone].published.pop().unwrap().status, status, "{uri}");
    };
    check(ANNA_AT, "sip:101@pbx.example", 200);
    check(ANNA_AT, "sip:anna_u@pbx.example", 200);
    check(ANNA_AT, "sip:pbx.example", 200);
    check(ANNA_AT, "sip:102@pbx.example", 403);
    check(ANNA_AT, "sip:200@pbx.example", 403);
    check(ANNA_AT, "sip:999@pbx.example", 403);
    check(ANNA_AT, "sip:line_u@pbx.example", 403);
    check(stranger, "sip:101@pbx.example", 401);
    check(line, "sip:line_u@pbx.example", 403);
    assert_eq!(world.engine.counts().publications, 3);
    publish(&mut world, BORIS_AT, 3600, Some(&doing("away")));
    let tag = world.phones[BORIS_AT].published[0].tag.clone().unwrap();
    let headers: Headers = vec![
        (Cow::Borrowed("Event"), "presence".to_owned()),
        (Cow::Borrowed("Expires"), "0".to_owned()),
        (Cow::Borrowed("SIP-If-Match"), tag),
    ];
    world.act(ANNA_AT, |phone, now| {
        phone.publish_with("sip:101@pbx.example", headers, None, now);
    });
    world.run_for(s(1));
    assert_eq!(statuses(&world, ANNA_AT), [412], "another one's tag is none");
    assert_eq!(world.engine.counts().publications, 4);
    world.run_for(s(3600));
    world.close();
}

#[test]
fn what_cannot_be_taken_is_refused_as_the_rfc_says() {
    let mut world = World::office(55, FAIR);
    let mut check = |fields: &[(&'static str, &str)], body: Option<(&'static str, String)>, status: u16| {
        let field = |(name, value): &(&'static str, &str)| (Cow::Borrowed(*name), (*value).to_owned());
        let headers: Headers = fields.iter().map(field).collect();
        world.act(ANNA_AT, |phone, now| {
            phone.publish_with("sip:101@pbx.example", headers, body, now);
        });
        world.run_for(s(1));
        let done = world.phones[ANNA_AT].published.pop().expect("an answer");
        assert_eq!(done.status, status, "{fields:?}");
        (done.seconds.unwrap_or_default(), done.wants.unwrap_or_default())
    };
    let event = ("Event", "presence");
    let away = || Some((PIDF, doing("away")));
    for other in ["dialog", "message-summary", "x", "presence.winfo"] {
        assert_eq!(check(&[("Event", other)], away(), 489).1, "presence");
    }
    check(&[], away(), 489);
    check(&[("Event", ";;")], away(), 489);
    assert_eq!(check(&[event, ("Expires", "59")], away(), 423).0, "60");
    assert_eq!(check(&[event, ("Expires", "4294967295")], away(), 200).0, "3600");
    assert_eq!(check(&[event, ("Expires", "0")], away(), 200).0, "0");
    assert_eq!(check(&[event], away(), 200).0, "3600");
    check(&[event, ("SIP-If-Match", "0123456789abcdef")], away(), 412);
    check(&[event, ("SIP-If-Match", "")], away(), 412);
    check(&[event], None, 400);
    for other in ["text/plain", "application/xpidf+xml", "application/sdp"] {
        assert_eq!(check(&[event], Some((other, doing("away"))), 415).1, PIDF);
    }
    check(&[event, ("Content-Encoding", "gzip")], away(), 415);
    check(&[event], Some((PIDF, "no document".to_owned())), 400);
    let bomb = "<!DOCTYPE p [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><presence><note>&b;</note></presence>";
    check(&[event], Some((PIDF, bomb.to_owned())), 400);
    check(&[event], Some((PIDF, "<presence>".repeat(100))), 400);
    check(&[event], Some((PIDF, pidf("open", &" ".repeat(9000)))), 413);
    assert_eq!(world.engine.counts().publications, 2);
    world.run_for(s(3600));
    world.close();
}

#[test]
fn a_person_has_so_many_publications_and_no_more() {
    let mut world = World::office(56, FAIR);
    for _ in 0..30 {
        world.act(BORIS_AT, |phone, now| {
            phone.published.clear();
            phone.publish(600, Some(&doing("away")), now);
        });
        world.run_for(s(1));
    }
    assert_eq!(world.engine.counts().publications, 8);
    world.run_for(s(600));
    assert_eq!(world.engine.counts().publications, 0);
    world.close();
}

/// A deleted person, one without a phone account, one whose password is another, one of another company.
#[test]
fn whoever_is_gone_or_has_another_account_publishes_nothing_any_more() {
    let boris = |staff: &PlanStaff| staff.id.as_u128() == BORIS.id;
    let check = |change: &dyn Fn(&mut Vec<PlanStaff>), left: usize| {
        let mut world = World::office(57, FAIR);
        let watching = watch(&mut world, CLARA_AT, "presence", BORIS.number);
        publish(&mut world, BORIS_AT, 600, Some(&doing("away")));
        until_shown(&mut world, watching, ("open", "away", "Away"));
        let mut staff: Vec<PlanStaff> = [ANNA, BORIS, CLARA, DAVID].map(people::staff).to_vec();
        change(&mut staff);
        let plan = DialPlan {
            staff: Arc::new(StaffSection::new(staff, Vec::new())),
            ..people::plan()
        };
        world.input(Input::Plan(Arc::new(plan)));
        assert_eq!(world.engine.counts().publications, left);
        world.run_for(s(600));
        world.close();
    };
    let each = |staff: &mut Vec<PlanStaff>, change: &dyn Fn(&mut PlanStaff)| {
        staff.iter_mut().filter(|staff| boris(staff)).for_each(change);
    };
    check(&|staff| each(staff, &|boris| boris.name = "Another Name".into()), 1);
    check(&|staff| staff.retain(|staff| !boris(staff)), 0);
    check(&|staff| each(staff, &|boris| boris.sip = None), 0);
    check(
        &|staff| each(staff, &|boris| boris.sip.iter_mut().for_each(|sip| sip.enabled = false)),
        0,
    );
    check(
        &|staff| {
            each(staff, &|boris| {
                boris.sip.iter_mut().for_each(|sip| sip.ha1_sha256 = [7; 32])
            })
        },
        0,
    );
}

#[test]
fn a_restart_forgets_what_was_published_and_the_phone_says_it_again() {
    let mut world = World::office(58, FAIR);
    publish(&mut world, BORIS_AT, 600, Some(&doing("away")));
    world.restart(people::plan());
    world.run_for(s(1));
    assert_eq!(world.engine.counts().publications, 0);
    publish(&mut world, BORIS_AT, 600, None);
    world.phones[BORIS_AT].published.clear();
    publish(&mut world, BORIS_AT, 600, Some(&doing("away")));
    assert_eq!(statuses(&world, BORIS_AT), [200]);
    publish(&mut world, BORIS_AT, 0, None);
    world.close();
}
