use frontdesk_crm_core::accounts::{self, AccountPatch};
use frontdesk_crm_core::calls::{self, Call, CallDirection, Disposition, Party};
use frontdesk_crm_core::clients::{self, Beside, Happening, NewClient};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::staff::{self, NewStaff};
use frontdesk_crm_core::store::Page;
use frontdesk_routing::ids::{CallId, ClientId};

use crate::office::{NOON, Office};

crate::on_both! {
    a_call_belongs_to_the_client_who_has_the_number
    an_unknown_caller_becomes_a_client_where_the_account_wants_that
    whoever_is_no_contact_becomes_no_client
    calls_and_notes_stand_in_one_order
}

const NUMBER: &str = "+79161234567";

fn call(office: &Office, n: u128, direction: CallDirection, number: &str) -> Call {
    let outside = Party {
        number: Some(number.into()),
        ..Party::default()
    };
    let ours = Party {
        staff: Some(office.first.staff),
        number: Some("100".into()),
        ..Party::default()
    };
    let (caller, callee) = match direction {
        CallDirection::Inbound => (outside, ours),
        CallDirection::Outbound | CallDirection::Internal => (ours, outside),
    };
    let at = NOON + i64::try_from(n).unwrap() * 1_000;
    Call {
        id: CallId::new(at, n),
        account: office.first.account,
        direction,
        caller,
        called: "100".into(),
        callee,
        client: None,
        disposition: Some(Disposition::Answered),
        because: "a test".into(),
        started_at: at,
        answered_at: Some(at),
        ended_at: Some(at + 500),
        ended_by: None,
        status: 200,
        department: None,
        waited_ms: None,
    }
}

fn ended(calls: &[Call]) -> Vec<Entry> {
    let entry = |call: &Call| Entry::CallEnded {
        call: Box::new(call.clone()),
        legs: Vec::new(),
    };
    calls.iter().map(entry).collect()
}

async fn client_of(office: &Office, call: &Call) -> Option<ClientId> {
    calls::get(&office.db, office.whole(), call.id).await.unwrap().client
}

async fn known(office: &Office) -> ClientId {
    let new = NewClient {
        number: Some(NUMBER.into()),
        name: Some("Ivanov".into()),
        ..NewClient::default()
    };
    clients::create(&office.db, &office.author(), new).await.unwrap().id
}

async fn makes_clients(office: &Office) {
    let patch = AccountPatch {
        unknown_callers: Some("make_client".into()),
        ..AccountPatch::default()
    };
    accounts::update(&office.db, &office.author(), patch, None)
        .await
        .unwrap();
}

async fn a_call_belongs_to_the_client_who_has_the_number(office: &Office) {
    let client = known(office).await;
    let all = [
        call(office, 1, CallDirection::Inbound, NUMBER),
        call(office, 2, CallDirection::Outbound, NUMBER),
        call(office, 3, CallDirection::Inbound, "+79161112233"),
        call(office, 4, CallDirection::Internal, "101"),
    ];
    let made = journal::apply(&office.db, &ended(&all)).await.unwrap().strangers;
    assert_eq!(made, [], "strangers are ignored at first");
    let mut found = Vec::new();
    for call in &all {
        found.push(client_of(office, call).await);
    }
    assert_eq!(found, [Some(client), Some(client), None, None]);
}

async fn an_unknown_caller_becomes_a_client_where_the_account_wants_that(office: &Office) {
    makes_clients(office).await;
    let all = [
        call(office, 1, CallDirection::Inbound, "+79161112233"),
        call(office, 2, CallDirection::Inbound, "+79161112233"),
        call(office, 3, CallDirection::Outbound, "+79161112244"),
    ];
    let made = journal::apply(&office.db, &ended(&all)).await.unwrap().strangers;
    assert_eq!(made.len(), 2, "one for each number: {made:?}");
    let again = journal::apply(&office.db, &ended(&all)).await.unwrap().strangers;
    assert_eq!(again, []);
    let first = client_of(office, &all[0]).await.unwrap();
    assert_eq!(client_of(office, &all[1]).await, Some(first));
    let client = clients::get(&office.db, office.whole(), first).await.unwrap();
    assert!(client.stub && client.number.reveal() == "+79161112233", "{client:?}");
}

async fn whoever_is_no_contact_becomes_no_client(office: &Office) {
    makes_clients(office).await;
    let new = NewStaff {
        given_name: Some("Anna".into()),
        phone: Some("+79165556677".into()),
        ..NewStaff::default()
    };
    staff::create(&office.db, &office.author(), new).await.unwrap();
    let unanswered = |call: Call, status| Call {
        status,
        disposition: Some(Disposition::Failed),
        answered_at: None,
        ..call
    };
    let all = [
        call(office, 1, CallDirection::Inbound, "+79165556677"),
        unanswered(call(office, 2, CallDirection::Inbound, "+79161112233"), 404),
        unanswered(call(office, 3, CallDirection::Inbound, "+79161112233"), 482),
        unanswered(call(office, 4, CallDirection::Outbound, "+79161112233"), 484),
        call(office, 5, CallDirection::Outbound, "112"),
        call(office, 6, CallDirection::Internal, "+79161112233"),
    ];
    let made = journal::apply(&office.db, &ended(&all)).await.unwrap().strangers;
    assert_eq!(made, []);
}

async fn calls_and_notes_stand_in_one_order(office: &Office) {
    let client = known(office).await;
    let all = [1, 2, 3].map(|n| call(office, n, CallDirection::Inbound, NUMBER));
    journal::apply(&office.db, &ended(&all)).await.unwrap();
    office.later(1_500);
    let note = clients::add_note(
        &office.db,
        &office.author(),
        (office.whole(), client),
        " Busy until Friday ",
    )
    .await
    .unwrap();
    assert_eq!(note.body, "Busy until Friday");
    let mut page = Page {
        limit: 2,
        ..Page::default()
    };
    let mut seen = Vec::new();
    loop {
        let beside = Beside {
            calls: Some(office.whole()),
            deals: None,
            voicemails: None,
        };
        let list = clients::timeline(&office.db, (office.whole(), client), beside, &page)
            .await
            .unwrap();
        seen.extend(list.items.into_iter().map(|happening| match happening {
            Happening::Call(call) => call.started_at - NOON,
            Happening::Note(note) => note.at - NOON,
            Happening::Deal(change) => change.at - NOON,
            Happening::Voicemail(message) => message.left_at - NOON,
            Happening::Request(request) => request.created_at - NOON,
        }));
        match list.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(seen, [3_000, 2_000, 1_500, 1_000]);
    let page = Page {
        limit: 9,
        ..Page::default()
    };
    let beside = Beside {
        calls: None,
        deals: None,
        voicemails: None,
    };
    let notes = clients::timeline(&office.db, (office.whole(), client), beside, &page)
        .await
        .unwrap();
    assert_eq!(notes.items.len(), 1);
}
