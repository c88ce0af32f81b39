//! Who wants to be forgotten is in no table of the database any more, whatever knew of them.

use std::path::Path;

use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::audit;
use frontdesk_crm_core::calls::{self, Call, CallDirection, Disposition, Leg, Party};
use frontdesk_crm_core::clients::{self, ClientPatch};
use frontdesk_crm_core::deals::{self, NewDeal};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::mailboxes::{self, MailboxPatch};
use frontdesk_crm_core::notices::{self, Channel, NewSettings};
use frontdesk_crm_core::projects::first_of;
use frontdesk_crm_core::recordings::{self, RecordingState};
use frontdesk_crm_core::removals::{self, Folder};
use frontdesk_crm_core::requests::{self, NewRequest};
use frontdesk_crm_core::sites::{self, SitePatch};
use frontdesk_crm_core::staff::NewStaff;
use frontdesk_crm_core::store::copy;
use frontdesk_crm_core::voicemails::{self, Reader};
use frontdesk_crm_core::webhooks::{self, Event, News, WebhookPatch};
use frontdesk_routing::ids::{CallId, ClientId, DeliveryId, LegId, MailboxId, RecordingId, StaffId};

use crate::office::{NOON, Office};

crate::on_both! {
    v29_no_table_holds_anything_of_an_erased_client
    v29_a_call_that_goes_on_is_forgotten_when_it_ends
    v29_what_cannot_be_removed_is_tried_again_and_keeps_nothing_back
    v29_a_number_that_is_somebody_elses_by_now_stays_theirs
    v29_of_many_who_were_erased_each_is_known_to_the_batch_with_their_calls
}

const NAME: &str = "Константинопольская";
const NUMBER: &str = "+79123456701";
/// The client had it once.
const FORMER: &str = "+79123456702";

/// An inbound call that has been answered.
fn inbound(office: &Office, n: u128, number: &str, client: Option<ClientId>) -> Call {
    Call {
        id: CallId::new(NOON, n),
        account: office.first.account,
        direction: CallDirection::Inbound,
        caller: Party {
            number: Some(number.into()),
            name: client.map(|_| NAME.into()),
            ..Party::default()
        },
        called: "+74957654321".into(),
        callee: Party {
            staff: Some(office.first.staff),
            ..Party::default()
        },
        client,
        disposition: None,
        because: "the number is Main's".into(),
        started_at: NOON,
        answered_at: Some(NOON),
        ended_at: None,
        ended_by: None,
        status: 200,
        department: None,
        waited_ms: None,
    }
}

/// A call to somebody outside; `None`: it was refused.
fn outbound(office: &Office, n: u128, dialled: &str, number: Option<&str>) -> Call {
    let call = inbound(office, n, "", None);
    Call {
        direction: CallDirection::Outbound,
        caller: call.callee,
        called: dialled.into(),
        callee: Party {
            number: number.map(str::to_owned),
            ..Party::default()
        },
        ..call
    }
}

fn started(call: &Call, recording: RecordingId) -> Entry {
    Entry::RecordingStarted {
        recording,
        path: path(recording),
        at: NOON,
        call: Box::new(call.clone()),
        legs: Vec::new(),
    }
}

fn ended(call: &Call) -> Entry {
    let call = Call {
        disposition: Some(Disposition::Answered),
        ended_at: Some(NOON + 9_000),
        ..call.clone()
    };
    let leg = Leg {
        id: LegId::from_u128(call.id.as_u128()),
        caller: true,
        staff: None,
        trunk: None,
        sip_call_id: "a84b4c76e66710".into(),
        peer: Some("203.0.113.77:5060".into()),
        started_at: NOON,
        answered_at: None,
        ended_at: None,
        status: 200,
    };
    Entry::CallEnded {
        call: Box::new(call),
        legs: vec![leg],
    }
}

fn ready(recording: RecordingId) -> Entry {
    Entry::RecordingReady {
        recording,
        duration_ms: 9_000,
        bytes: 1,
    }
}

fn recording(n: u128) -> RecordingId {
    RecordingId::new(NOON, n)
}

fn path(recording: RecordingId) -> String {
    format!("2026/{recording}.wav")
}

/// A call from its beginning to its end, recorded.
fn recorded(call: &Call, recording: RecordingId) -> Vec<Entry> {
    vec![started(call, recording), ended(call), ready(recording)]
}

async fn apply(office: &Office, entries: &[Entry]) {
    journal::apply(&office.db, entries).await.unwrap();
}

