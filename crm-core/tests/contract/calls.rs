use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::calls::{self, Call, CallDirection, CallQuery, Disposition, OrderKey, Ordered, Party};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::projects::first_of;
use frontdesk_crm_core::recordings::{self, RecordingState};
use frontdesk_crm_core::store::Page;
use frontdesk_routing::ids::{CallId, RecordingId};

use crate::office::{NOON, Office, page, refusal};

crate::on_both! {
    calls_are_turned_over_page_by_page_newest_first
    calls_are_filtered
    calls_of_somebody_are_turned_over_page_by_page
    a_page_looks_at_so_many_calls_and_no_more
    a_recording_is_listed_played_and_deleted
    a_key_is_one_order_for_a_day
    recordings_of_a_client_are_those_of_a_span
}

/// The `n`th call of a day, two of them in the same millisecond.
fn call(office: &Office, n: i64) -> Call {
    let at = NOON + n / 2 * 1_000;
    Call {
        id: CallId::new(at, n.unsigned_abs().into()),
        account: office.first.account,
        direction: if n % 3 == 0 {
            CallDirection::Inbound
        } else {
            CallDirection::Internal
        },
        caller: Party {
            number: Some(format!("+7912345670{}", n % 10)),
            ..Party::default()
        },
        called: "101".into(),
        callee: Party {
            staff: (n % 2 == 0).then_some(office.first.staff),
            ..Party::default()
        },
        client: None,
        disposition: Some(if n % 2 == 0 {
            Disposition::Answered
        } else {
            Disposition::NoAnswer
        }),
        because: "internal".into(),
        started_at: at,
        answered_at: (n % 2 == 0).then_some(at + 5_000),
        ended_at: Some(at + 9_000),
        ended_by: None,
        status: 200,
        department: None,
        waited_ms: None,
    }
}

async fn save(office: &Office, count: i64) {
    let ended = |n: i64| Entry::CallEnded {
        call: Box::new(call(office, n)),
        legs: Vec::new(),
    };
    let entries: Vec<Entry> = (0..count).map(ended).collect();
    journal::apply(&office.db, &entries).await.unwrap();
}

async fn calls_are_turned_over_page_by_page_newest_first(office: &Office) {
    save(office, 25).await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    for expected in [10, 10, 5] {
        let page = Page {
            limit: 10,
            cursor: cursor.take(),
            ..Page::default()
        };
        let listed = calls::list(&office.db, office.whole(), &CallQuery::default(), &page)
            .await
            .unwrap();
        assert_eq!(listed.items.len(), expected);
        seen.extend(listed.items.iter().map(|call| (call.started_at, call.id)));
        cursor = listed.next_cursor;
    }
    assert!(cursor.is_none());
    assert!(seen.is_sorted_by(|a, b| a > b) && seen.len() == 25);
    let strange = Page {
        limit: 10,
        cursor: Some("x".into()),
        ..Page::default()
    };
    let refused = calls::list(&office.db, office.whole(), &CallQuery::default(), &strange).await;
    assert_eq!(refusal(refused), "invalid: cursor invalid");
}

async fn calls_are_filtered(office: &Office) {
    save(office, 12).await;
    let check = async |set: &dyn Fn(&mut CallQuery), expected: usize| {
        let (page, mut query) = (page(100), CallQuery::default());
        set(&mut query);
        let listed = calls::list(&office.db, office.whole(), &query, &page).await.unwrap();
        assert_eq!(listed.items.len(), expected, "{query:?}");
    };
    check(&|_| {}, 12).await;
    check(&|query| query.from = Some(NOON + 1_000), 10).await;
    check(&|query| query.until = Some(NOON + 1_000), 2).await;
    check(
        &|query| (query.from, query.until) = (Some(NOON + 1_000), Some(NOON + 2_000)),
        2,
    )
    .await;
    check(&|query| query.direction = Some(CallDirection::Inbound), 4).await;
    check(&|query| query.disposition = Some(Disposition::Answered), 6).await;
    check(&|query| query.number = Some("+79123456701".into()), 2).await;
    check(&|query| query.number = Some("+7912*".into()), 12).await;
    check(&|query| query.number = Some("912*".into()), 0).await;
    check(&|query| query.number = Some("101".into()), 12).await;
    check(&|query| query.staff = Some(office.first.staff), 6).await;
    check(&|query| query.recorded = Some(false), 12).await;
    check(&|query| query.recorded = Some(true), 0).await;
}

