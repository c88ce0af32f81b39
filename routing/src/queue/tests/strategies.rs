use super::*;

/// Calls come and are answered at once; each is over before the next. Who got them?
fn turns(office: &mut Office, calls: u128) -> Vec<u128> {
    (0..calls)
        .map(|id| {
            office.later(1_000).join(id);
            let offers = office.offers();
            let [(_, agents)] = offers.as_slice() else {
                panic!("one offer expected: {offers:?}");
            };
            let who = agents[0];
            office.answer(id, who);
            office.later(10).finish(who);
            who
        })
        .collect()
}

/// Nobody answers a call for so many offers in a row. At whom does it ring?
fn rounds(office: &mut Office, offers: usize) -> Vec<Vec<u128>> {
    office.join(900);
    (0..offers)
        .map(|_| {
            let rings = office.offers();
            assert_eq!(rings.len(), 1, "{rings:?}");
            office.later(20_000).ring_out(900);
            office.later(5_000);
            rings[0].1.clone()
        })
        .collect()
}

fn office(strategy: Strategy) -> Office {
    let mut office = Office::new(settings(strategy), &[1, 2, 3]);
    office.at_work(&[2, 1, 3]);
    office
}

#[test]
fn v30_ring_all_rings_every_free_agent_and_nobody_else() {
    let mut office = office(Strategy::RingAll);
    office.report(2, true, 1);
    office.join(10);
    assert_eq!(office.offers(), [(10, vec![1, 3])]);
    office.join(11);
    assert_eq!(office.offers(), []);
    office.answer(10, 3);
    assert_eq!(office.offers(), [(11, vec![1])]);
}

#[test]
fn v30_ring_all_rings_on_at_the_others_when_one_declines() {
    let mut office = office(Strategy::RingAll);
    office.join(10);
    assert_eq!(office.offers(), [(10, vec![1, 2, 3])]);
    assert!(!office.refuse(10, 1, Refusal::Declined));
    assert!(!office.refuse(10, 1, Refusal::Declined));
    assert!(!office.refuse(10, 2, Refusal::Busy));
    assert_eq!(office.offers(), []);
    assert!(office.refuse(10, 3, Refusal::Declined));
    assert_eq!(office.later(5_000).offers(), [(10, vec![1, 2, 3])]);
}

#[test]
fn v30_longest_idle_rings_who_came_or_ended_a_call_longest_ago() {
    let mut office = office(Strategy::LongestIdle);
    assert_eq!(turns(&mut office, 5), [2, 1, 3, 2, 1]);
    // A call of their own counts as well.
    office.report(3, true, 1);
    office.later(1_000).report(3, true, 0);
    assert_eq!(turns(&mut office, 3), [2, 1, 3]);
}

#[test]
fn v30_fewest_calls_rings_who_answered_least() {
    let mut office = office(Strategy::FewestCalls);
    assert_eq!(turns(&mut office, 4), [1, 2, 3, 1]);
    office.report(2, false, 0);
    assert_eq!(turns(&mut office, 2), [3, 1]);
    office.report(2, true, 0);
    assert_eq!(turns(&mut office, 3), [2, 2, 3]);
}

#[test]
fn v30_who_joins_a_fewest_calls_department_later_does_not_get_every_call() {
    let mut office = office(Strategy::FewestCalls);
    turns(&mut office, 6);
    office.department(SALES, settings(Strategy::FewestCalls), &[1, 2, 3, 4]);
    office.at_work(&[4]);
    assert_eq!(turns(&mut office, 4), [1, 2, 3, 4]);
}

#[test]
fn v30_round_robin_remembers_where_it_was() {
    let mut office = office(Strategy::RoundRobin);
    assert_eq!(turns(&mut office, 4), [1, 2, 3, 1]);
    office.report(2, true, 1);
    assert_eq!(turns(&mut office, 1), [3]);
    office.report(2, true, 0);
    office.department(SALES, settings(Strategy::RoundRobin), &[1, 2, 3]);
    assert_eq!(turns(&mut office, 3), [1, 2, 3]);
}

#[test]
fn v30_linear_rings_the_lowest_penalty_first_and_goes_up() {
    let mut office = office(Strategy::Linear);
    let members = [(1, 20), (2, 10), (3, 10)].map(|(person, penalty)| Member {
        penalty,
        ..Member::new(staff(person))
    });
    let linear = settings(Strategy::Linear);
    office
        .queues
        .set_department(department(SALES), linear, members.to_vec());
    assert_eq!(turns(&mut office, 3), [2, 2, 2]);
    office.join(20);
    office.join(21);
    office.join(22);
    assert_eq!(office.offers(), [(20, vec![2]), (21, vec![3]), (22, vec![1])]);
}

#[test]
fn v30_random_is_even_and_the_same_for_one_seed() {
    let sequence = || turns(&mut office(Strategy::Random), 600);
    let first = sequence();
    assert_eq!(first, sequence());
    for person in 1..=3 {
        let share = first.iter().filter(|who| **who == person).count();
        assert!((150..250).contains(&share), "{person} got {share} of 600");
    }
}

#[test]
fn v30_a_missed_call_goes_round_all_before_it_comes_to_one_again() {
    let sequence = |strategy| rounds(&mut office(strategy), 5);
    let each = |people: [u128; 5]| people.map(|person| vec![person]);
    assert_eq!(sequence(Strategy::Linear), each([1, 2, 3, 1, 2]));
    assert_eq!(sequence(Strategy::RoundRobin), each([1, 2, 3, 1, 2]));
    assert_eq!(sequence(Strategy::LongestIdle), each([2, 1, 3, 2, 1]));
    assert_eq!(sequence(Strategy::FewestCalls), each([1, 2, 3, 1, 2]));
    let random = sequence(Strategy::Random);
    let first: BTreeSet<_> = random[..3].iter().collect();
    assert_eq!(first.len(), 3, "{random:?}");
    assert_ne!(random[2], random[3]);
    assert_eq!(sequence(Strategy::RingAll), vec![vec![1, 2, 3]; 5]);
}

#[test]
fn v30_a_new_round_does_not_begin_with_who_ended_the_last() {
    let mut office = office(Strategy::Linear);
    office.report(3, false, 0);
    office.report(1, true, 1);
    assert_eq!(rounds(&mut office, 1), [[2]]);
    office.report(1, true, 0);
    assert_eq!(office.offers(), [(900, vec![1])]);
    office.later(20_000).ring_out(900);
    // Both have had it; 1, who had it last, is free again too.
    office.later(5_000);
    assert_eq!(office.offers(), [(900, vec![2])]);
}
