//! What is done in calls by phones behind NATs that forget. Where one forgets in the middle of a call, its phone's next
//! request comes by another port: the dialog goes on, and the answer and what follows go there.

use frontdesk::engine::output::Disposition;
use frontdesk_tests::world::net::weathers;
use frontdesk_tests::world::people::{ANNA, BORIS, CLARA};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const DAVID_AT: usize = 3;
const HALF_AN_HOUR: u64 = 1_800;

/// A phone does this after its NAT has forgotten it.
fn anew<T>(world: &mut World, phone: usize, deed: impl FnOnce(&mut World) -> T) -> T {
    let before = world.flow_of(phone);
    world.nat_forgets(phone);
    let done = deed(world);
    assert_ne!(world.flow_of(phone), before, "it comes by another port");
    done
}

#[track_caller]
fn until(world: &mut World, done: impl FnMut(&World) -> bool) {
    let came = world.wait_for(s(60), done);
    assert!(came, "{}", world.ladder());
}

fn hears(world: &World, phone: usize, direction: &str) -> bool {
    let heard = world.phones[phone].call(0).heard.as_ref();
    heard.is_some_and(|heard| heard.direction == direction)
}

fn lamp(world: &World, watch: usize) -> Vec<&str> {
    world.phones[DAVID_AT].watching[watch].lamp()
}

fn finish(mut world: World, phone: usize) {
    world.end_calls(phone);
    world.run_for(s(40));
    world.close();
    let answered = |disposition| disposition == Some(Disposition::Answered);
    let records = world.records_of_calls();
    assert!(
        records.iter().all(|record| answered(record.disposition)),
        "{records:#?}"
    );
}

#[test]
fn a_phone_that_was_silent_for_long_is_called_and_hung_up() {
    for weather in weathers() {
        for first in [ANNA_AT, BORIS_AT] {
            let mut world = World::office_behind_nats(1, weather);
            world.run_for(s(HALF_AN_HOUR));
            world.talk(ANNA_AT, BORIS_AT, BORIS.number);
            world.run_for(s(600));
            anew(&mut world, first, |world| world.hang_up(first, 0));
            world.see_end(1 - first, 0);
            until(&mut world, |world| !world.sent_to(first, "200 BYE").is_empty());
            finish(world, ANNA_AT);
        }
    }
}

#[test]
fn either_side_holds_and_resumes_by_another_port() {
    for weather in weathers() {
        for (holder, by_update) in [(ANNA_AT, false), (ANNA_AT, true), (BORIS_AT, false), (BORIS_AT, true)] {
            let mut world = World::office_behind_nats(2, weather);
            world.talk(ANNA_AT, BORIS_AT, BORIS.number);
            let other = 1 - holder;
            for (done, direction) in (1..).zip(["sendonly", "sendrecv"]) {
                anew(&mut world, holder, |world| {
                    world.act(holder, |phone, now| match by_update {
                        true => phone.update(0, direction, now),
                        false => phone.reinvite(0, direction, now),
                    });
                });
                until(&mut world, |world| hears(world, other, direction));
                until(&mut world, |world| {
                    world.phones[holder].call(0).results == vec![200; done]
                });
            }
            // What the other one does reaches the phone where it is now.
            world.act(other, |phone, now| phone.reinvite(0, "sendonly", now));
            until(&mut world, |world| hears(world, holder, "sendonly"));
            world.hang_up(other, 0);
            world.see_end(holder, 0);
            finish(world, ANNA_AT);
        }
    }
}

#[test]
fn either_side_sends_the_other_one_on_by_another_port() {
    for weather in weathers() {
        for by in [ANNA_AT, BORIS_AT] {
            let mut world = World::office_behind_nats(3, weather);
            world.talk(ANNA_AT, BORIS_AT, BORIS.number);
            anew(&mut world, by, |world| {
                world.act(by, |phone, now| phone.refer(0, CLARA.number, now));
            });
            world.meet(1 - by, CLARA_AT);
            world.see_end(by, 0);
            let call = world.phones[by].call(0);
            assert_eq!((call.results.first(), call.told.last()), (Some(&202), Some(&200)));
            finish(world, CLARA_AT);
        }
    }
}

