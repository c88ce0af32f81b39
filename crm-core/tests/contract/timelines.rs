//! A client's timeline: what of each kind stands in it, for whom, and that its pages join; and notes that are corrected.

use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::calls::{Call, CallDirection, Disposition, Party};
use frontdesk_crm_core::clients::{self, Beside, Happening, Note};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::mailboxes::{self, MailboxPatch};
use frontdesk_crm_core::requests::{self, NewRequest};
use frontdesk_crm_core::sites::{self, SitePatch};
use frontdesk_crm_core::staff::NewStaff;
use frontdesk_crm_core::voicemails::Reader;
use frontdesk_routing::ids::{CallId, ClientId, MailboxId, ProjectId, RecordingId, StaffId};

use crate::office::{NOON, Office, page, refusal};

crate::on_both! {
    each_kind_stands_in_its_place_for_whoever_may_see_it_and_pages_join
    a_page_of_a_client_with_very_many_calls_looks_at_so_many_and_goes_on
    a_note_is_corrected_and_the_audit_has_both_words
    a_note_is_deleted_at_its_version_within_the_reach
}

const NUMBER: &str = "+79161234567";
const SECOND: i64 = 1_000;

async fn anna(office: &Office) -> StaffId {
    let new = NewStaff {
        given_name: Some("Anna".into()),
        ..NewStaff::default()
    };
    office.hire(new).await.unwrap().id
}

async fn mailbox_of(office: &Office, staff: StaffId) -> MailboxId {
    let patch = MailboxPatch {
        staff: Some(staff.to_string()),
        ..MailboxPatch::default()
    };
    let made = mailboxes::create(&office.db, &office.author(), patch).await;
    made.unwrap().id
}

fn call(office: &Office, n: u128, at: i64) -> Call {
    let ours = Party {
        staff: Some(office.first.staff),
        ..Party::default()
    };
    Call {
        id: CallId::new(at, n),
        account: office.first.account,
        direction: CallDirection::Inbound,
        caller: Party {
            number: Some(NUMBER.into()),
            ..Party::default()
        },
        called: "+74951110001".into(),
        callee: ours,
        client: None,
        disposition: Some(Disposition::Answered),
        because: "a test".into(),
        started_at: at,
        answered_at: Some(at),
        ended_at: Some(at + 5 * SECOND),
        ended_by: None,
        status: 200,
        department: None,
        waited_ms: None,
    }
}

/// A call, and a message that was left in it later.
async fn message(office: &Office, n: u128, (at, left_at): (i64, i64), mailbox: MailboxId) {
    let recording = RecordingId::new(left_at, n);
    let call = Box::new(call(office, n, at));
    let entries = [
        Entry::RecordingStarted {
            recording,
            path: format!("{n}.wav"),
            at: left_at,
            call: call.clone(),
            legs: Vec::new(),
        },
        Entry::MessageStarted { recording, mailbox },
        Entry::CallEnded { call, legs: Vec::new() },
        Entry::RecordingReady {
            recording,
            duration_ms: 4_000,
            bytes: 1,
        },
    ];
    journal::apply(&office.db, &entries).await.unwrap();
}

/// A visitor of a site, who has the client's number.
async fn request(office: &Office) -> ClientId {
    let patch = SitePatch {
        name: Some("Shop".into()),
        origins: Some(vec!["https://shop.example".into()]),
        staff: Some(office.first.staff.to_string()),
        ..SitePatch::default()
    };
    let site = sites::create(&office.db, &office.author(), patch).await.unwrap();
    let new = NewRequest {
        number: Some(NUMBER.into()),
        name: Some("Olga".into()),
        subject: Some("A kettle".into()),
        kind: Some("form".into()),
        ..NewRequest::default()
    };
    let made = requests::submit(&office.db, &office.author(), &site, new, None).await;
    made.unwrap().request.client.unwrap()
}

fn everything(office: &Office) -> Beside {
    Beside {
        calls: Some(office.whole()),
        deals: None,
        voicemails: Some(Reader {
            account: office.first.account,
            staff: office.first.staff,
            all: true,
        }),
    }
}

fn told(happening: &Happening) -> (&'static str, i64) {
    match happening {
        Happening::Call(call) => ("call", call.started_at - NOON),
        Happening::Note(note) => ("note", note.at - NOON),
        Happening::Deal(change) => ("deal", change.at - NOON),
        Happening::Voicemail(message) => ("voicemail", message.left_at - NOON),
        Happening::Request(request) => ("request", request.created_at - NOON),
    }
}

