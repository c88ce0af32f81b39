use frontdesk_crm_core::blocks::{self, KeptBlock};
use frontdesk_crm_core::calls::{self, Call, CallDirection, Disposition, Leg, Party};
use frontdesk_crm_core::journal::{self, Binding, Entry};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::recordings::{self, RecordingState};
use frontdesk_crm_core::sip_accounts;
use frontdesk_crm_core::subscriptions::{self, Subscription};
use frontdesk_routing::ids::{AccountId, CallId, LegId, RecordingId};

use crate::office::{NOON, Office};

crate::on_both! {
    a_batch_applied_twice_does_no_harm
    every_row_of_a_large_batch_is_its_own
    an_entry_that_never_fits_keeps_nothing_back
    what_a_crash_left_open_is_found_and_closed_where_its_sound_ends
    bindings_survive_a_restart_until_they_expire
    subscriptions_survive_a_restart_until_they_run_out
    blocks_survive_a_restart_until_they_are_over_or_lifted
}

fn call(account: AccountId, n: u128) -> Call {
    Call {
        id: CallId::new(NOON, n),
        account,
        direction: CallDirection::Internal,
        caller: Party {
            number: Some("101".into()),
            name: Some("a\0b".into()),
            ..Party::default()
        },
        called: "100".into(),
        callee: Party::default(),
        client: None,
        disposition: None,
        because: "internal".into(),
        started_at: NOON,
        answered_at: Some(NOON + 1_000),
        ended_at: None,
        ended_by: None,
        status: 200,
        department: None,
        waited_ms: None,
    }
}

fn leg(n: u128) -> Leg {
    Leg {
        id: LegId::new(NOON, n),
        caller: true,
        staff: None,
        trunk: None,
        sip_call_id: "x\0y".into(),
        peer: Some("192.0.2.9:5060".into()),
        started_at: NOON,
        answered_at: Some(NOON + 1_000),
        ended_at: None,
        status: 200,
    }
}

fn started(call: &Call, legs: &[Leg], recording: RecordingId) -> Entry {
    Entry::RecordingStarted {
        recording,
        path: format!("{recording}.wav"),
        at: NOON + 1_000,
        call: Box::new(call.clone()),
        legs: legs.to_vec(),
    }
}

async fn a_batch_applied_twice_does_no_harm(office: &Office) {
    let (call, recording) = (call(office.first.account, 1), RecordingId::new(NOON, 1));
    let ended = Call {
        ended_at: Some(NOON + 9_000),
        disposition: Some(Disposition::Answered),
        ..call.clone()
    };
    let batch = [
        started(&call, &[leg(1), leg(2)], recording),
        Entry::CallEnded {
            call: Box::new(ended),
            legs: vec![leg(1), leg(2), leg(3)],
        },
        Entry::RecordingReady {
            recording,
            duration_ms: 8_000,
            bytes: 1,
        },
    ];
    for _ in 0..2 {
        journal::apply(&office.db, &batch).await.unwrap();
    }
    let kept = calls::get(&office.db, office.whole(), call.id).await.unwrap();
    assert_eq!(
        (kept.ended_at, kept.disposition),
        (Some(NOON + 9_000), Some(Disposition::Answered))
    );
    assert_eq!(
        kept.caller.name.as_deref(),
        Some("a\u{fffd}b"),
        "no NUL reaches the database"
    );
    assert_eq!(
        calls::legs(&office.db, office.first.account, call.id)
            .await
            .unwrap()
            .len(),
        3
    );
    let kept = recordings::get(&office.db, office.whole(), recording).await.unwrap();
    assert_eq!((kept.state, kept.duration_ms), (RecordingState::Ready, Some(8_000)));
}