/// The whole database as one file's bytes, and for SQLite the files that it is.
async fn contents(office: &Office) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db").display().to_string();
    copy::to_file(&office.db, &copy, |_, _| {}).await.unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    if !office.url.starts_with("postgres") {
        assert!(office.db.truncate_log().await.unwrap());
        for file in [office.url.clone(), format!("{}-wal", office.url)] {
            bytes.extend(std::fs::read(Path::new(&file)).unwrap_or_default());
        }
    }
    bytes
}

async fn holds(office: &Office, traces: &[&str]) -> Vec<bool> {
    let all = contents(office).await;
    let found = |trace: &&str| all.windows(trace.len()).any(|part| part == trace.as_bytes());
    traces.iter().map(found).collect()
}

async fn nothing_is_left(office: &Office, traces: &[&str]) {
    let found = holds(office, traces).await;
    let left: Vec<_> = traces.iter().zip(found).filter(|(_, found)| *found).collect();
    let all = contents(office).await;
    let around = |trace: &str| {
        let at = all.windows(trace.len()).position(|part| part == trace.as_bytes())?;
        let part = all.get(at.saturating_sub(150)..at + 150)?;
        Some(String::from_utf8_lossy(part).into_owned())
    };
    let around: Vec<_> = left.iter().map(|(trace, _)| around(trace)).collect();
    assert!(left.is_empty(), "{left:?} in {around:?}");
}

async fn due(office: &Office) -> Vec<String> {
    let due = removals::due(&office.db, office.now(), 100).await.unwrap();
    let mut paths: Vec<String> = due.into_iter().map(|removal| removal.path).collect();
    paths.sort();
    paths
}

async fn state(office: &Office, recording: RecordingId) -> RecordingState {
    let found = recordings::get(&office.db, office.whole(), recording).await;
    found.unwrap().state
}

async fn mailbox(office: &Office) -> MailboxId {
    let patch = MailboxPatch {
        staff: Some(office.first.staff.to_string()),
        ..MailboxPatch::default()
    };
    let made = mailboxes::create(&office.db, &office.author(), patch).await;
    made.unwrap().id
}

/// Somebody who is told of requests by letters.
async fn anna(office: &Office) -> StaffId {
    let new = NewStaff {
        given_name: Some("Anna".into()),
        email: Some("anna@shop.example".into()),
        ..NewStaff::default()
    };
    let anna = office.hire(new).await.unwrap().id;
    let new = NewSettings {
        sms: false,
        email: true,
        kinds: None,
        language: None,
    };
    notices::put_settings(&office.db, &office.author(), anna, new, None)
        .await
        .unwrap();
    anna
}

/// Asks for something as a visitor of a site; the client and the lead that became of it.
async fn visit(office: &Office, number: &str) -> requests::Submitted {
    let patch = SitePatch {
        name: Some("Shop".into()),
        origins: Some(vec!["https://shop.example".into()]),
        staff: Some(anna(office).await.to_string()),
        ..SitePatch::default()
    };
    let site = sites::create(&office.db, &office.author(), patch).await.unwrap();
    let new = NewRequest {
        number: Some(number.into()),
        name: Some(NAME.into()),
        subject: Some("Бахрома".into()),
        comment: Some("Зодчая улица".into()),
        ..NewRequest::default()
    };
    let made = requests::submit(&office.db, &office.author(), &site, new, None).await;
    made.unwrap()
}

async fn tell_webhook(office: &Office, n: u128, client: Option<ClientId>) {
    let patch = WebhookPatch {
        name: Some(format!("CRM {n}")),
        url: Some("https://crm.example/hook".into()),
        events: Some(vec!["call.ended".into()]),
        enabled: None,
    };
    let (hook, _) = webhooks::create(&office.db, &office.author(), office.first.staff, patch)
        .await
        .unwrap();
    let payload = format!("{{\"name\":\"{NAME}\",\"number\":\"{NUMBER}\"}}");
    let news = News {
        id: DeliveryId::new(NOON, n),
        webhook: hook.id,
        account: hook.account,
        owner: hook.owner,
        client,
        event: Event::CallEnded,
        payload: &payload,
        at: NOON,
    };
    webhooks::queue(&office.db, &[news]).await.unwrap();
}

