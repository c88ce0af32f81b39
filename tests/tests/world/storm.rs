//! Random deeds of many phones over a bad net; afterwards everything that must hold is checked.

mod deeds;
mod outcomes;

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk::engine::EngineConfig;
use frontdesk_routing::forwarding::Forwarding;
use frontdesk_routing::plan::{DialPlan, PlanStaff, RecordingPolicy, StaffCallerId, StaffSection};
use frontdesk_sip::command::Headers;
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, CLIENT_NUMBER, DAVID, LINE, Person};
use frontdesk_tests::world::{World, ms, s};
use outcomes::Outcomes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Deeds that are really done: with ten seeds ten thousand.
const DEEDS: usize = 1_000;
/// Deeds that are tried for them: some are not possible when their turn comes.
const MOST_TRIES: usize = 3 * DEEDS;
const EVERYBODY: [Person; 4] = [ANNA, BORIS, CLARA, DAVID];
/// They do not see clients' numbers.
const HIDDEN_FROM: [Person; 2] = [BORIS, DAVID];
/// What they see in their place.
const STUB: &str = "sip:+78123893298@";

/// Calls, and keeps the number back.
const SECRET: &str = "+79031112233";

/// What somebody does, or what happens to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Dial,
    Consult,
    PickUp,
    Fetch,
    Transfer,
    End,
    TakeOver,
    JoinCalls,
    Hold,
    Update,
    Info,
    ChangeManner,
    Register,
    Unregister,
    Operator,
    FallSilent,
    BreakConnection,
    NatForgets,
    ChangePlan,
    FillJournal,
    EmptyJournal,
    Restart,
    Crash,
}

impl Deed {
    /// How many of a thousand, and how many of ten thousand that are done there are at the least.
    const ALL: [(Deed, u32, usize); 23] = [
        (Deed::Dial, 210, 2_000),
        (Deed::Consult, 50, 200),
        (Deed::PickUp, 50, 80),
        (Deed::Fetch, 30, 100),
        (Deed::Transfer, 75, 120),
        (Deed::End, 110, 400),
        (Deed::TakeOver, 35, 100),
        (Deed::JoinCalls, 50, 200),
        (Deed::Hold, 75, 150),
        (Deed::Update, 45, 100),
        (Deed::Info, 30, 60),
        (Deed::ChangeManner, 70, 700),
        (Deed::Register, 40, 400),
        (Deed::Unregister, 15, 100),
        (Deed::Operator, 20, 100),
        (Deed::FallSilent, 15, 20),
        (Deed::BreakConnection, 15, 100),
        (Deed::NatForgets, 15, 50),
        (Deed::ChangePlan, 20, 200),
        (Deed::FillJournal, 10, 80),
        (Deed::EmptyJournal, 8, 60),
        (Deed::Restart, 6, 40),
        (Deed::Crash, 6, 40),
    ];

    fn pick(rng: &mut StdRng) -> Deed {
        let mut left: u32 = rng.random_range(0..1_000);
        for (deed, share, _) in Deed::ALL {
            match left.checked_sub(share) {
                Some(rest) => left = rest,
                None => return deed,
            }
        }
        panic!("the shares are not a thousand")
    }
}

/// How often what was done.
type Done = BTreeMap<Deed, usize>;

/// The people with a menu at 300 and a mailbox of Boris'.
fn plan(people: &[Person], policy: RecordingPolicy) -> DialPlan {
    let staff = |person: &Person| PlanStaff {
        caller_id: StaffCallerId {
            hides_clients: HIDDEN_FROM.iter().any(|hidden| hidden.id == person.id),
            ..StaffCallerId::default()
        },
        ..people::staff(*person)
    };
    let ordinary = people::plan_with(people, policy);
    let lines = ordinary.staff.trunks().to_vec();
    DialPlan {
        accounts: ordinary.accounts,
        staff: Arc::new(StaffSection::new(people.iter().map(staff).collect(), lines)),
        ..crate::into_us::plan(Forwarding::default())
    }
}

struct Storm {
    world: World,
    rng: StdRng,
    done: Done,
    /// Calls that crashes have cut off.
    cut: usize,
}

