use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::calls::{Call, CallDirection, Disposition, Party};
use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::mailboxes::{self, Mailbox, MailboxPatch};
use frontdesk_crm_core::notices::{self, NoticeQuery};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::recordings::{self, RecordingState};
use frontdesk_crm_core::staff::NewStaff;
use frontdesk_crm_core::voicemails::{self, Lamp, Reader, Settled, VoicemailQuery};
use frontdesk_routing::ids::{CallId, MailboxId, RecordingId, StaffId};

use crate::office::{NOON, Office, page, refusal};

crate::on_both! {
    a_mailbox_is_a_persons_or_a_departments_and_each_has_one
    a_message_stands_in_its_mailbox_when_its_sound_is_whole
    a_message_in_which_nothing_was_said_is_none
    messages_are_read_by_whom_they_are_for_newest_first
    whoever_is_told_by_e_mail_gets_one_letter_for_a_message
    a_department_takes_its_mailbox_along
}

async fn mailbox_of(office: &Office, staff: StaffId) -> Mailbox {
    let patch = MailboxPatch {
        staff: Some(staff.to_string()),
        ..MailboxPatch::default()
    };
    mailboxes::create(&office.db, &office.author(), patch).await.unwrap()
}

fn anna() -> NewStaff {
    NewStaff {
        given_name: Some("Anna".into()),
        email: Some("anna@shop.example".into()),
        ..NewStaff::default()
    }
}

fn recording(n: u128) -> RecordingId {
    RecordingId::new(NOON, n)
}

/// A call that has become a message of so many milliseconds.
fn message(office: &Office, n: u128, mailbox: MailboxId, duration_ms: i64) -> Vec<Entry> {
    let at = NOON + i64::try_from(n).unwrap() * 60_000;
    let call = Call {
        id: CallId::new(NOON, n),
        account: office.first.account,
        direction: CallDirection::Inbound,
        caller: Party {
            number: Some("+79161234567".into()),
            ..Party::default()
        },
        called: "+74951110001".into(),
        callee: Party::default(),
        client: None,
        disposition: Some(Disposition::Answered),
        because: "a message can be left".into(),
        started_at: at,
        answered_at: Some(at),
        ended_at: Some(at + duration_ms),
        ended_by: None,
        status: 200,
        department: None,
        waited_ms: None,
    };
    vec![
        Entry::RecordingStarted {
            recording: recording(n),
            path: format!("{n}.wav"),
            at,
            call: Box::new(call.clone()),
            legs: Vec::new(),
        },
        Entry::MessageStarted {
            recording: recording(n),
            mailbox,
        },
        Entry::CallEnded {
            call: Box::new(call),
            legs: Vec::new(),
        },
        Entry::RecordingReady {
            recording: recording(n),
            duration_ms,
            bytes: 1,
        },
    ]
}

fn reader(office: &Office, staff: StaffId, all: bool) -> Reader {
    Reader {
        account: office.first.account,
        staff,
        all,
    }
}

async fn a_mailbox_is_a_persons_or_a_departments_and_each_has_one(office: &Office) {
    let ivan = office.ivan().await;
    let made = mailbox_of(office, ivan.id).await;
    assert_eq!((made.longest_s, made.enabled, made.own_greeting), (120, true, false));
    let again = MailboxPatch {
        staff: Some(ivan.id.to_string()),
        ..MailboxPatch::default()
    };
    let again = mailboxes::create(&office.db, &office.author(), again).await;
    assert_eq!(refusal(again), "taken: staff_id taken");
    let nobody = mailboxes::create(&office.db, &office.author(), MailboxPatch::default()).await;
    assert_eq!(refusal(nobody), "invalid: staff_id invalid");
    let wrong = MailboxPatch {
        longest_s: Some(4),
        language: Some("fr".into()),
        email_to: Some("x".into()),
        ..MailboxPatch::default()
    };
    let wrong = mailboxes::update(&office.db, &office.author(), (made.id, None), wrong).await;
    let faults = refusal(wrong);
    for field in ["longest_s invalid", "language invalid", "email_to_staff_id unknown"] {
        assert!(faults.contains(field), "{faults}");
    }
    let right = MailboxPatch {
        enabled: Some(false),
        language: Some("en".into()),
        longest_s: Some(60),
        email_to: Some(ivan.id.to_string()),
        ..MailboxPatch::default()
    };
    let after = mailboxes::update(&office.db, &office.author(), (made.id, Some(1)), right.clone()).await;
    assert_eq!(after.unwrap().version, 2);
    let stale = mailboxes::update(&office.db, &office.author(), (made.id, Some(1)), right).await;
    assert_eq!(refusal(stale), "stale");
    let plan = plan_build::full(&office.db).await.unwrap();
    let planned = plan.mailboxes.of_staff(ivan.id).unwrap();
    assert_eq!(
        (planned.enabled, planned.russian, planned.longest_s),
        (false, false, 60)
    );
    assert_eq!(
        mailboxes::list(&office.db, office.first.account).await.unwrap().len(),
        1
    );
    mailboxes::delete(&office.db, &office.author(), made.id, None)
        .await
        .unwrap();
    let gone = mailboxes::get(&office.db, office.first.account, made.id).await;
    assert_eq!(refusal(gone), "not found");
}

