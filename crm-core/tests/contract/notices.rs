use frontdesk_crm_core::calls::{Call, CallDirection, Disposition, Party};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::notices::{self, MOST_ATTEMPTS, Notice, State};
use frontdesk_crm_core::staff::{NewStaff, StaffMember};
use frontdesk_crm_core::store::StoreError;
use frontdesk_routing::ids::{CallId, StaffId};

use crate::office::{NOON, Office, page};

const LEASE: i64 = 60_000;

crate::on_both! {
    l28_a_missed_call_is_one_short_message_to_who_wants_that
    a_notice_is_claimed_by_one_and_is_due_again_when_that_one_died
    a_notice_that_cannot_be_delivered_is_tried_with_pauses_and_given_up
}

async fn anna(office: &Office) -> StaffMember {
    let new = NewStaff {
        given_name: Some("Anna".into()),
        phone: Some("+79035550000".into()),
        ..NewStaff::default()
    };
    let anna = office.hire(new).await.unwrap();
    notices::set_sms(&office.db, &office.author(), anna.id, true)
        .await
        .unwrap();
    anna
}

fn call(office: &Office, n: u128, to: StaffId, disposition: Disposition) -> Entry {
    let call = Call {
        id: CallId::new(NOON, n),
        account: office.first.account,
        direction: CallDirection::Inbound,
        caller: Party {
            number: Some("+79161234567".into()),
            ..Party::default()
        },
        called: "+74957654321".into(),
        callee: Party {
            staff: Some(to),
            ..Party::default()
        },
        client: None,
        disposition: Some(disposition),
        because: "the number is Anna's".into(),
        started_at: NOON,
        answered_at: None,
        ended_at: Some(NOON + 20_000),
        ended_by: None,
        status: 480,
        department: None,
        waited_ms: None,
    };
    Entry::CallEnded {
        call: Box::new(call),
        legs: Vec::new(),
    }
}

async fn outbox(office: &Office) -> Vec<Notice> {
    let listed = notices::list(&office.db, office.first.account, None, &page(50)).await;
    listed.unwrap().items
}

async fn l28_a_missed_call_is_one_short_message_to_who_wants_that(office: &Office) {
    let (anna, ivan) = (anna(office).await, office.ivan().await);
    let batch = [
        call(office, 1, anna.id, Disposition::NoAnswer),
        call(office, 2, anna.id, Disposition::Answered),
        call(office, 3, ivan.id, Disposition::NoAnswer),
    ];
    journal::apply(&office.db, &batch).await.unwrap();
    journal::apply(&office.db, &batch).await.unwrap();
    let told = outbox(office).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].staff, told[0].state), (anna.id, State::Waiting));
    assert_eq!((&*told[0].channel, &*told[0].recipient), ("sms", "+79035550000"));
    assert!(told[0].body.contains("+79161234567"), "{}", told[0].body);
    notices::set_sms(&office.db, &office.author(), anna.id, false)
        .await
        .unwrap();
    let after = [call(office, 4, anna.id, Disposition::Abandoned)];
    journal::apply(&office.db, &after).await.unwrap();
    assert_eq!(outbox(office).await.len(), 1);
    let nobody = notices::set_sms(&office.db, &office.author(), StaffId::from_u128(1), true).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));
}

async fn a_notice_is_claimed_by_one_and_is_due_again_when_that_one_died(office: &Office) {
    let anna = anna(office).await;
    let missed = [call(office, 1, anna.id, Disposition::NoAnswer)];
    journal::apply(&office.db, &missed).await.unwrap();
    let db = &office.db;
    let at = NOON + 20_000;
    assert_eq!(notices::claim(db, at - 1, LEASE).await.unwrap(), None, "not due yet");
    let first = notices::claim(db, at, LEASE).await.unwrap().unwrap();
    assert_eq!((first.state, first.attempts), (State::Sending, 1));
    assert_eq!(notices::claim(db, at + LEASE - 1, LEASE).await.unwrap(), None);
    let second = notices::claim(db, at + LEASE, LEASE).await.unwrap().unwrap();
    assert_eq!((second.id, second.attempts), (first.id, 2));
    assert!(
        !notices::sent(db, &first, at + LEASE).await.unwrap(),
        "its claim has run out"
    );
    assert!(notices::sent(db, &second, at + LEASE).await.unwrap());
    assert_eq!(notices::claim(db, i64::MAX / 2, LEASE).await.unwrap(), None);
    assert_eq!(outbox(office).await[0].state, State::Sent);
}

async fn a_notice_that_cannot_be_delivered_is_tried_with_pauses_and_given_up(office: &Office) {
    let anna = anna(office).await;
    let missed = [call(office, 1, anna.id, Disposition::NoAnswer)];
    journal::apply(&office.db, &missed).await.unwrap();
    let mut now = NOON + 20_000;
    for attempt in 1..=MOST_ATTEMPTS {
        let notice = notices::claim(&office.db, now, LEASE).await.unwrap().unwrap();
        assert_eq!(notice.attempts, attempt);
        notices::failed(&office.db, &notice, "no answer", now).await.unwrap();
        let early = notices::claim(&office.db, now + 29_999, LEASE).await.unwrap();
        assert_eq!(early, None, "after attempt {attempt}");
        now += 3_600_000;
    }
    assert_eq!(notices::claim(&office.db, now, LEASE).await.unwrap(), None);
    let left = &outbox(office).await[0];
    assert_eq!(
        (left.state, left.problem.as_deref()),
        (State::Failed, Some("no answer"))
    );
}
