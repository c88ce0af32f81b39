use frontdesk_crm_core::calls::{Call, CallDirection, Disposition, Party};
use frontdesk_crm_core::clients;
use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::lines::{LineOutcome, LineStay};
use frontdesk_crm_core::notices::{
    self, Caller, Channel, Failure, Kind, Language, MOST_AN_HOUR, MOST_ATTEMPTS, NewSettings, News, Notice,
    NoticeQuery, State, What, Whom,
};
use frontdesk_crm_core::requests::{self, NewRequest};
use frontdesk_crm_core::sites::{self, SitePatch};
use frontdesk_crm_core::staff::{CallerIdPatch, NewStaff, StaffMember};
use frontdesk_crm_core::store::StoreError;
use frontdesk_routing::ids::{AccountId, CallId, DepartmentId, StaffId};

use crate::office::{NOON, Office, page};

const LEASE: i64 = 60_000;
const PAUSE: i64 = 30_000;

crate::on_both! {
    l28_a_missed_call_is_one_short_message_to_who_wants_that
    l30_a_missed_call_is_one_letter_too_to_who_wants_that
    l30_a_departments_missed_call_is_one_letter_to_each_member_who_wants_that
    a_notice_is_claimed_by_one_and_is_due_again_when_that_one_died
    many_who_deliver_at_once_take_each_notice_once
    a_notice_that_cannot_be_delivered_is_tried_with_pauses_and_given_up
    a_notice_that_was_given_up_is_sent_again_by_hand
    a_flood_of_calls_is_no_flood_of_messages
    letters_about_requests_go_to_the_sites_addresses_and_its_people
    what_people_were_told_of_a_client_is_erased_with_the_client
    what_somebody_is_told_of_is_kept_by_version
}

async fn anna(office: &Office) -> StaffMember {
    let new = NewStaff {
        given_name: Some("Anna".into()),
        phone: Some("+79035550000".into()),
        email: Some("anna@shop.example".into()),
        ..NewStaff::default()
    };
    let anna = office.hire(new).await.unwrap();
    switch(office, anna.id, (true, false), None).await;
    anna
}

async fn switch(office: &Office, staff: StaffId, (sms, email): (bool, bool), kinds: Option<&[&str]>) {
    let new = NewSettings {
        sms,
        email,
        kinds: kinds.map(|kinds| kinds.iter().map(|kind| (*kind).to_owned()).collect()),
        language: None,
    };
    notices::put_settings(&office.db, &office.author(), staff, new, None)
        .await
        .unwrap();
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
    let listed = notices::list(&office.db, office.first.account, &NoticeQuery::default(), &page(50)).await;
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
    assert_eq!((told[0].staff, told[0].state), (Some(anna.id), State::Waiting));
    assert_eq!((told[0].channel, &*told[0].recipient), (Channel::Sms, "+79035550000"));
    assert!(told[0].body.contains("+79161234567"), "{}", told[0].body);
    switch(office, anna.id, (false, false), None).await;
    let after = [call(office, 4, anna.id, Disposition::Abandoned)];
    journal::apply(&office.db, &after).await.unwrap();
    assert_eq!(outbox(office).await.len(), 1);
    let nobody = StaffId::from_u128(1);
    let nobody = notices::put_settings(&office.db, &office.author(), nobody, NewSettings::default(), None).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));
}