async fn a_message_stands_in_its_mailbox_when_its_sound_is_whole(office: &Office) {
    let ivan = office.ivan().await;
    let mailbox = mailbox_of(office, ivan.id).await;
    let entries = message(office, 1, mailbox.id, 4_000);
    let (begun, whole) = entries.split_at(3);
    let reader = reader(office, ivan.id, false);
    let begun = journal::apply(&office.db, begun).await.unwrap();
    assert!(begun.messages.is_empty());
    assert_eq!(
        refusal(voicemails::get(&office.db, reader, recording(1)).await),
        "not found"
    );
    let done = journal::apply(&office.db, whole).await.unwrap();
    let kept = Settled::Kept {
        account: office.first.account,
        mailbox: mailbox.id,
        recording: recording(1),
        call: CallId::new(NOON, 1),
        duration_ms: 4_000,
    };
    assert_eq!(done.messages, [kept]);
    let again = journal::apply(&office.db, &entries).await.unwrap();
    assert!(again.messages.is_empty(), "told once");
    let lamp = |fresh, heard| Lamp {
        staff: ivan.id,
        fresh,
        heard,
    };
    let lamps = || voicemails::lamps(&office.db, Some(office.first.account));
    assert_eq!(lamps().await.unwrap(), [lamp(1, 0)]);
    assert_eq!(voicemails::lamps(&office.db, None).await.unwrap(), [lamp(1, 0)]);
    let hear = |heard| {
        let author = office.author();
        async move {
            voicemails::hear(&office.db, &author, recording(1), heard)
                .await
                .unwrap()
        }
    };
    assert!(hear(true).await && !hear(true).await);
    assert_eq!(lamps().await.unwrap(), [lamp(0, 1)]);
    assert!(hear(false).await);
    let read = mailboxes::get(&office.db, office.first.account, mailbox.id)
        .await
        .unwrap();
    assert_eq!((read.fresh, read.total), (1, 1));
    recordings::delete(&office.db, &office.author(), recording(1))
        .await
        .unwrap();
    assert_eq!(lamps().await.unwrap(), [lamp(0, 0)]);
}

async fn a_message_in_which_nothing_was_said_is_none(office: &Office) {
    let ivan = office.ivan().await;
    let mailbox = mailbox_of(office, ivan.id).await;
    let short = message(office, 1, mailbox.id, 999);
    let mut mute = message(office, 2, mailbox.id, 8_000);
    mute.insert(
        2,
        Entry::MessageDropped {
            recording: recording(2),
        },
    );
    for (n, entries) in [(1, short), (2, mute)] {
        let done = journal::apply(&office.db, &entries).await.unwrap();
        let path = format!("{n}.wav");
        assert_eq!(done.messages, [Settled::Empty { path }]);
        let gone = recordings::get(&office.db, Scope::whole(office.first.account), recording(n))
            .await
            .unwrap();
        assert_eq!(gone.state, RecordingState::Deleted);
    }
    let read = mailboxes::get(&office.db, office.first.account, mailbox.id)
        .await
        .unwrap();
    assert_eq!(read.total, 0);
}

