//! Connected identity by a From that changes within the dialog (RFC 4916).

use frontdesk_tests::world::net::rough;
use frontdesk_tests::world::people::{BORIS, CLARA};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_else(|| panic!("no {name} in {text}"))
}

fn tag(value: &str) -> &str {
    value.split(";tag=").nth(1).expect("a tag")
}

/// Anna calls Boris, and `by` transfers the other one to Clara; `party` is the other one.
fn transferred(loss: u32, by: usize, party: usize, knows: bool) -> World {
    let mut world = World::office(71, rough(loss));
    if knows {
        let supported = ("Supported".into(), "timer, from-change".to_owned());
        world.phones[party].claims = vec![supported.clone()];
        world.phones[party].answers_with = vec![supported];
    }
    world.phones[CLARA_AT].manner = Manner::Answer(ms(500));
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(by, |phone, now| phone.refer(0, CLARA.number, now));
    let both = world.wait_for(s(40), |world| world.together(party, CLARA_AT));
    assert!(both, "{}", world.ladder());
    world.run_for(s(20));
    world
}

#[test]
fn a_party_whose_phone_knows_it_is_told_its_new_partner_by_from() {
    for loss in [0, 5, 20] {
        for (by, party) in [(BORIS_AT, ANNA_AT), (ANNA_AT, BORIS_AT)] {
            let mut world = transferred(loss, by, party, true);
            let update = world.sent_to(party, "UPDATE").pop().expect("an UPDATE");
            let from = field(&update, "From");
            assert!(
                from.starts_with("\"Clara Tester\" <sip:103@203.0.113.1:5060>;tag="),
                "{update}"
            );
            assert!(field(&update, "P-Asserted-Identity").contains("<sip:103@"), "{update}");
            world.end_calls(CLARA_AT);
            world.run_for(s(40));
            // Whatever comes later says so too, with the tag that the dialog has.
            let bye = world.sent_to(party, "BYE").pop().expect("a BYE");
            assert_eq!(field(&bye, "From"), from);
            let before = match party {
                ANNA_AT => field(&world.sent_to(ANNA_AT, "200 INVITE")[0], "To").to_owned(),
                _ => field(&world.sent_to(BORIS_AT, "INVITE")[0], "From").to_owned(),
            };
            assert_eq!(tag(from), tag(&before));
            world.close();
        }
    }
}

#[test]
fn a_phone_that_does_not_say_that_it_knows_it_keeps_the_from_of_its_dialog() {
    for (by, party) in [(BORIS_AT, ANNA_AT), (ANNA_AT, BORIS_AT)] {
        let mut world = transferred(0, by, party, false);
        let update = world.sent_to(party, "UPDATE").pop().expect("an UPDATE");
        assert!(!field(&update, "From").contains("103"), "{update}");
        assert!(field(&update, "P-Asserted-Identity").contains("<sip:103@"), "{update}");
        world.end_calls(CLARA_AT);
        world.close();
    }
}