/// All pages of so many, one after another.
async fn leafed(office: &Office, client: ClientId, beside: Beside, limit: u32) -> Vec<Happening> {
    let (mut part, mut all) = (page(limit), Vec::new());
    loop {
        let list = clients::timeline(&office.db, (office.whole(), client), beside, &part).await;
        let list = list.unwrap();
        assert!(list.items.len() <= usize::try_from(limit).unwrap());
        all.extend(list.items);
        match list.next_cursor {
            Some(cursor) => part.cursor = Some(cursor),
            None => return all,
        }
    }
}

async fn each_kind_stands_in_its_place_for_whoever_may_see_it_and_pages_join(office: &Office) {
    let anna = anna(office).await;
    let (hers, ours) = (
        mailbox_of(office, anna).await,
        mailbox_of(office, office.first.staff).await,
    );
    let client = request(office).await;
    // a message is left while a later call goes on
    message(office, 1, (NOON + SECOND, NOON + 6 * SECOND), hers).await;
    message(office, 2, (NOON + 2 * SECOND, NOON + 3 * SECOND), ours).await;
    let entry = |n: u128, at: i64| Entry::CallEnded {
        call: Box::new(call(office, n, NOON + at)),
        legs: Vec::new(),
    };
    journal::apply(&office.db, &[entry(3, 4 * SECOND), entry(4, 4 * SECOND)])
        .await
        .unwrap();
    office.later(5 * SECOND);
    let target = (office.whole(), client);
    clients::add_note(&office.db, &office.author(), target, "Asks for a kettle")
        .await
        .unwrap();
    let whole = leafed(office, client, everything(office), 50).await;
    let expected = [
        ("voicemail", 6 * SECOND),
        ("note", 5 * SECOND),
        ("call", 4 * SECOND),
        ("call", 4 * SECOND),
        ("voicemail", 3 * SECOND),
        ("call", 2 * SECOND),
        ("call", SECOND),
        ("request", 0),
    ];
    assert_eq!(whole.iter().map(told).collect::<Vec<_>>(), expected);
    for limit in 1..8 {
        assert_eq!(
            leafed(office, client, everything(office), limit).await,
            whole,
            "{limit}"
        );
    }
    let hears = |staff, all| Beside {
        calls: None,
        deals: None,
        voicemails: Some(Reader {
            account: office.first.account,
            staff,
            all,
        }),
    };
    let messages = async |beside| {
        let all = leafed(office, client, beside, 2).await;
        let messages = all.iter().map(told).filter(|(kind, _)| *kind == "voicemail");
        messages.map(|(_, at)| at).collect::<Vec<_>>()
    };
    assert_eq!(messages(hears(anna, false)).await, [6 * SECOND]);
    assert_eq!(messages(hears(office.first.staff, false)).await, [3 * SECOND]);
    assert_eq!(messages(hears(anna, true)).await.len(), 2);
    let nobody = Beside {
        voicemails: None,
        ..hears(anna, true)
    };
    let left = leafed(office, client, nobody, 2).await;
    assert_eq!(
        left.iter().map(|one| told(one).0).collect::<Vec<_>>(),
        ["note", "request"]
    );
}

async fn a_page_of_a_client_with_very_many_calls_looks_at_so_many_and_goes_on(office: &Office) {
    let client = office.client(NUMBER, "Ivanov").await.unwrap().id;
    let target = (office.whole(), client);
    clients::add_note(&office.db, &office.author(), target, "The first of all")
        .await
        .unwrap();
    let mailbox = mailbox_of(office, office.first.staff).await;
    let after = |n: i64| NOON + n * SECOND;
    // its call began before those that the first page looks at, and it was left among them
    message(office, 1, (after(1), after(5_000)), mailbox).await;
    let sql = format!(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10100) \
         INSERT INTO calls (id, account_id, direction, called, client_id, disposition, because, started_at, ended_at, \
         status) SELECT '00000000000000000' || CAST(100000000 + i AS TEXT), '{}', 'inbound', '100', '{client}', 'answered', \
         '', {NOON} + 1000 * i, {NOON} + 1000 * i, 200 FROM n",
        office.first.account
    );
    assert_eq!(office.raw(&sql).await.unwrap(), 10_099);
    let hidden = Beside {
        calls: Some(Scope::of(
            office.first.account,
            Reach::Own,
            (anna(office).await, ProjectId::from_u128(1)),
        )),
        ..everything(office)
    };
    let first = clients::timeline(&office.db, target, hidden, &page(5)).await.unwrap();
    let first: Vec<_> = first.items.iter().map(told).collect();
    assert_eq!(first, [("voicemail", 5_000 * SECOND)], "none of the calls may be read");
    let rest = leafed(office, client, hidden, 5).await;
    assert_eq!(
        rest.iter().map(told).collect::<Vec<_>>(),
        [("voicemail", 5_000 * SECOND), ("note", 0)]
    );
    let all = leafed(office, client, everything(office), 500).await;
    assert_eq!(all.len(), 10_102);
    assert!(all.is_sorted_by_key(|one| -told(one).1));
}