/// 23 calls: one text of sixteen rows, one of four and three of one.
async fn every_row_of_a_large_batch_is_its_own(office: &Office) {
    const CALLS: u128 = 23;
    let at = |n: u128| NOON + i64::try_from(n).unwrap();
    let recording = |n: u128| RecordingId::new(NOON, n);
    let legs = |n: u128| [leg(2 * n), leg(2 * n + 1)];
    let begun = (0..CALLS).map(|n| started(&call(office.first.account, n), &legs(n), recording(n)));
    let ended = (0..CALLS).map(|n| Entry::CallEnded {
        call: Box::new(Call {
            ended_at: Some(at(n)),
            ..call(office.first.account, n)
        }),
        legs: legs(n).to_vec(),
    });
    let ready = (0..CALLS).map(|n| Entry::RecordingReady {
        recording: recording(n),
        duration_ms: at(n) - NOON,
        bytes: at(n),
    });
    let batch: Vec<Entry> = begun.chain(ended).chain(ready).collect();
    journal::apply(&office.db, &batch).await.unwrap();
    for n in 0..CALLS {
        let account = office.first.account;
        let (id, recording) = (CallId::new(NOON, n), recording(n));
        let kept = calls::get(&office.db, frontdesk_crm_core::access::Scope::whole(account), id)
            .await
            .unwrap();
        assert_eq!(kept.ended_at, Some(at(n)));
        let kept = calls::legs(&office.db, account, id).await.unwrap();
        let kept: Vec<LegId> = kept.iter().map(|leg| leg.id).collect();
        assert_eq!(kept, legs(n).map(|leg| leg.id));
        let kept = recordings::get(&office.db, frontdesk_crm_core::access::Scope::whole(account), recording)
            .await
            .unwrap();
        assert_eq!((kept.call, kept.state), (id, RecordingState::Ready));
        assert_eq!((kept.duration_ms, kept.bytes), (Some(at(n) - NOON), Some(at(n))));
    }
}

async fn an_entry_that_never_fits_keeps_nothing_back(office: &Office) {
    let nobody = AccountId::new(NOON, 77);
    let ended = |account: AccountId, n: u128| Entry::CallEnded {
        call: Box::new(call(account, n)),
        legs: Vec::new(),
    };
    let batch = [
        ended(office.first.account, 1),
        ended(nobody, 2),
        ended(office.first.account, 3),
    ];
    journal::apply(&office.db, &batch).await.unwrap();
    for n in [1, 3] {
        assert!(
            calls::get(&office.db, office.whole(), CallId::new(NOON, n))
                .await
                .is_ok(),
            "{n}"
        );
    }
    assert!(
        calls::get(
            &office.db,
            frontdesk_crm_core::access::Scope::whole(nobody),
            CallId::new(NOON, 2)
        )
        .await
        .is_err()
    );
}

async fn what_a_crash_left_open_is_found_and_closed_where_its_sound_ends(office: &Office) {
    let call = call(office.first.account, 1);
    let recording = RecordingId::new(NOON, 1);
    journal::apply(&office.db, &[started(&call, &[leg(1)], recording)])
        .await
        .unwrap();
    let open = recordings::unfinished(&office.db).await.unwrap();
    let found = open.first().unwrap();
    assert_eq!(
        (found.id, found.call, found.path.clone()),
        (recording, call.id, format!("{recording}.wav"))
    );
    let repaired = Entry::RecordingReady {
        recording,
        duration_ms: 30_000,
        bytes: 960_044,
    };
    journal::apply(&office.db, &[repaired]).await.unwrap();
    let next_day = NOON + 86_400_000;
    assert_eq!(calls::close_open(&office.db, next_day).await.unwrap(), 1);
    assert_eq!(calls::close_open(&office.db, next_day).await.unwrap(), 0);
    let closed = calls::get(&office.db, office.whole(), call.id).await.unwrap();
    assert_eq!(
        (closed.ended_at, closed.disposition),
        (Some(NOON + 31_000), Some(Disposition::Answered))
    );
    let legs = calls::legs(&office.db, office.first.account, call.id).await.unwrap();
    assert_eq!(legs.first().unwrap().ended_at, Some(NOON + 31_000));
    assert!(recordings::unfinished(&office.db).await.unwrap().is_empty());
}