async fn a_notice_is_claimed_by_one_and_is_due_again_when_that_one_died(office: &Office) {
    let anna = anna(office).await;
    let missed = [call(office, 1, anna.id, Disposition::NoAnswer)];
    journal::apply(&office.db, &missed).await.unwrap();
    let db = &office.db;
    let at = NOON + 20_000;
    assert_eq!(
        notices::claim(db, Channel::Sms, at - 1, LEASE).await.unwrap(),
        None,
        "not due yet"
    );
    let first = notices::claim(db, Channel::Sms, at, LEASE).await.unwrap().unwrap();
    assert_eq!((first.state, first.attempts), (State::Sending, 1));
    assert_eq!(
        notices::claim(db, Channel::Sms, at + LEASE - 1, LEASE).await.unwrap(),
        None
    );
    let second = notices::claim(db, Channel::Sms, at + LEASE, LEASE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((second.id, second.attempts), (first.id, 2));
    assert!(
        !notices::sent(db, &first, at + LEASE).await.unwrap(),
        "its claim has run out"
    );
    assert!(notices::sent(db, &second, at + LEASE).await.unwrap());
    assert_eq!(
        notices::claim(db, Channel::Sms, i64::MAX / 2, LEASE).await.unwrap(),
        None
    );
    assert_eq!(outbox(office).await[0].state, State::Sent);
}

async fn a_notice_that_cannot_be_delivered_is_tried_with_pauses_and_given_up(office: &Office) {
    let anna = anna(office).await;
    let missed = [call(office, 1, anna.id, Disposition::NoAnswer)];
    journal::apply(&office.db, &missed).await.unwrap();
    let mut now = NOON + 20_000;
    for attempt in 1..=MOST_ATTEMPTS {
        let notice = notices::claim(&office.db, Channel::Sms, now, LEASE)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(notice.attempts, attempt);
        let last = fail(office, &notice, false, now).await;
        assert_eq!(last, attempt == MOST_ATTEMPTS);
        let early = notices::claim(&office.db, Channel::Sms, now + 29_999, LEASE)
            .await
            .unwrap();
        assert_eq!(early, None, "after attempt {attempt}");
        now += 3_600_000;
    }
    assert_eq!(
        notices::claim(&office.db, Channel::Sms, now, LEASE).await.unwrap(),
        None
    );
    let left = &outbox(office).await[0];
    assert_eq!(
        (left.state, left.problem.as_deref()),
        (State::Failed, Some("no answer"))
    );
}

async fn fail(office: &Office, notice: &Notice, for_good: bool, now: i64) -> bool {
    let failure = Failure {
        problem: "no answer".into(),
        for_good,
    };
    notices::failed(&office.db, notice, &failure, (now, PAUSE))
        .await
        .unwrap()
}

async fn l30_a_missed_call_is_one_letter_too_to_who_wants_that(office: &Office) {
    let anna = anna(office).await;
    switch(office, anna.id, (true, true), None).await;
    let missed = [call(office, 1, anna.id, Disposition::NoAnswer)];
    journal::apply(&office.db, &missed).await.unwrap();
    journal::apply(&office.db, &missed).await.unwrap();
    let told = outbox(office).await;
    assert_eq!(told.len(), 2, "{told:?}");
    let letter = told.iter().find(|notice| notice.channel == Channel::Email).unwrap();
    assert_eq!(letter.recipient, "anna@shop.example");
    assert!(letter.subject.contains("+79161234567"), "{}", letter.subject);
    switch(office, anna.id, (true, true), Some(&["voicemail"])).await;
    let after = [call(office, 2, anna.id, Disposition::NoAnswer)];
    journal::apply(&office.db, &after).await.unwrap();
    assert_eq!(outbox(office).await.len(), 2, "that kind is switched off");
    let mut tx = office.db.begin().await.unwrap();
    let about = CallId::new(NOON, 2).to_string();
    let news = News {
        account: office.first.account,
        about: &about,
        client: None,
        caller: Caller::default(),
        what: What::Voicemail { seconds: 42 },
        happened_at: NOON,
        at: NOON,
    };
    notices::queue(&mut tx, &news, Whom::Staff(anna.id)).await.unwrap();
    notices::queue(&mut tx, &news, Whom::Mail(anna.id)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outbox(office).await.len(), 4, "one letter and one message more");
}

/// Somebody who wants letters, and sees clients' numbers or not.
async fn reader(office: &Office, name: &str, hide: bool) -> StaffId {
    let new = NewStaff {
        given_name: Some(name.into()),
        email: Some(format!("{name}@shop.example")),
        caller_id: CallerIdPatch {
            hide_client_number: Some(hide),
            ..CallerIdPatch::default()
        },
        ..NewStaff::default()
    };
    let reader = office.hire(new).await.unwrap().id;
    switch(office, reader, (false, true), None).await;
    reader
}

async fn department(office: &Office, short: &str, members: &[StaffId]) -> DepartmentId {
    let patch = DepartmentPatch {
        name: Some(format!("Department {short}")),
        short_number: Some(short.into()),
        members: Some(members.iter().map(|member| MemberPatch::new(*member)).collect()),
        ..DepartmentPatch::default()
    };
    let made = departments::create(&office.db, &office.author(), patch).await.unwrap();
    made.plan.id
}

/// A call that nobody of these departments has taken, of which the last one had it last.
fn missed_by(office: &Office, n: u128, departments: &[DepartmentId], callee: Option<StaffId>) -> Vec<Entry> {
    let mut ended = call(office, n, office.first.staff, Disposition::Abandoned);
    let Entry::CallEnded { call, .. } = &mut ended else {
        panic!("a call that has ended");
    };
    (call.callee.staff, call.department) = (callee, departments.last().copied());
    let stay = |department: &DepartmentId| {
        Entry::LineLeft(LineStay {
            call: CallId::new(NOON, n),
            account: office.first.account,
            department: *department,
            left_at: NOON + 10_000,
            waited_ms: 10_000,
            outcome: LineOutcome::Overflowed,
        })
    };
    departments.iter().map(stay).chain([ended]).collect()
}

async fn l30_a_departments_missed_call_is_one_letter_to_each_member_who_wants_that(office: &Office) {
    let olga = reader(office, "olga", false).await;
    let petr = reader(office, "petr", true).await;
    let vera = reader(office, "vera", false).await;
    let stranger = reader(office, "stranger", false).await;
    let ivan = office.ivan().await.id;
    let sales = department(office, "300", &[olga, petr, ivan]).await;
    let night = department(office, "301", &[olga, vera]).await;
    let told = async || {
        let told = notices::list(&office.db, office.first.account, &NoticeQuery::default(), &page(500)).await;
        let told = told.unwrap().items;
        assert!(
            told.iter()
                .all(|notice| notice.staff != Some(stranger) && notice.staff != Some(ivan))
        );
        [olga, petr, vera].map(|staff| told.iter().filter(|notice| notice.staff == Some(staff)).count())
    };
    let missed = missed_by(office, 1, &[sales], None);
    journal::apply(&office.db, &missed).await.unwrap();
    journal::apply(&office.db, &missed).await.unwrap();
    assert_eq!(told().await, [1, 1, 0], "each once");
    for letter in outbox(office).await {
        let shows = letter.body.contains("9161234567");
        assert_eq!(shows, letter.staff == Some(olga), "{}", letter.body);
    }
    // It went on to another department, and to a person, who is a member too.
    let missed = missed_by(office, 2, &[sales, night], Some(vera));
    journal::apply(&office.db, &missed).await.unwrap();
    assert_eq!(told().await, [2, 2, 1]);
    // Somebody has talked to the caller after all.
    let mut taken = missed_by(office, 3, &[sales], None);
    if let Some(Entry::CallEnded { call, .. }) = taken.last_mut() {
        call.disposition = Some(Disposition::Answered);
    }
    journal::apply(&office.db, &taken).await.unwrap();
    assert_eq!(told().await, [2, 2, 1]);
    switch(office, olga, (false, true), Some(&["voicemail"])).await;
    let missed = missed_by(office, 4, &[night], None);
    journal::apply(&office.db, &missed).await.unwrap();
    assert_eq!(told().await, [2, 2, 2], "that kind is switched off");
    let most = usize::try_from(MOST_AN_HOUR).unwrap();
    let flood: Vec<Entry> = (10..70).flat_map(|n| missed_by(office, n, &[night], None)).collect();
    journal::apply(&office.db, &flood).await.unwrap();
    assert_eq!(told().await, [2, 2, most]);
}

async fn many_who_deliver_at_once_take_each_notice_once(office: &Office) {
    let anna = anna(office).await;
    let missed: Vec<Entry> = (1..=20)
        .map(|n| call(office, n, anna.id, Disposition::NoAnswer))
        .collect();
    journal::apply(&office.db, &missed).await.unwrap();
    let at = NOON + 20_000;
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let db = office.db.clone();
        workers.spawn(async move {
            let mut taken = Vec::new();
            // Another one may have been quicker: there may be more even so.
            while notices::next(&db, Channel::Sms)
                .await
                .unwrap()
                .is_some_and(|due| due <= at)
            {
                if let Some(notice) = notices::claim(&db, Channel::Sms, at, LEASE).await.unwrap() {
                    assert!(notices::sent(&db, &notice, at).await.unwrap());
                    taken.push(notice.id);
                }
            }
            taken
        });
    }
    let mut taken: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
    taken.sort();
    let all = taken.len();
    taken.dedup();
    assert_eq!((all, taken.len()), (20, 20));
}