/// Somebody of whom everything knows that may know of a client.
async fn known_everywhere(office: &Office) -> ClientId {
    // calls from before there was the client, one of them a message
    let mailbox = mailbox(office).await;
    let message = inbound(office, 1, FORMER, None);
    apply(
        office,
        &[
            started(&message, recording(1)),
            Entry::MessageStarted {
                recording: recording(1),
                mailbox,
            },
            ended(&message),
            ready(recording(1)),
        ],
    )
    .await;
    apply(
        office,
        &recorded(&outbound(office, 2, "89123456701", Some(NUMBER)), recording(2)),
    )
    .await;
    apply(office, &[ended(&outbound(office, 3, "89123456701", None))]).await;
    let made = visit(office, FORMER).await;
    let client = made.request.client.unwrap();
    office.later(1);
    let patch = ClientPatch {
        number: Some(Some(NUMBER.into())),
        company: Some(Some("Бахрома".into())),
        ..ClientPatch::default()
    };
    clients::update(&office.db, &office.author(), (office.whole(), client), patch, None)
        .await
        .unwrap();
    clients::add_note(&office.db, &office.author(), (office.whole(), client), "Зодчая, 5")
        .await
        .unwrap();
    let deal = NewDeal {
        client: Some(client.to_string()),
        title: Some(format!("Бахрома, {NUMBER}")),
        ..NewDeal::default()
    };
    deals::create(&office.db, &office.author(), &deal, first_of(office.first.account))
        .await
        .unwrap();
    apply(
        office,
        &recorded(&inbound(office, 4, NUMBER, Some(client)), recording(4)),
    )
    .await;
    tell_webhook(office, 1, Some(client)).await;
    tell_webhook(office, 2, None).await;
    client
}

const TRACES: [&str; 6] = [NAME, "9123456701", "9123456702", "Бахрома", "Зодчая", "203.0.113.77"];

async fn v29_no_table_holds_anything_of_an_erased_client(office: &Office) {
    let client = known_everywhere(office).await;
    assert_eq!(
        holds(office, &TRACES).await,
        [true; 6],
        "they are where they are looked for"
    );
    let letters: Vec<String> = notices::list(
        &office.db,
        office.first.account,
        &notices::NoticeQuery::default(),
        &crate::office::page(50),
    )
    .await
    .unwrap()
    .items
    .iter()
    .map(|notice| Channel::Email.file(&notice.id.to_string()))
    .collect();
    assert_eq!(letters.len(), 1);
    office.later(1);
    let erased = clients::erase(&office.db, &office.author(), client).await.unwrap();
    nothing_is_left(office, &TRACES).await;
    let mut gone: Vec<RecordingId> = erased.recordings.iter().map(|(recording, _)| *recording).collect();
    gone.sort();
    assert_eq!(gone, [1, 2, 4].map(recording));
    for one in gone {
        assert_eq!(state(office, one).await, RecordingState::Deleted);
    }
    let mut files: Vec<String> = [1, 2, 4].map(|n| path(recording(n))).into();
    files.extend(letters);
    files.sort();
    assert_eq!(due(office).await, files);
    let reader = Reader {
        account: office.first.account,
        staff: office.first.staff,
        all: true,
    };
    assert_eq!(voicemails::fresh(&office.db, reader).await.unwrap(), 0);
    let verified = audit::verify(&office.db, office.first.account, |_, _| {})
        .await
        .unwrap();
    assert_eq!(verified.broken, None, "the audit is still a chain");
}

async fn v29_a_call_that_goes_on_is_forgotten_when_it_ends(office: &Office) {
    let mailbox = mailbox(office).await;
    let client = office.client(NUMBER, NAME).await.unwrap().id;
    let known = inbound(office, 1, NUMBER, Some(client));
    // one that was answered before there was the client, and one of which nothing is written yet
    let (stranger, unwritten) = (inbound(office, 2, NUMBER, None), inbound(office, 3, NUMBER, None));
    let begun = [started(&known, recording(1)), started(&stranger, recording(2))];
    apply(office, &begun).await;
    office.later(1_000);
    let erased = clients::erase(&office.db, &office.author(), client).await.unwrap();
    assert!(erased.recordings.is_empty(), "they go on");
    assert_eq!(
        due(office).await,
        Vec::<String>::new(),
        "somebody still writes the files"
    );
    assert_eq!(state(office, recording(1)).await, RecordingState::Recording);
    tell_webhook(office, 1, Some(client)).await;
    let message = Entry::MessageStarted {
        recording: recording(3),
        mailbox,
    };
    apply(office, &[started(&unwritten, recording(3)), message]).await;
    let ends = [&known, &stranger, &unwritten].map(ended);
    let told = journal::apply(&office.db, &ends).await.unwrap();
    assert!(told.strangers.is_empty(), "nobody is made a client of it");
    let ends = [1, 2, 3].map(|n| ready(recording(n)));
    let told = journal::apply(&office.db, &ends).await.unwrap();
    assert!(told.messages.is_empty(), "there is no message");
    for n in 1..=3 {
        assert_eq!(state(office, recording(n)).await, RecordingState::Deleted, "{n}");
    }
    assert_eq!(due(office).await, [1, 2, 3].map(|n| path(recording(n))));
    nothing_is_left(office, &[NAME, "9123456701", "203.0.113.77"]).await;

    // whoever calls again is a stranger like any other
    office.later(60_000);
    let again = Call {
        started_at: office.now(),
        ..inbound(office, 4, NUMBER, None)
    };
    apply(office, &recorded(&again, recording(4))).await;
    assert_eq!(state(office, recording(4)).await, RecordingState::Ready);
    let later = office.later(3 * 24 * 3_600_000);
    assert_eq!(clients::forget_erasures(&office.db, later).await.unwrap(), 2);
    assert_eq!(clients::last_erased(&office.db).await.unwrap(), None);
}