async fn bindings_survive_a_restart_until_they_expire(office: &Office) {
    let ivan = office.ivan().await;
    let data = sip_accounts::generate(&office.db, &office.author(), ivan.id)
        .await
        .unwrap();
    let binding = |contact: &str, expires_at: i64| Binding {
        sip_account: data.id,
        name: contact.into(),
        contact: contact.into(),
        path: vec!["<sip:a;lr>".into(), "<sip:b;lr>".into()],
        flow: "udp 192.0.2.1:5060 192.0.2.9:5060 0".into(),
        expires_at,
        q: 500,
        sip_call_id: "abc".into(),
        cseq: u32::MAX,
        instance: None,
        reg_id: None,
        user_agent: Some("phone".into()),
    };
    let saved = |binding: &Binding| Entry::BindingSaved(Box::new(binding.clone()));
    let (one, two) = (
        binding("sip:one@192.0.2.9", NOON + 60_000),
        binding("sip:two@192.0.2.9", NOON + 1),
    );
    let newer = Binding {
        expires_at: NOON + 90_000,
        ..one.clone()
    };
    journal::apply(&office.db, &[saved(&one), saved(&two), saved(&newer)])
        .await
        .unwrap();
    assert_eq!(journal::bindings(&office.db, NOON).await.unwrap(), [newer.clone(), two]);
    assert_eq!(
        journal::bindings(&office.db, NOON + 1).await.unwrap(),
        std::slice::from_ref(&newer)
    );
    let elsewhere = AccountId::from_u128(7);
    let flows = async |account, now| journal::flows_of_others(&office.db, account, now).await.unwrap();
    assert_eq!(flows(elsewhere, NOON + 1).await, std::slice::from_ref(&newer.flow));
    assert!(flows(elsewhere, NOON + 90_000).await.is_empty(), "it is over");
    assert!(flows(office.first.account, NOON).await.is_empty(), "one's own");
    let removed = Entry::BindingRemoved {
        sip_account: data.id,
        name: one.name.clone(),
    };
    journal::apply(&office.db, &[removed.clone(), removed]).await.unwrap();
    assert!(journal::bindings(&office.db, NOON).await.unwrap().is_empty());
    let flow = |reg_id: u32, contact: &str| Binding {
        name: format!("#{reg_id} urn:uuid:1"),
        instance: Some("urn:uuid:1".into()),
        reg_id: Some(reg_id),
        ..binding(contact, NOON + 60_000)
    };
    let (first, second) = (flow(1, "sip:one@192.0.2.9"), flow(2, "sip:one@192.0.2.9"));
    let moved = flow(1, "sip:one@192.0.2.10");
    let batch = [saved(&first), saved(&second), saved(&moved)];
    journal::apply(&office.db, &batch).await.unwrap();
    assert_eq!(journal::bindings(&office.db, NOON).await.unwrap(), [moved, second]);
    let both = [1, 2].map(|reg_id| Entry::BindingRemoved {
        sip_account: data.id,
        name: format!("#{reg_id} urn:uuid:1"),
    });
    journal::apply(&office.db, &both).await.unwrap();
    frontdesk_crm_core::staff::delete(&office.db, &office.author(), ivan.id, None)
        .await
        .unwrap();
    journal::apply(&office.db, &[saved(&one)]).await.unwrap();
    assert!(journal::bindings(&office.db, NOON).await.unwrap().is_empty());
    assert!(
        plan_build::full(&office.db)
            .await
            .unwrap()
            .staff
            .by_sip(data.id)
            .is_none()
    );
}