impl Storm {
    /// Phones behind NATs that forget and behind one that does not, phones by connections of all kinds, and a provider's
    /// line on which a client calls.
    fn new(seed: u8, weather: Weather) -> Storm {
        let config = EngineConfig {
            keep_alive: s(30),
            ..people::engine_config()
        };
        let plan = plan(&EVERYBODY, RecordingPolicy::Always);
        let mut world = World::with_config(seed, weather, plan, config);
        for person in EVERYBODY {
            let phone = world.add_phone(person);
            world.put_behind_nat(phone);
        }
        world.add_phone(BORIS);
        world.add_phone_at(CLARA, Transport::Tcp, "192.0.2.10:45000");
        world.add_phone_at(DAVID, Transport::Tls, "192.0.2.11:45000");
        world.add_phone_at(ANNA, Transport::Wss, "192.0.2.12:45000");
        world.add_phone_at(LINE, Transport::Udp, "192.0.2.77:5060");
        let mut storm = Storm {
            world,
            rng: StdRng::from_seed([seed ^ 0x5a; 32]),
            done: Done::new(),
            cut: 0,
        };
        for phone in 0..storm.world.phones.len() {
            storm.world.phones[phone].claims = storm.claims(phone);
            storm.world.register(phone);
        }
        storm.world.run_for(s(40));
        storm
    }

    /// What a phone says in each INVITE: a line, who calls by it, and whether they want that to be known.
    fn claims(&mut self, phone: usize) -> Headers {
        if self.world.phones[phone].user != LINE.user {
            return Vec::new();
        }
        let asserted = |number| ("P-Asserted-Identity".into(), format!("<sip:{number}@provider.example>"));
        match self.rng.random_bool(0.5) {
            true => vec![asserted(CLIENT_NUMBER)],
            false => vec![asserted(SECRET), ("Privacy".into(), "id".to_owned())],
        }
    }

    fn run(mut self) -> (World, Done, usize) {
        let mut tries = 0;
        while self.done.values().sum::<usize>() < DEEDS {
            tries += 1;
            assert!(tries <= MOST_TRIES, "only {:?}", self.done);
            let pause = self.rng.random_range(0..1_500);
            self.world.run_for(ms(pause));
            let phone = self.rng.random_range(0..self.world.phones.len());
            let deed = Deed::pick(&mut self.rng);
            if self.perform(deed, phone) {
                *self.done.entry(deed).or_default() += 1;
            }
        }
        for phone in 0..self.world.phones.len() {
            for call in 0..self.world.phones[phone].calls.len() {
                self.world.give_up(phone, call);
            }
        }
        self.world.run_for(s(60));
        (self.world, self.done, self.cut)
    }
}

#[test]
fn after_any_storm_nothing_is_left_and_nothing_was_counted_twice() {
    // `STORM_SEEDS=255` looks longer for what ten seeds do not show.
    let most: u8 = std::env::var("STORM_SEEDS")
        .ok()
        .and_then(|most| most.parse().ok())
        .unwrap_or(10);
    let (mut done, mut came_of_it) = (Done::new(), Outcomes::default());
    for seed in 1..=most {
        let loss = [0, 5, 20][usize::from(seed) % 3];
        let (mut world, deeds, cut) = Storm::new(seed, rough(loss)).run();
        world.close();
        for (deed, times) in deeds {
            *done.entry(deed).or_default() += times;
        }
        came_of_it.add(&world, cut);
    }
    let storms = usize::from(most);
    eprintln!("{done:?} {came_of_it:?}");
    assert!(done.values().sum::<usize>() >= DEEDS * storms, "{done:?}");
    for (deed, _, least) in Deed::ALL {
        let times = done.get(&deed).copied().unwrap_or(0);
        assert!(times * 10 >= least * storms, "{deed:?} only {times} times: {done:?}");
    }
    came_of_it.suffice(storms);
}

#[test]
fn the_same_storm_leaves_the_same_bytes() {
    let print = |seed| Storm::new(seed, rough(5)).run().0.transcript.fingerprint();
    assert_eq!(print(9), print(9));
}