async fn v29_what_cannot_be_removed_is_tried_again_and_keeps_nothing_back(office: &Office) {
    let client = office.client(NUMBER, NAME).await.unwrap().id;
    for n in 1..=2 {
        apply(
            office,
            &recorded(&inbound(office, n, NUMBER, Some(client)), recording(n)),
        )
        .await;
    }
    clients::erase(&office.db, &office.author(), client).await.unwrap();
    let found = removals::due(&office.db, office.now(), 100).await.unwrap();
    assert_eq!((found.len(), found[0].folder), (2, Folder::Recordings));
    removals::later(&office.db, &found[0], office.now()).await.unwrap();
    removals::done(&office.db, &found[1], office.now()).await.unwrap();
    assert_eq!(due(office).await, Vec::<String>::new());
    office.later(5_000);
    let again = removals::due(&office.db, office.now(), 100).await.unwrap();
    assert_eq!((again[0].path.clone(), again[0].attempts), (found[0].path.clone(), 1));
    removals::done(&office.db, &again[0], office.now()).await.unwrap();
    office.later(3_600_000);
    assert_eq!(due(office).await, Vec::<String>::new());
}

async fn v29_a_number_that_is_somebody_elses_by_now_stays_theirs(office: &Office) {
    let first = office.client(NUMBER, NAME).await.unwrap().id;
    apply(
        office,
        &recorded(&inbound(office, 1, NUMBER, Some(first)), recording(1)),
    )
    .await;
    clients::delete(&office.db, &office.author(), (office.whole(), first), None)
        .await
        .unwrap();
    let other = office.client(NUMBER, "Другая").await.unwrap().id;
    let mut theirs = inbound(office, 2, NUMBER, Some(other));
    theirs.caller.name = Some("Другая".into());
    apply(office, &recorded(&theirs, recording(2))).await;
    office.later(1);
    clients::erase(&office.db, &office.author(), first).await.unwrap();
    assert_eq!(state(office, recording(1)).await, RecordingState::Deleted);
    assert_eq!(state(office, recording(2)).await, RecordingState::Ready);
    let theirs = clients::get(&office.db, Scope::whole(office.first.account), other).await;
    assert_eq!(theirs.unwrap().number.reveal(), NUMBER);
    nothing_is_left(office, &[NAME]).await;

    // one who was deleted and had the same number is forgotten with who has it
    clients::delete(&office.db, &office.author(), (office.whole(), other), None)
        .await
        .unwrap();
    let last = office.client(NUMBER, "Последняя").await.unwrap().id;
    office.later(1);
    clients::erase(&office.db, &office.author(), last).await.unwrap();
    nothing_is_left(office, &["Другая", "Последняя", "9123456701"]).await;
    assert_eq!(state(office, recording(2)).await, RecordingState::Deleted);
}

async fn v29_of_many_who_were_erased_each_is_known_to_the_batch_with_their_calls(office: &Office) {
    let number = |n: u128| format!("+7916{n:07}");
    let mut going_on = Vec::new();
    for n in 0..60 {
        let client = office.client(&number(n), NAME).await.unwrap().id;
        // of every second call nobody knew whose it was
        going_on.push(inbound(office, n, &number(n), Some(client).filter(|_| n % 2 == 0)));
        clients::erase(&office.db, &office.author(), client).await.unwrap();
    }
    let stranger = inbound(office, 60, &number(60), None);
    apply(
        office,
        &going_on.iter().chain([&stranger]).map(ended).collect::<Vec<_>>(),
    )
    .await;
    let numbers = async |call: &Call| {
        let kept = calls::get(&office.db, office.whole(), call.id).await.unwrap();
        kept.caller.number
    };
    for call in &going_on {
        assert_eq!(numbers(call).await, None, "{call:?}");
    }
    assert_eq!(numbers(&stranger).await, Some(number(60)));
}