async fn subscriptions_survive_a_restart_until_they_run_out(office: &Office) {
    let ivan = office.ivan().await;
    let data = sip_accounts::generate(&office.db, &office.author(), ivan.id)
        .await
        .unwrap();
    let one = Subscription {
        sip_account: data.id,
        name: "0123456789abcdef".into(),
        flow: "udp 192.0.2.1:5060 192.0.2.9:5060 0".into(),
        expires_at: NOON + 60_000,
        longest: 600,
        event: "dialog;id=7".into(),
        watched_user: "102".into(),
        watched_host: "pbx.example".into(),
        sip_call_id: "abc".into(),
        local_party: "<sip:102@pbx.example>;tag=0123456789abcdef".into(),
        remote_party: "\"Иван\" <sip:101@pbx.example>;tag=a".into(),
        remote_tag: "a".into(),
        target: "sip:101@192.0.2.9".into(),
        routes: vec!["<sip:edge.example;lr>".into(), "<sip:edge2.example;lr>".into()],
    };
    let two = Subscription {
        name: "1123456789abcdef".into(),
        expires_at: NOON + 1,
        routes: Vec::new(),
        ..one.clone()
    };
    let refreshed = Subscription {
        expires_at: NOON + 90_000,
        flow: "tcp 192.0.2.1:5060 192.0.2.9:40000 7".into(),
        ..one.clone()
    };
    let saved = |kept: &Subscription| Entry::SubscriptionSaved(Box::new(kept.clone()));
    journal::apply(&office.db, &[saved(&one), saved(&two), saved(&refreshed)])
        .await
        .unwrap();
    let list = async |at| subscriptions::list(&office.db, at).await.unwrap();
    assert_eq!(list(NOON).await, [refreshed.clone(), two]);
    assert_eq!(list(NOON + 1).await, std::slice::from_ref(&refreshed));
    let removed = Entry::SubscriptionRemoved {
        sip_account: data.id,
        name: one.name.clone(),
    };
    journal::apply(&office.db, &[removed.clone(), removed]).await.unwrap();
    assert!(list(NOON).await.is_empty());
    journal::apply(&office.db, &[saved(&one)]).await.unwrap();
    frontdesk_crm_core::staff::delete(&office.db, &office.author(), ivan.id, None)
        .await
        .unwrap();
    assert!(list(NOON).await.is_empty());
}

async fn blocks_survive_a_restart_until_they_are_over_or_lifted(office: &Office) {
    let block = |address: &str, reason: &str, until: Option<i64>| {
        Entry::BlockSaved(KeptBlock {
            address: address.into(),
            reason: reason.into(),
            since: NOON,
            until,
        })
    };
    let kept = async |now: i64| -> Vec<String> {
        let kept = blocks::list(&office.db, now).await.unwrap();
        let told = |block: KeptBlock| format!("{} {} {:?}", block.address, block.reason, block.until);
        kept.into_iter().map(told).collect()
    };
    let batch = [
        block("192.0.2.2", "guesses", Some(NOON + 1_000)),
        block("192.0.2.1", "by hand", None),
        block("2001:db8::1", "scans", Some(NOON + 2_000)),
        block("192.0.2.2", "scans", Some(NOON + 3_000)),
    ];
    journal::apply(&office.db, &batch).await.unwrap();
    journal::apply(&office.db, &batch).await.unwrap();
    let (by_hand, scans) = (
        "192.0.2.1 by hand None",
        format!("192.0.2.2 scans {:?}", Some(NOON + 3_000)),
    );
    let short = format!("2001:db8::1 scans {:?}", Some(NOON + 2_000));
    assert_eq!(kept(NOON).await, [by_hand, &scans, &short]);
    assert_eq!(kept(NOON + 2_000).await, [by_hand, &scans]);
    assert_eq!(kept(NOON).await, [by_hand, &scans], "what is over is forgotten");
    let lifted = ["192.0.2.1", "192.0.2.9"].map(|address| Entry::BlockRemoved(address.into()));
    journal::apply(&office.db, &lifted).await.unwrap();
    assert_eq!(kept(NOON).await, [scans]);
}