async fn messages_are_read_by_whom_they_are_for_newest_first(office: &Office) {
    let (ivan, anna) = (office.ivan().await, office.hire(anna()).await.unwrap());
    let sales = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("200".into()),
        members: Some([ivan.id, anna.id].map(MemberPatch::new).to_vec()),
        ..DepartmentPatch::default()
    };
    let sales = departments::create(&office.db, &office.author(), sales).await.unwrap();
    let common = MailboxPatch {
        department: Some(sales.plan.id.to_string()),
        ..MailboxPatch::default()
    };
    let common = mailboxes::create(&office.db, &office.author(), common).await.unwrap();
    let own = mailbox_of(office, ivan.id).await;
    for (n, mailbox) in [(1, own.id), (2, common.id), (3, own.id)] {
        journal::apply(&office.db, &message(office, n, mailbox, 2_000))
            .await
            .unwrap();
    }
    let list = |reader: Reader, query: VoicemailQuery| async move {
        let listed = voicemails::list(&office.db, reader, &query, &page(50)).await.unwrap();
        listed.items.into_iter().map(|one| one.recording).collect::<Vec<_>>()
    };
    let all = VoicemailQuery::default();
    let [first, second, third] = [1, 2, 3].map(recording);
    assert_eq!(list(reader(office, ivan.id, false), all).await, [third, second, first]);
    assert_eq!(list(reader(office, anna.id, false), all).await, [second]);
    assert_eq!(list(reader(office, office.first.staff, false), all).await, []);
    assert_eq!(list(reader(office, office.first.staff, true), all).await.len(), 3);
    let of = VoicemailQuery {
        mailbox: Some(own.id),
        heard: Some(false),
    };
    voicemails::hear(&office.db, &office.author(), third, true)
        .await
        .unwrap();
    assert_eq!(list(reader(office, ivan.id, false), of).await, [first]);
    let ivans = reader(office, ivan.id, false);
    let newest = voicemails::list(&office.db, ivans, &all, &page(2)).await.unwrap();
    let mut next = page(2);
    next.cursor = newest.next_cursor;
    let rest = voicemails::list(&office.db, ivans, &all, &next).await.unwrap();
    assert_eq!((newest.items.len(), rest.items.len()), (2, 1));
    assert_eq!(rest.next_cursor, None);
    let lamps = voicemails::lamps(&office.db, Some(office.first.account)).await.unwrap();
    let of = |staff: StaffId| lamps.iter().find(|lamp| lamp.staff == staff).unwrap();
    assert_eq!((of(ivan.id).fresh, of(ivan.id).heard), (2, 1));
    assert_eq!((of(anna.id).fresh, of(anna.id).heard), (1, 0));
    for (message, heard) in [(first, true), (third, false)] {
        voicemails::hear(&office.db, &office.author(), message, heard)
            .await
            .unwrap();
    }
    let by_phone = async |most| {
        let found = voicemails::to_hear(&office.db, ivans, most).await.unwrap();
        found.into_iter().map(|one| one.recording).collect::<Vec<_>>()
    };
    assert_eq!(by_phone(100).await, [second, third, first], "new ones first");
    assert_eq!(by_phone(1).await, [second]);
    assert_eq!(voicemails::fresh(&office.db, ivans).await.unwrap(), 2);
    let call = CallId::new(NOON, 2);
    for (staff, expected) in [(anna.id, Some(second)), (office.first.staff, None)] {
        let found = voicemails::of_call(&office.db, reader(office, staff, false), call).await;
        assert_eq!(found.unwrap().map(|one| one.recording), expected);
    }
}

async fn whoever_is_told_by_e_mail_gets_one_letter_for_a_message(office: &Office) {
    let anna = office.hire(anna()).await.unwrap();
    let patch = MailboxPatch {
        staff: Some(anna.id.to_string()),
        email_to: Some(anna.id.to_string()),
        ..MailboxPatch::default()
    };
    let mailbox = mailboxes::create(&office.db, &office.author(), patch).await.unwrap();
    let entries = message(office, 1, mailbox.id, 65_000);
    for _ in 0..2 {
        journal::apply(&office.db, &entries).await.unwrap();
    }
    let told = notices::list(&office.db, office.first.account, &NoticeQuery::default(), &page(50)).await;
    let told = told.unwrap().items;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].recipient, "anna@shop.example");
    assert!(told[0].body.contains("1:05"), "{}", told[0].body);
}

async fn a_department_takes_its_mailbox_along(office: &Office) {
    let sales = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("200".into()),
        ..DepartmentPatch::default()
    };
    let sales = departments::create(&office.db, &office.author(), sales).await.unwrap();
    let common = MailboxPatch {
        department: Some(sales.plan.id.to_string()),
        ..MailboxPatch::default()
    };
    let common = mailboxes::create(&office.db, &office.author(), common).await.unwrap();
    journal::apply(&office.db, &message(office, 1, common.id, 2_000))
        .await
        .unwrap();
    departments::delete(&office.db, &office.author(), sales.plan.id, None)
        .await
        .unwrap();
    let gone = mailboxes::get(&office.db, office.first.account, common.id).await;
    assert_eq!(refusal(gone), "not found");
    let kept = recordings::get(&office.db, Scope::whole(office.first.account), recording(1))
        .await
        .unwrap();
    assert_eq!(kept.state, RecordingState::Ready, "the recording of the call stays");
}