async fn a_notice_that_was_given_up_is_sent_again_by_hand(office: &Office) {
    let anna = anna(office).await;
    let missed = [call(office, 1, anna.id, Disposition::NoAnswer)];
    journal::apply(&office.db, &missed).await.unwrap();
    let now = NOON + 20_000;
    let notice = notices::claim(&office.db, Channel::Sms, now, LEASE)
        .await
        .unwrap()
        .unwrap();
    let early = notices::again(&office.db, &office.author(), notice.id).await;
    assert!(matches!(early, Err(StoreError::Refused { code: "not_failed", .. })));
    assert!(
        fail(office, &notice, true, now).await,
        "no other attempt would do better"
    );
    let again = notices::again(&office.db, &office.author(), notice.id).await.unwrap();
    assert_eq!((again.state, again.attempts), (State::Waiting, 0));
    let notice = notices::claim(&office.db, Channel::Sms, now, LEASE)
        .await
        .unwrap()
        .unwrap();
    assert!(notices::sent(&office.db, &notice, now).await.unwrap());
    assert_eq!(notices::forget(&office.db, now + notices::KEPT_MS).await.unwrap(), 0);
    assert_eq!(
        notices::forget(&office.db, now + notices::KEPT_MS + 1).await.unwrap(),
        1
    );
    assert!(outbox(office).await.is_empty());
}

