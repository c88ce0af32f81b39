//! A company's own voice in the place of the built-in one, for whoever waits.

use std::sync::Arc;

use frontdesk::engine::input::{Input, OperatorCommand, Phrase};
use frontdesk_media::sound::{self, Language, Sound};
use frontdesk_routing::ids::{AccountId, PromptId};
use frontdesk_routing::plan::{Announce, PlanDepartment};
use frontdesk_routing::queue::QueueSettings;
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{self, ANNA};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{World, ms, s};

use crate::queue::{ORDINARY, call_in, office, one_by_one, sales};

const ANNA_AT: usize = 0;

/// The first second of each is another tone.
fn voice(phrase: Phrase, hertz: u32) -> (Phrase, Sound) {
    (phrase, sound::tone(hertz, 1_000))
}

fn say(world: &mut World, id: u128, (phrase, said): &(Phrase, Sound)) {
    world.input(Input::Operator(OperatorCommand::Prompt {
        account: AccountId::from_u128(people::ACCOUNT),
        prompt: PromptId::from_u128(id),
        replaces: Some(*phrase),
        sound: Some(Arc::new(said.clone())),
    }));
}

/// V25: the place and the expected wait are spoken, each word by the company's own voice where it has one.
#[test]
fn v25_whoever_waits_hears_the_companys_own_voice_say_the_place_and_the_wait() {
    for weather in [FAIR, rough(5), rough(20)] {
        let settings = QueueSettings {
            wrap_up_ms: 90_000,
            ..one_by_one()
        };
        let announce = Announce {
            every_s: Some(20),
            position: true,
            wait: true,
        };
        let department = PlanDepartment {
            announce,
            ..sales(&[ANNA], settings)
        };
        let (mut world, line) = office(41, weather, vec![department]);
        let voices = [
            voice(Phrase::Place, 300),
            voice(Phrase::Digit(1), 500),
            voice(Phrase::Minutes, 700),
        ];
        for (id, voice) in (1..).zip(&voices) {
            say(&mut world, id, voice);
        }
        world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
        let first = call_in(&mut world, line, ORDINARY[0]);
        assert!(
            world.wait_for(s(40), |world| world.together(line, ANNA_AT)),
            "{}",
            world.ladder()
        );
        world.run_for(s(20));
        world.hang_up(line, first);
        world.run_for(s(40));
        let waits = call_in(&mut world, line, ORDINARY[1]);
        let [place, one, minutes] = voices.map(|(_, said)| said);
        let place = place.then(&one);
        assert!(
            world.wait_for(s(40), |world| world.sounds.has(&place)),
            "{}",
            world.ladder()
        );
        // How long one waits is a number that the company has given no voice.
        let two = sound::spoken("2", Language::Russian);
        assert!(world.sounds.has(&minutes.then(&two)));
        assert!(!world.sounds.has(&sound::place_in_line(Language::Russian)));
        world.hang_up(line, waits);
        world.run_for(s(40));
        world.close();
    }
}