#[test]
fn two_calls_become_one_though_the_port_has_changed_after_either() {
    for weather in weathers() {
        for forgets_again in [false, true] {
            let mut world = World::office_behind_nats(4, weather);
            world.talk(ANNA_AT, BORIS_AT, BORIS.number);
            world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendonly", now));
            until(&mut world, |world| hears(world, BORIS_AT, "sendonly"));
            anew(&mut world, ANNA_AT, |world| world.talk(ANNA_AT, CLARA_AT, CLARA.number));
            if forgets_again {
                world.nat_forgets(ANNA_AT);
            }
            world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
            world.meet(BORIS_AT, CLARA_AT);
            world.see_end(ANNA_AT, 0);
            if forgets_again {
                // Nothing has come from her in the second call by which we could know where she is.
                world.hang_up(ANNA_AT, 1);
            }
            world.see_end(ANNA_AT, 1);
            finish(world, CLARA_AT);
        }
    }
}

#[test]
fn a_ringing_call_is_picked_up_by_a_phone_whose_port_has_changed() {
    for weather in weathers() {
        for code in ["**102", "*8"] {
            let mut world = World::office_behind_nats(5, weather);
            world.run_for(s(HALF_AN_HOUR));
            world.phones[BORIS_AT].manner = Manner::Ring;
            world.dial(ANNA_AT, BORIS.number);
            until(&mut world, |world| world.phones[BORIS_AT].states() == [State::Ringing]);
            anew(&mut world, CLARA_AT, |world| world.dial(CLARA_AT, code));
            world.meet(ANNA_AT, CLARA_AT);
            world.see_end(BORIS_AT, 0);
            let reason = world.phones[BORIS_AT].last().reason.clone().unwrap_or_default();
            assert!(reason.contains("Call completed elsewhere"), "{reason}");
            finish(world, CLARA_AT);
        }
    }
}

#[test]
fn a_party_is_parked_and_fetched_by_phones_whose_ports_have_changed() {
    for weather in weathers() {
        let mut world = World::office_behind_nats(6, weather);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        anew(&mut world, BORIS_AT, |world| {
            world.act(BORIS_AT, |phone, now| phone.refer(0, "*68", now));
        });
        world.see_end(BORIS_AT, 0);
        assert_eq!(world.phones[BORIS_AT].call(0).told.last(), Some(&200));
        world.run_for(s(70));
        anew(&mut world, CLARA_AT, |world| world.dial(CLARA_AT, "701"));
        world.meet(ANNA_AT, CLARA_AT);
        finish(world, CLARA_AT);
    }
}

#[test]
fn a_lamp_follows_a_watcher_to_another_port() {
    for weather in weathers() {
        let mut world = World::office_behind_nats(7, weather);
        let [anna, boris] = [ANNA, BORIS]
            .map(|person| world.act(DAVID_AT, |phone, now| phone.watch("dialog", person.number, 100, now)));
        world.run_for(s(HALF_AN_HOUR));
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        until(&mut world, |world| {
            [anna, boris].iter().all(|watch| lamp(world, *watch) == ["confirmed"])
        });
        anew(&mut world, DAVID_AT, |world| {
            world.act(DAVID_AT, |phone, now| phone.refresh(anna, now));
            world.act(DAVID_AT, |phone, now| phone.refresh(boris, now));
        });
        world.run_for(s(5));
        world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
        let dark = |world: &World, watch: usize| lamp(world, watch).iter().all(|state| *state == "terminated");
        until(&mut world, |world| {
            dark(world, anna) && lamp(world, boris) == ["confirmed"]
        });
        // Its own refreshes find it as well.
        world.nat_forgets(DAVID_AT);
        world.run_for(s(120));
        world.hang_up(BORIS_AT, 0);
        until(&mut world, |world| dark(world, anna) && dark(world, boris));
        finish(world, ANNA_AT);
    }
}

/// We refresh towards Anna, whose way we keep open; Boris refreshes towards us, each time by another port.
#[test]
fn a_call_of_hours_is_refreshed_through_nats_that_forget() {
    for weather in weathers() {
        let mut world = World::office_behind_nats(8, weather);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        let mut ports = Vec::new();
        for _ in 0..6 {
            world.run_for(s(HALF_AN_HOUR - 100));
            world.nat_forgets(BORIS_AT);
            world.run_for(s(100));
            for phone in [ANNA_AT, BORIS_AT] {
                world.register(phone);
            }
            ports.push(world.flow_of(BORIS_AT).peer.port());
        }
        world.run_for(s(40));
        assert!(ports.is_sorted() && ports.first() < ports.last(), "{ports:?}");
        assert!(world.sent_to(ANNA_AT, "UPDATE").len() >= 11, "{}", world.ladder());
        assert!(world.sent_to(BORIS_AT, "200 UPDATE").len() >= 11, "{}", world.ladder());
        assert!(world.together(ANNA_AT, BORIS_AT), "{}", world.ladder());
        world.hang_up(ANNA_AT, 0);
        world.see_end(BORIS_AT, 0);
        finish(world, ANNA_AT);
    }
}