async fn a_flood_of_calls_is_no_flood_of_messages(office: &Office) {
    let anna = anna(office).await;
    let flood = MOST_AN_HOUR + 5;
    let missed: Vec<Entry> = (1..=flood)
        .map(|n| call(office, u128::try_from(n).unwrap(), anna.id, Disposition::NoAnswer))
        .collect();
    journal::apply(&office.db, &missed).await.unwrap();
    let told = notices::list(&office.db, office.first.account, &NoticeQuery::default(), &page(500)).await;
    assert_eq!(i64::try_from(told.unwrap().items.len()).unwrap(), MOST_AN_HOUR);
}

async fn request(office: &Office) -> requests::Request {
    let anna = anna(office).await;
    switch(office, anna.id, (false, true), None).await;
    let patch = SitePatch {
        name: Some("Shop".into()),
        origins: Some(vec!["https://shop.example".into()]),
        staff: Some(anna.id.to_string()),
        letters_to: Some(vec!["desk@shop.example".into(), "anna@shop.example".into()]),
        ..SitePatch::default()
    };
    let site = sites::create(&office.db, &office.author(), patch).await.unwrap();
    let new = NewRequest {
        number: Some("+79161234567".into()),
        name: Some("Olga".into()),
        subject: Some("Delivery".into()),
        ..NewRequest::default()
    };
    let made = requests::submit(&office.db, &office.author(), &site, new, None).await;
    made.unwrap().request
}

async fn letters_about_requests_go_to_the_sites_addresses_and_its_people(office: &Office) {
    request(office).await;
    let told = outbox(office).await;
    let mut recipients: Vec<&str> = told.iter().map(|notice| notice.recipient.as_str()).collect();
    recipients.sort_unstable();
    assert_eq!(recipients, ["anna@shop.example", "desk@shop.example"], "each once");
    assert!(told.iter().all(|notice| notice.body.contains("Delivery")), "{told:?}");
}

async fn what_people_were_told_of_a_client_is_erased_with_the_client(office: &Office) {
    let client = request(office).await.client.unwrap();
    let ivan = office.ivan().await;
    let missed = [call(office, 1, ivan.id, Disposition::NoAnswer)];
    journal::apply(&office.db, &missed).await.unwrap();
    let mut tx = office.db.begin().await.unwrap();
    let about = CallId::new(NOON, 1).to_string();
    let news = News {
        account: office.first.account,
        about: &about,
        client: None,
        caller: Caller::default(),
        what: What::MissedCall,
        happened_at: NOON,
        at: NOON,
    };
    notices::queue(&mut tx, &news, Whom::Address("x@shop.example"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outbox(office).await.len(), 3);
    clients::erase(&office.db, &office.author(), client).await.unwrap();
    assert!(outbox(office).await.is_empty());
}

async fn what_somebody_is_told_of_is_kept_by_version(office: &Office) {
    let account = office.first.account;
    let ivan = office.ivan().await.id;
    let of = async |staff| notices::settings(&office.db, account, staff).await;
    let before = of(ivan).await.unwrap();
    assert_eq!((before.sms, before.email, before.version), (false, false, 0));
    let anna = anna(office).await.id;
    let put = async |version| {
        let new = NewSettings {
            email: true,
            kinds: Some(vec!["voicemail".into()]),
            language: Some("ru".into()),
            ..NewSettings::default()
        };
        notices::put_settings(&office.db, &office.author(), anna, new, version).await
    };
    let after = put(Some(1)).await.unwrap();
    assert_eq!(of(anna).await.unwrap(), after);
    assert_eq!((after.sms, after.email, after.version), (false, true, 2));
    assert_eq!(
        (after.kinds, after.language),
        (vec![Kind::Voicemail], Some(Language::Russian))
    );
    assert!(matches!(put(Some(1)).await, Err(StoreError::Stale)));
    let nobody = of(StaffId::from_u128(7)).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));
    let missed = [call(office, 1, anna, Disposition::NoAnswer)];
    switch(office, anna, (true, false), None).await;
    journal::apply(&office.db, &missed).await.unwrap();
    let told = outbox(office).await.remove(0);
    assert_eq!(notices::get(&office.db, account, told.id).await.unwrap(), told);
    let foreign = notices::get(&office.db, AccountId::from_u128(7), told.id).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
}
