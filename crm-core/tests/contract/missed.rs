use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::calls::{self, Call, CallDirection, Disposition, Missed, Party};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::mailboxes::{self, MailboxPatch};
use frontdesk_crm_core::projects::first_of;
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::store::Page;
use frontdesk_routing::ids::{CallId, MailboxId, RecordingId};

use crate::office::{NOON, Office, page};

crate::on_both! {
    missed_calls_stand_there_until_their_callers_are_talked_to
    missed_calls_are_turned_over_newest_first
    missed_calls_are_those_within_ones_reach
    l61_a_message_is_no_conversation_and_its_call_stays_missed
    l61_a_talk_with_the_client_by_another_number_handles_the_call
    l61_a_message_that_a_crash_has_cut_off_is_a_missed_call
}

const MINUTE: i64 = 60_000;

/// The `n`th minute's call from this number, or to it.
fn call(office: &Office, n: i64, number: &str, out: bool, disposition: Disposition) -> Call {
    let at = NOON + n * MINUTE;
    let party = |number: Option<&str>, staff| Party {
        staff,
        number: number.map(str::to_owned),
        ..Party::default()
    };
    let (us, them) = (party(None, Some(office.first.staff)), party(Some(number), None));
    let (direction, caller, callee) = match out {
        true => (CallDirection::Outbound, us, them),
        false => (CallDirection::Inbound, them, us),
    };
    Call {
        id: CallId::new(at, n.unsigned_abs().into()),
        account: office.first.account,
        direction,
        caller,
        called: "+74951110001".into(),
        callee,
        client: None,
        disposition: Some(disposition),
        because: "the number is connected".into(),
        started_at: at,
        answered_at: (disposition == Disposition::Answered).then_some(at + 1_000),
        ended_at: Some(at + 9_000),
        ended_by: None,
        status: 480,
        department: None,
        waited_ms: None,
    }
}

async fn save(office: &Office, calls: &[&Call]) {
    let ended = |call: &&Call| Entry::CallEnded {
        call: Box::new(Call::clone(call)),
        legs: Vec::new(),
    };
    let entries: Vec<Entry> = calls.iter().map(ended).collect();
    journal::apply(&office.db, &entries).await.unwrap();
}

async fn missed(office: &Office, since: i64, all: bool) -> Vec<(CallId, Option<CallId>)> {
    let missed = calls::missed(&office.db, office.whole(), (since, all), &page(50)).await;
    let told = |missed: Missed| (missed.call.id, missed.handled_by);
    missed.unwrap().items.into_iter().map(told).collect()
}

async fn missed_calls_stand_there_until_their_callers_are_talked_to(office: &Office) {
    let (olga, petr, nobody) = ("+79161110001", "+79161110002", "+79161110003");
    let called = |n, number, disposition| call(office, n, number, false, disposition);
    let back = |n, number, disposition| call(office, n, number, true, disposition);
    let first = called(1, olga, Disposition::NoAnswer);
    let second = called(2, petr, Disposition::Busy);
    let third = called(3, olga, Disposition::Abandoned);
    let talked = called(4, nobody, Disposition::Answered);
    save(office, &[&first, &second, &third, &talked]).await;
    let open = [(third.id, None), (second.id, None), (first.id, None)];
    assert_eq!(missed(office, NOON, false).await, open);
    save(office, &[&back(5, petr, Disposition::NoAnswer)]).await;
    assert_eq!(missed(office, NOON, false).await, open, "nobody has been reached yet");
    let answer = back(6, olga, Disposition::Answered);
    let later = called(7, olga, Disposition::Answered);
    save(office, &[&answer, &later]).await;
    assert_eq!(missed(office, NOON, false).await, [(second.id, None)]);
    let by = Some(answer.id);
    let every = [(third.id, by), (second.id, None), (first.id, by)];
    assert_eq!(
        missed(office, NOON, true).await,
        every,
        "by the first conversation since"
    );
    assert_eq!(missed(office, NOON + 2 * MINUTE, true).await, every[..2]);
    let other = setup::another(&office.db, office.stamp(), Beginning::default())
        .await
        .unwrap();
    let theirs = calls::missed(&office.db, Scope::whole(other.account), (NOON, true), &page(50)).await;
    assert!(theirs.unwrap().items.is_empty());
}

async fn missed_calls_are_turned_over_newest_first(office: &Office) {
    let all: Vec<Call> = (0..7)
        .map(|n| call(office, n, "+79161110001", false, Disposition::NoAnswer))
        .collect();
    save(office, &all.iter().collect::<Vec<_>>()).await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    for expected in [3, 3, 1] {
        let page = Page {
            limit: 3,
            cursor: cursor.take(),
            ..Page::default()
        };
        let part = calls::missed(&office.db, office.whole(), (NOON, false), &page)
            .await
            .unwrap();
        assert_eq!(part.items.len(), expected);
        seen.extend(part.items.into_iter().map(|missed| missed.call.id));
        cursor = part.next_cursor;
    }
    assert_eq!(cursor, None);
    assert_eq!(seen, all.iter().rev().map(|call| call.id).collect::<Vec<_>>());
}

