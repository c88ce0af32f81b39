use super::*;

fn office(vip: VipRule) -> Office {
    let settings = QueueSettings {
        vip,
        ..settings(Strategy::Linear)
    };
    Office::new(settings, &[1])
}

const STRICT: VipRule = VipRule::Strict {
    overtaken_at_most_ms: None,
};

#[test]
fn v25_vips_go_ahead_of_ordinary_callers_and_keep_their_own_order() {
    let mut office = office(STRICT);
    office.join(1);
    office.later(10).join(2);
    office.later(900_000).join_vip(3);
    office.later(10).join_vip(4);
    assert_eq!(office.order(), [3, 4, 1, 2]);
    for (id, position) in [(3, 1), (4, 2), (1, 3), (2, 4)] {
        assert_eq!(office.queues.position(call(id)), Some(position));
    }
    assert_eq!(office.queues.position(call(5)), None);
    office.at_work(&[1]);
    assert_eq!(office.offers(), [(3, vec![1])]);
}

#[test]
fn v25_callers_of_one_millisecond_keep_the_order_of_joining() {
    let mut office = office(STRICT);
    for id in [9, 3, 7] {
        office.join(id);
    }
    office.join_vip(8);
    office.join_vip(2);
    assert_eq!(office.order(), [8, 2, 9, 3, 7]);
}

#[test]
fn v25_a_call_that_rings_is_not_pulled_back_for_a_vip_and_keeps_its_place() {
    let mut office = office(STRICT);
    office.at_work(&[1]);
    office.join(1);
    office.join(2);
    assert_eq!(office.offers(), [(1, vec![1])]);
    office.join_vip(3);
    assert_eq!(office.offers(), []);
    office.later(20_000).ring_out(1);
    assert_eq!(office.order(), [3, 1, 2]);
    assert_eq!(office.later(5_000).offers(), [(3, vec![1])]);
}

#[test]
fn v25_a_changed_flag_counts_for_calls_that_wait() {
    let mut office = office(STRICT);
    office.join(1);
    office.later(10).join(2);
    office.later(10).join_vip(3);
    assert!(office.queues.set_vip(call(2), true));
    // Both are VIPs now: 2 was here first.
    assert_eq!(office.order(), [2, 3, 1]);
    office.queues.set_vip(call(3), false);
    assert_eq!(office.order(), [2, 1, 3]);
    assert!(!office.queues.set_vip(call(9), true));
}

#[test]
fn v25_a_flag_changed_while_the_call_rings_counts_when_it_waits_again() {
    let mut office = office(STRICT);
    office.at_work(&[1]);
    office.join(1);
    assert_eq!(office.offers(), [(1, vec![1])]);
    office.later(10).join_vip(2);
    office.queues.set_vip(call(1), true);
    assert_eq!(office.offers(), []);
    office.refuse(1, 1, Refusal::Declined);
    assert_eq!(office.order(), [1, 2]);
}

#[test]
fn v25_with_a_head_start_a_vip_counts_as_having_come_earlier() {
    let mut office = office(VipRule::HeadStart { lead_ms: 60_000 });
    office.join(1);
    office.later(30_000).join(2);
    office.later(31_000).join_vip(3);
    assert_eq!(office.order(), [1, 3, 2]);
}

#[test]
fn v25_a_head_start_reaches_back_before_the_start_of_the_clock() {
    let mut office = office(VipRule::HeadStart { lead_ms: u64::MAX });
    office.now = 5;
    office.join(1);
    office.later(1).join_vip(2);
    office.later(1).join_vip(3);
    assert_eq!(office.order(), [2, 3, 1]);
}

#[test]
fn v25_in_a_strict_queue_no_vip_overtakes_who_has_waited_longer_than_the_cap() {
    let mut office = office(VipRule::Strict {
        overtaken_at_most_ms: Some(60_000),
    });
    office.join(1);
    office.later(59_999).join_vip(2);
    office.later(2).join(3);
    office.join_vip(4);
    // 2 came in time to overtake 1; 4 did not and stands behind 1, but ahead of 3.
    assert_eq!(office.order(), [2, 1, 4, 3]);
    office.later(600_000).at_work(&[1]);
    assert_eq!(office.offers(), [(2, vec![1])]);
}

#[test]
fn v25_the_flag_can_be_ignored() {
    let mut office = office(VipRule::Ignore);
    office.join(1);
    office.later(10).join_vip(2);
    assert_eq!(office.order(), [1, 2]);
}

#[test]
fn v25_another_vip_rule_counts_for_calls_that_wait() {
    let mut office = office(VipRule::Ignore);
    office.join(1);
    office.later(10).join_vip(2);
    let strict = QueueSettings {
        vip: STRICT,
        ..settings(Strategy::Linear)
    };
    office.department(SALES, strict, &[1]);
    assert_eq!(office.order(), [2, 1]);
}

#[test]
fn v25_waiting_elsewhere_counts_for_the_place_and_a_time_to_come_does_not() {
    let mut office = office(STRICT);
    office.join(1);
    let waited = |waited_since| Entrant {
        waited_since,
        ..Entrant::default()
    };
    let now = office.now;
    office.join_as(2, SALES, waited(now - 30_000)).unwrap();
    office.join_as(3, SALES, waited(now + 30_000)).unwrap();
    office.later(10).join(4);
    assert_eq!(office.order(), [2, 1, 3, 4]);
    assert_eq!(office.statistics().longest_waiting_since, Some(now - 30_000));
}
