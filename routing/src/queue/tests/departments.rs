use super::*;

fn ranked(priority: u16, place: u16) -> QueueSettings {
    QueueSettings {
        priority,
        place,
        ..settings(Strategy::Linear)
    }
}

/// One agent serves Sales and Support; Support's caller came first.
fn served_first(sales: QueueSettings, support: QueueSettings) -> u128 {
    let mut office = Office::new(sales, &[1]);
    office.department(SUPPORT, support, &[1]);
    office.join_as(20, SUPPORT, Entrant::default()).unwrap();
    office.later(10).join(10);
    office.at_work(&[1]);
    let offers = office.offers();
    assert_eq!(offers.len(), 1, "{offers:?}");
    offers[0].0
}

#[test]
fn v30_departments_that_share_an_agent_are_served_by_priority_then_place_then_arrival() {
    assert_eq!(served_first(ranked(0, 0), ranked(0, 0)), 20);
    assert_eq!(served_first(ranked(0, 1), ranked(0, 2)), 10);
    assert_eq!(served_first(ranked(0, 2), ranked(0, 1)), 20);
    assert_eq!(served_first(ranked(5, 2), ranked(4, 1)), 10);
    assert_eq!(served_first(ranked(4, 1), ranked(5, 2)), 20);
}

#[test]
fn v25_a_vip_of_an_equal_department_goes_first_and_of_a_lower_one_does_not() {
    for (priority, first) in [(0, 10), (1, 20)] {
        let mut office = Office::new(ranked(0, 0), &[1]);
        office.department(SUPPORT, ranked(priority, 0), &[1]);
        office.join_as(20, SUPPORT, Entrant::default()).unwrap();
        office.later(10).join_vip(10);
        office.at_work(&[1]);
        assert_eq!(office.offers(), [(first, vec![1])]);
    }
}

#[test]
fn v30_a_lower_department_gets_whom_the_higher_one_does_not_need() {
    let mut office = Office::new(ranked(9, 0), &[1]);
    office.department(SUPPORT, ranked(0, 0), &[1, 2]);
    office.join(10);
    office.join(11);
    office.join_as(20, SUPPORT, Entrant::default()).unwrap();
    office.at_work(&[1, 2]);
    assert_eq!(office.offers(), [(10, vec![1]), (20, vec![2])]);
}

#[test]
fn v30_another_priority_counts_for_calls_that_wait() {
    let mut office = Office::new(ranked(0, 0), &[1]);
    office.department(SUPPORT, ranked(5, 0), &[1]);
    office.join(10);
    let manager = Entrant {
        manager: Some(staff(8)),
        ..Entrant::default()
    };
    office.join_as(20, SUPPORT, manager).unwrap();
    office.department(SALES, ranked(6, 0), &[1]);
    office.department(SUPPORT, ranked(1, 0), &[1]);
    office.at_work(&[1]);
    assert_eq!(office.offers(), [(10, vec![1])]);
    office.at_work(&[8]);
    assert_eq!(office.offers(), [(20, vec![8])]);
}

#[test]
fn v30_members_change_while_a_call_waits_and_another_rings() {
    let mut office = Office::new(settings(Strategy::Linear), &[1]);
    office.at_work(&[1, 2]);
    office.join(10);
    office.join(11);
    assert_eq!(office.offers(), [(10, vec![1])]);
    office.department(SALES, settings(Strategy::RingAll), &[2]);
    assert_eq!(office.offers(), [(11, vec![2])]);
    // The one who is no member any more still has the call that rings at them.
    office.answer(10, 1);
    office.finish(1);
    office.join(12);
    assert_eq!(office.offers(), []);
    let statistics = office.statistics();
    assert_eq!((statistics.working, statistics.free), (1, 0));
}

#[test]
fn v30_a_member_named_twice_is_one_member() {
    let mut office = Office::new(settings(Strategy::RingAll), &[1, 1, 2]);
    office.at_work(&[1, 2]);
    assert_eq!(office.statistics().working, 2);
    office.join(10);
    assert_eq!(office.offers(), [(10, vec![1, 2])]);
}

#[test]
fn v30_a_removed_department_gives_back_its_calls_and_frees_its_agents() {
    let mut office = Office::new(settings(Strategy::Linear), &[1]);
    office.department(SUPPORT, settings(Strategy::Linear), &[1]);
    office.at_work(&[1]);
    office.join(10);
    office.offers();
    office.join_vip(11);
    office.join(12);
    office.join_as(20, SUPPORT, Entrant::default()).unwrap();
    let calls = office.queues.remove_department(department(SALES));
    assert_eq!(calls, [call(11), call(10), call(12)]);
    assert_eq!(office.offers(), [(20, vec![1])]);
    let refused = office.join_as(13, SALES, Entrant::default());
    assert_eq!(refused, Err(JoinRefusal::Unknown));
    assert_eq!(office.queues.statistics(department(SALES)), None);
    assert!(office.queues.remove_department(department(SALES)).is_empty());
}

#[test]
fn v30_a_call_of_a_removed_department_still_ends_for_its_agent() {
    let mut office = Office::new(settings(Strategy::Linear), &[1]);
    office.department(SUPPORT, settings(Strategy::Linear), &[1]);
    office.at_work(&[1]);
    office.join(10);
    office.offers();
    office.answer(10, 1);
    office.queues.remove_department(department(SALES));
    office.join_as(20, SUPPORT, Entrant::default()).unwrap();
    assert_eq!(office.offers(), []);
    office.finish(1);
    assert_eq!(office.offers(), [(20, vec![1])]);
}