async fn calls_of_somebody_are_turned_over_page_by_page(office: &Office) {
    let us = office.first.staff;
    let ended = |n: i64| {
        let mut call = call(office, n);
        // both sides, one side, the other side, neither
        (call.caller.staff, call.callee.staff) = ((n % 4 < 2).then_some(us), (n % 2 == 0).then_some(us));
        Entry::CallEnded {
            call: Box::new(call),
            legs: Vec::new(),
        }
    };
    let entries: Vec<Entry> = (0..20).map(ended).collect();
    journal::apply(&office.db, &entries).await.unwrap();
    let query = CallQuery {
        staff: Some(us),
        ..CallQuery::default()
    };
    let (mut seen, mut cursor) = (Vec::new(), None);
    for expected in [7, 7, 1] {
        let page = Page {
            limit: 7,
            cursor: cursor.take(),
            ..Page::default()
        };
        let listed = calls::list(&office.db, office.whole(), &query, &page).await.unwrap();
        assert_eq!(listed.items.len(), expected);
        seen.extend(listed.items.iter().map(|call| (call.started_at, call.id)));
        cursor = listed.next_cursor;
    }
    assert!(cursor.is_none());
    assert!(seen.is_sorted_by(|a, b| a > b), "each once");
}

async fn a_page_looks_at_so_many_calls_and_no_more(office: &Office) {
    for first in (0..10_500).step_by(1_500) {
        let ended = |n: i64| {
            let mut call = call(office, n);
            call.disposition = Some(if n == 3 {
                Disposition::Failed
            } else {
                Disposition::Answered
            });
            Entry::CallEnded {
                call: Box::new(call),
                legs: Vec::new(),
            }
        };
        let entries: Vec<Entry> = (first..first + 1_500).map(ended).collect();
        journal::apply(&office.db, &entries).await.unwrap();
    }
    let query = CallQuery {
        disposition: Some(Disposition::Failed),
        ..CallQuery::default()
    };
    let newest = calls::list(&office.db, office.whole(), &query, &page(10))
        .await
        .unwrap();
    assert_eq!(newest.items.len(), 0, "it is further back");
    let mut next = page(10);
    next.cursor = newest.next_cursor;
    assert!(next.cursor.is_some());
    let older = calls::list(&office.db, office.whole(), &query, &next).await.unwrap();
    assert_eq!((older.items.len(), older.next_cursor), (1, None));
    let plain = calls::list(&office.db, office.whole(), &CallQuery::default(), &page(10))
        .await
        .unwrap();
    assert_eq!(plain.items.len(), 10);
}

async fn a_recording_is_listed_played_and_deleted(office: &Office) {
    let (recording, made) = (RecordingId::new(NOON, 1), call(office, 0));
    let started = Entry::RecordingStarted {
        recording,
        path: "a/b.wav".into(),
        at: NOON + 5_000,
        call: Box::new(made.clone()),
        legs: Vec::new(),
    };
    journal::apply(&office.db, &[started]).await.unwrap();
    let early = recordings::delete(&office.db, &office.author(), recording).await;
    assert_eq!(refusal(early), "gone");
    let ready = Entry::RecordingReady {
        recording,
        duration_ms: 4_000,
        bytes: 128_044,
    };
    journal::apply(&office.db, &[ready]).await.unwrap();
    let page = Page {
        limit: 10,
        ..Page::default()
    };
    let listed = recordings::list(&office.db, office.whole(), Some(RecordingState::Ready), &page)
        .await
        .unwrap();
    assert_eq!(listed.items.first().unwrap().duration_ms, Some(4_000));
    let of = recordings::of_calls(&office.db, office.whole(), &[made.id])
        .await
        .unwrap();
    assert_eq!(of.len(), 1);
    recordings::played(&office.db, &office.author(), recording)
        .await
        .unwrap();
    recordings::delete(&office.db, &office.author(), recording)
        .await
        .unwrap();
    let actions: Vec<String> = office.audit(10).await.into_iter().map(|row| row.action).collect();
    assert!(actions.contains(&"recording.played".into()) && actions.contains(&"recording.deleted".into()));
    let again = recordings::delete(&office.db, &office.author(), recording).await;
    assert_eq!(refusal(again), "gone");
    let gone = recordings::get(&office.db, office.whole(), recording).await.unwrap();
    assert_eq!(gone.state, RecordingState::Deleted);
    assert!(calls::get(&office.db, office.whole(), made.id).await.is_ok());
}

