//! What the telephone network says of the end of a call reaches the other party (RFC 3326, RFC 3398).

use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{ANNA_AT, FIRST, OUTSIDE, OWN, SECOND, trunk, world};
use frontdesk_tests::world::{World, ms, s};

const BUSY: &str = "Q.850;cause=17;text=\"User busy\"";
const NORMAL: &str = "Q.850;cause=16;text=\"Normal call clearing\"";

fn two_trunks(seed: u8, loss: u32) -> World {
    let trunks = [(1, "192.0.2.10"), (2, "192.0.2.11")];
    let trunks = trunks.map(|(id, host)| trunk(id, &[host], false)).to_vec();
    world(seed, rough(loss), trunks)
}

/// What Anna hears of a call that the first provider, and then the second one, refuse like this.
fn refused(loss: u32, first: (u16, Option<&str>), second: (u16, Option<&str>)) -> (u16, Option<String>) {
    let mut world = two_trunks(51, loss);
    for (phone, (status, reason)) in [(FIRST, first), (SECOND, second)] {
        world.phones[phone].manner = Manner::Refuse(status, ms(100));
        world.phones[phone].gives = reason.map(str::to_owned);
    }
    let call = world.dial(ANNA_AT, OUTSIDE);
    world.run_for(s(60));
    let heard = world.phones[ANNA_AT].call(call).clone();
    world.close();
    (heard.status.expect("an end"), heard.reason)
}

#[test]
fn the_cause_of_a_providers_refusal_reaches_the_caller() {
    let nothing = (486, None);
    let busy = Some(BUSY.to_owned());
    for loss in [0, 5, 20] {
        assert_eq!(
            refused(loss, (486, Some(BUSY)), nothing),
            (486, busy.clone()),
            "{loss} %"
        );
    }
    let check = |status, reason: &str, expected: (u16, Option<&str>)| {
        let (status, reason) = refused(0, (status, Some(reason)), (404, None));
        assert_eq!((status, reason.as_deref()), expected);
    };
    check(480, BUSY, (486, Some(BUSY)));
    check(404, "q.850 ;cause=1", (404, Some("Q.850;cause=1")));
    check(486, &format!("SIP;cause=486, {BUSY}"), (486, Some(BUSY)));
    check(486, "SIP;cause=486", (486, None));
    check(486, "Q.850;cause=999", (486, None));
}

#[test]
fn what_one_provider_said_is_not_told_of_the_next_one_and_what_it_says_of_us_is_not_told_at_all() {
    let full = Some("Q.850;cause=34");
    assert_eq!(refused(0, (503, full), (486, None)), (486, None));
    assert_eq!(refused(0, (503, full), (486, Some(BUSY))), (486, Some(BUSY.to_owned())));
    assert_eq!(refused(0, (403, full), (403, full)), (503, None));
}

#[test]
fn the_cause_of_a_providers_bye_reaches_the_other_party_and_a_phones_does_not() {
    let check = |who: usize, reason: Option<&str>, expected: &str| {
        for loss in [0, 20] {
            let mut world = two_trunks(52, loss);
            world.talk(ANNA_AT, FIRST, OUTSIDE);
            world.phones[who].gives = reason.map(str::to_owned);
            world.end_calls(who);
            world.run_for(s(40));
            let other = world.phones[ANNA_AT + FIRST - who].last();
            assert_eq!(other.state, State::Over);
            assert_eq!(other.reason.as_deref(), Some(expected), "{loss} %");
            world.close();
        }
    };
    check(
        FIRST,
        Some("Q.850;cause=31;text=\"Normal, unspecified\""),
        "Q.850;cause=31;text=\"Normal, unspecified\"",
    );
    check(FIRST, None, NORMAL);
    check(ANNA_AT, Some("Q.850;cause=31"), NORMAL);
}

#[test]
fn a_phone_that_rings_is_told_why_the_provider_gave_the_call_up() {
    let check = |reason: Option<&str>, expected: &str| {
        let mut world = world(53, FAIR, vec![trunk(1, &["provider.example"], false)]);
        world.phones[ANNA_AT].manner = Manner::Ring;
        world.phones[FIRST].gives = reason.map(str::to_owned);
        let call = world.dial(FIRST, OWN);
        world.run_for(s(2));
        world.act(FIRST, |phone, now| phone.cancel(call, now));
        world.run_for(s(2));
        assert_eq!(
            world.phones[ANNA_AT].last().reason.as_deref(),
            Some(expected),
            "{}",
            world.ladder()
        );
        world.close();
    };
    let elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";
    check(Some("SIP ;cause=200 ;text=\"elsewhere\""), elsewhere);
    check(Some(BUSY), BUSY);
    check(Some("nonsense"), "SIP;cause=487;text=\"Request Terminated\"");
    check(None, "SIP;cause=487;text=\"Request Terminated\"");
}