async fn missed_calls_are_those_within_ones_reach(office: &Office) {
    let ivan = office.ivan().await.id;
    let ours = call(office, 1, "+79161110001", false, Disposition::NoAnswer);
    let mut his = call(office, 2, "+79161110002", false, Disposition::NoAnswer);
    his.callee.staff = Some(ivan);
    save(office, &[&ours, &his]).await;
    let own = Scope::of(office.first.account, Reach::Own, (ivan, first_of(office.first.account)));
    let seen = calls::missed(&office.db, own, (NOON, true), &page(50)).await.unwrap();
    let seen: Vec<CallId> = seen.items.into_iter().map(|missed| missed.call.id).collect();
    assert_eq!(seen, [his.id]);
}

async fn mailbox(office: &Office) -> MailboxId {
    let patch = MailboxPatch {
        staff: Some(office.first.staff.to_string()),
        ..MailboxPatch::default()
    };
    mailboxes::create(&office.db, &office.author(), patch).await.unwrap().id
}

/// The call as the mailbox has answered it, and the message that is being left in it.
fn begun(call: &Call, mailbox: MailboxId) -> [Entry; 2] {
    let recording = RecordingId::new(call.started_at, 1);
    let going_on = Call {
        disposition: None,
        ended_at: None,
        ..call.clone()
    };
    let started = Entry::RecordingStarted {
        recording,
        path: format!("{recording}.wav"),
        at: call.started_at + 2_000,
        call: Box::new(going_on),
        legs: Vec::new(),
    };
    [started, Entry::MessageStarted { recording, mailbox }]
}

fn sound(call: &Call) -> Entry {
    Entry::RecordingReady {
        recording: RecordingId::new(call.started_at, 1),
        duration_ms: 5_000,
        bytes: 80_044,
    }
}

/// A call that nobody but a mailbox took.
fn taken(office: &Office, n: i64, number: &str) -> Call {
    let call = call(office, n, number, false, Disposition::NoAnswer);
    Call {
        answered_at: Some(call.started_at + 1_000),
        status: 200,
        ..call
    }
}

async fn l61_a_message_is_no_conversation_and_its_call_stays_missed(office: &Office) {
    let (olga, mailbox) = ("+79161110001", mailbox(office).await);
    let first = call(office, 1, olga, false, Disposition::Abandoned);
    let (message, greeting) = (taken(office, 2, olga), taken(office, 3, olga));
    save(office, &[&first]).await;
    journal::apply(&office.db, &begun(&message, mailbox)).await.unwrap();
    save(office, &[&message, &greeting]).await;
    journal::apply(&office.db, &[sound(&message)]).await.unwrap();
    let told = async || {
        let missed = calls::missed(&office.db, office.whole(), (NOON, false), &page(50)).await;
        let told = |missed: Missed| (missed.call.id, missed.handled_by, missed.left_message);
        missed.unwrap().items.into_iter().map(told).collect::<Vec<_>>()
    };
    let open = [
        (greeting.id, None, false),
        (message.id, None, true),
        (first.id, None, false),
    ];
    assert_eq!(told().await, open);
    save(office, &[&call(office, 4, olga, true, Disposition::NoAnswer)]).await;
    assert_eq!(told().await, open, "a click that has not reached them");
    save(office, &[&call(office, 5, olga, true, Disposition::Answered)]).await;
    assert_eq!(told().await, []);
}

async fn l61_a_talk_with_the_client_by_another_number_handles_the_call(office: &Office) {
    let olga = office.client("+79161110001", "Olga").await.unwrap().id;
    let theirs = |call: Call| Call {
        client: Some(olga),
        ..call
    };
    let first = theirs(call(office, 1, "+79161110001", false, Disposition::NoAnswer));
    let stranger = call(office, 2, "+79161110002", false, Disposition::NoAnswer);
    let back = theirs(call(office, 3, "+79161110003", true, Disposition::Answered));
    save(office, &[&first, &stranger, &back]).await;
    let every = [(stranger.id, None), (first.id, Some(back.id))];
    assert_eq!(missed(office, NOON, true).await, every);
    assert_eq!(missed(office, NOON, false).await, every[..1]);
}

async fn l61_a_message_that_a_crash_has_cut_off_is_a_missed_call(office: &Office) {
    let mailbox = mailbox(office).await;
    let message = taken(office, 1, "+79161110001");
    journal::apply(&office.db, &begun(&message, mailbox)).await.unwrap();
    let talk = taken(office, 2, "+79161110002");
    journal::apply(&office.db, &begun(&talk, mailbox)[..1]).await.unwrap();
    // Whoever talked with the caller has sent it to the mailbox.
    let sent_on = taken(office, 3, "+79161110003");
    journal::apply(&office.db, &begun(&sent_on, mailbox)).await.unwrap();
    let mut earlier = begun(&sent_on, mailbox);
    if let Entry::RecordingStarted { recording, path, .. } = &mut earlier[0] {
        *recording = RecordingId::new(sent_on.started_at, 2);
        *path = format!("{recording}.wav");
    }
    journal::apply(&office.db, &earlier[..1]).await.unwrap();
    assert_eq!(calls::close_open(&office.db, NOON + 10 * MINUTE).await.unwrap(), 3);
    assert_eq!(missed(office, NOON, true).await, [(message.id, None)]);
}