async fn a_key_is_one_order_for_a_day(office: &Office) {
    let key = |wish| OrderKey {
        account: office.first.account,
        staff: office.first.staff,
        key: "a",
        wish,
    };
    let (one, two) = (CallId::new(NOON, 1), CallId::new(NOON, 2));
    let order = async |wish, call, at| calls::order(&office.db, key(wish), (call, at)).await.unwrap();
    let asked = async |wish, at| calls::ordered(&office.db, key(wish), at).await.unwrap();
    assert_eq!(asked("102", NOON).await, Ordered::New);
    assert_eq!(order("102", one, NOON).await, Ordered::New);
    assert_eq!(order("102", two, NOON + 1).await, Ordered::Known(one));
    assert_eq!(order("103", two, NOON + 1).await, Ordered::Differs);
    assert_eq!(asked("102", NOON + 1).await, Ordered::Known(one));
    assert_eq!(asked("103", NOON + 1).await, Ordered::Differs);
    let tomorrow = NOON + 24 * 60 * 60 * 1_000;
    assert_eq!(asked("103", tomorrow).await, Ordered::Differs);
    assert_eq!(asked("103", tomorrow + 1).await, Ordered::New);
    assert_eq!(order("103", two, tomorrow + 1).await, Ordered::New);
    calls::take_back(&office.db, key("103"), one).await.unwrap();
    assert_eq!(
        asked("103", tomorrow + 1).await,
        Ordered::Known(two),
        "that was another call"
    );
    calls::take_back(&office.db, key("103"), two).await.unwrap();
    assert_eq!(asked("103", tomorrow + 1).await, Ordered::New);
}

async fn recordings_of_a_client_are_those_of_a_span(office: &Office) {
    let (db, whole) = (&office.db, office.whole());
    let olga = office.client("+79161234567", "Olga").await.unwrap().id;
    let petr = office.client("+79161234568", "Petr").await.unwrap().id;
    let mut entries = Vec::new();
    for n in 0..8 {
        let mut call = call(office, n);
        call.client = Some(if n == 3 { petr } else { olga });
        entries.push(Entry::RecordingStarted {
            recording: RecordingId::new(NOON, n.unsigned_abs().into()),
            path: format!("{n}.wav"),
            at: call.started_at,
            call: Box::new(call),
            legs: Vec::new(),
        });
    }
    journal::apply(db, &entries).await.unwrap();
    let of = async |within, client, span| -> Vec<String> {
        let found = recordings::of_client(db, within, client, span).await.unwrap();
        found.into_iter().map(|recording| recording.path).collect()
    };
    let all = (NOON, NOON + 3_000);
    assert_eq!(of(whole, petr, all).await, ["3.wav"]);
    let (from, until) = (NOON + 1_000, NOON + 2_000);
    assert_eq!(of(whole, olga, (from, until)).await, ["2.wav", "4.wav", "5.wav"]);
    assert_eq!(of(whole, olga, all).await.len(), 7);
    // Of the calls, those with an even number are the main member's.
    let own = Scope::of(whole.account, Reach::Own, (office.first.staff, first_of(whole.account)));
    assert_eq!(of(own, olga, (from, until)).await, ["2.wav", "4.wav"]);
}