async fn noted(office: &Office) -> (ClientId, Note) {
    let client = office.client(NUMBER, "Ivanov").await.unwrap().id;
    let target = (office.whole(), client);
    let note = clients::add_note(&office.db, &office.author(), target, "Bring a ketle").await;
    (client, note.unwrap())
}

async fn a_note_is_corrected_and_the_audit_has_both_words(office: &Office) {
    let (client, note) = noted(office).await;
    assert_eq!((note.edited_at, note.version), (None, 1));
    let at = office.later(SECOND);
    let words = (office.whole(), note.id);
    let correct =
        async |body: &str, version| clients::correct_note(&office.db, &office.author(), words, body, version).await;
    assert_eq!(refusal(correct(" ", None).await), "invalid: body required");
    assert_eq!(refusal(correct("Bring a kettle", Some(2)).await), "stale");
    let after = correct(" Bring a kettle ", Some(1)).await.unwrap();
    assert_eq!(
        (after.body.as_str(), after.edited_at, after.version),
        ("Bring a kettle", Some(at), 2)
    );
    assert_eq!((after.at, after.author), (note.at, note.author));
    assert_eq!(clients::note(&office.db, office.whole(), note.id).await.unwrap(), after);
    assert_eq!(
        correct("Bring a kettle", None).await.unwrap(),
        after,
        "the same words change nothing"
    );
    let listed = leafed(office, client, everything(office), 5).await;
    assert_eq!(listed, [Happening::Note(after)]);
    let audit = office.audit(1).await;
    assert_eq!(
        (audit[0].action.as_str(), &audit[0].entity_id),
        ("client.note_changed", &client.to_string())
    );
    let (before, after) = (audit[0].before.as_ref().unwrap(), audit[0].after.as_ref().unwrap());
    assert_eq!(
        (&before["body"], &after["body"]),
        (&"Bring a ketle".into(), &"Bring a kettle".into())
    );
}

async fn a_note_is_deleted_at_its_version_within_the_reach(office: &Office) {
    let (client, note) = noted(office).await;
    let anna = anna(office).await;
    let beyond = Scope::of(office.first.account, Reach::Own, (anna, ProjectId::from_u128(1)));
    assert!(note.is_of(office.first.staff, beyond) && note.is_of(anna, office.whole()));
    assert!(!note.is_of(anna, beyond));
    let delete =
        async |within, version| clients::delete_note(&office.db, &office.author(), (within, note.id), version).await;
    assert_eq!(refusal(clients::note(&office.db, beyond, note.id).await), "not found");
    assert_eq!(refusal(delete(beyond, None).await), "not found");
    assert_eq!(refusal(delete(office.whole(), Some(2)).await), "stale");
    office.later(SECOND);
    delete(office.whole(), Some(1)).await.unwrap();
    assert_eq!(refusal(delete(office.whole(), None).await), "not found");
    assert!(leafed(office, client, everything(office), 5).await.is_empty());
    let audit = office.audit(1).await;
    assert_eq!(audit[0].action, "client.note_deleted");
    assert_eq!(audit[0].before.as_ref().unwrap()["body"], "Bring a ketle");
    let nobody = Author {
        actor: Actor::program(),
        ..office.author()
    };
    let target = (office.whole(), client);
    let note = clients::add_note(&office.db, &nobody, target, "By a program")
        .await
        .unwrap();
    assert!(!note.is_of(anna, beyond) && note.is_of(anna, office.whole()));
}
