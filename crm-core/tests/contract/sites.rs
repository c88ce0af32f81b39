use frontdesk_crm_core::calls::Disposition;
use frontdesk_crm_core::clients;
use frontdesk_crm_core::requests::{self, NewRequest, RequestQuery, State};
use frontdesk_crm_core::sites::{self, Receiver, Site, SitePatch};
use frontdesk_crm_core::store::Page;
use frontdesk_routing::ids::CallId;

use crate::office::{NOON, Office, refusal};

crate::on_both! {
    sites_are_made_changed_and_deleted
    b35_a_visitor_becomes_a_client_of_the_site
    a_request_is_begun_once_and_settled_once
    an_erased_client_leaves_nothing_of_the_requests
}

async fn made(office: &Office) -> Site {
    let patch = SitePatch {
        name: Some("Shop".into()),
        origins: Some(vec!["https://Shop.example/".into()]),
        subjects: Some(vec!["Delivery".into(), " ".into()]),
        staff: Some(office.first.staff.to_string()),
        ..SitePatch::default()
    };
    sites::create(&office.db, &office.author(), patch).await.unwrap()
}

fn olga() -> NewRequest {
    NewRequest {
        number: Some("8 916 123-45-67".into()),
        name: Some("Olga".into()),
        ..NewRequest::default()
    }
}

fn page() -> Page {
    Page {
        limit: 10,
        ..Page::default()
    }
}

async fn sites_are_made_changed_and_deleted(office: &Office) {
    let site = made(office).await;
    assert_eq!(site.origins, ["https://shop.example"]);
    assert_eq!(site.subjects, ["Delivery"]);
    assert_eq!(site.to, Receiver::Staff(office.first.staff));
    let kept = sites::get(&office.db, office.first.account, site.id).await.unwrap();
    assert_eq!(kept, site);
    let found = sites::by_key(&office.db, &site.key).await.unwrap();
    assert_eq!(found, Some(site.clone()));
    let patch = SitePatch {
        enabled: Some(false),
        per_source: Some(9),
        ..SitePatch::default()
    };
    let changed = sites::update(&office.db, &office.author(), site.id, patch.clone(), Some(1)).await;
    assert_eq!(changed.unwrap().per_source, 9);
    let stale = sites::update(&office.db, &office.author(), site.id, patch, Some(1)).await;
    assert_eq!(refusal(stale), "stale");
    assert_eq!(
        sites::by_key(&office.db, &site.key).await.unwrap(),
        None,
        "it takes none"
    );
    sites::delete(&office.db, &office.author(), site.id, Some(2))
        .await
        .unwrap();
    assert!(sites::list(&office.db, office.first.account).await.unwrap().is_empty());
}

async fn b35_a_visitor_becomes_a_client_of_the_site(office: &Office) {
    let site = made(office).await;
    let submit = async |new| requests::submit(&office.db, &office.author(), &site, new, Some(NOON)).await;
    let made = submit(olga()).await.unwrap();
    assert!(made.lead.is_some() && made.new_client.is_some());
    let client = clients::get(&office.db, office.whole(), made.request.client.unwrap())
        .await
        .unwrap();
    assert_eq!(client.source.map(|source| source.name).as_deref(), Some("Shop"));
    assert!(client.stub);
    let again = submit(olga()).await.unwrap();
    assert!(again.lead.is_some() && again.new_client.is_none());
    assert_eq!(again.request.client, made.request.client);
    let keyed = || NewRequest {
        key: Some("k".into()),
        ..olga()
    };
    let (first, second) = tokio::join!(submit(keyed()), submit(keyed()));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.request.id, second.request.id);
    assert!(first.lead.is_some() != second.lead.is_some(), "two at once are one");
    let query = RequestQuery::default();
    let list = requests::list(&office.db, office.whole(), &query, &page())
        .await
        .unwrap();
    assert_eq!(list.items.len(), 3);
}

async fn a_request_is_begun_once_and_settled_once(office: &Office) {
    let (db, account) = (&office.db, office.first.account);
    let site = made(office).await;
    let at = NOON + 5_000;
    let made = requests::submit(db, &office.author(), &site, olga(), Some(at))
        .await
        .unwrap();
    assert!(requests::due(db, NOON, 10).await.unwrap().is_empty());
    assert_eq!(requests::next(db).await.unwrap(), Some(at));
    let due = requests::due(db, at, 10).await.unwrap().remove(0);
    assert_eq!(due.to, Some(site.to));
    let call = CallId::from_u128(7);
    assert!(requests::begin(db, &due, call, at).await.unwrap());
    assert!(
        !requests::begin(db, &due, call, at).await.unwrap(),
        "somebody was faster"
    );
    let going = requests::going(db, 10).await.unwrap();
    assert_eq!((going.len(), going[0].call, going[0].attempts), (1, call, 1));
    assert_eq!(going[0].ended, None::<Disposition>);
    let again = (State::New, Some(at + 1));
    assert!(requests::settle(db, made.request.id, again, at).await.unwrap());
    assert!(requests::going(db, 10).await.unwrap().is_empty());
    let due = requests::due(db, at + 1, 10).await.unwrap().remove(0);
    requests::postpone(db, &due, at + 9).await.unwrap();
    assert_eq!(requests::next(db).await.unwrap(), Some(at + 9));
    let author = office.author();
    let done = requests::set_state(db, &author, (office.whole(), made.request.id), State::Done, None)
        .await
        .unwrap();
    assert_eq!((done.state, done.next_at), (State::Done, None));
    assert!(
        !requests::settle(db, made.request.id, (State::Missed, None), at)
            .await
            .unwrap()
    );
    let number = requests::call_by_hand(db, account, made.request.id, (CallId::from_u128(8), at)).await;
    assert_eq!(number.unwrap().reveal(), "+79161234567");
    assert_eq!(requests::going(db, 10).await.unwrap().len(), 1);
}

async fn an_erased_client_leaves_nothing_of_the_requests(office: &Office) {
    let site = made(office).await;
    let made = requests::submit(&office.db, &office.author(), &site, olga(), Some(NOON))
        .await
        .unwrap();
    clients::erase(&office.db, &office.author(), made.request.client.unwrap())
        .await
        .unwrap();
    let left = requests::get(&office.db, office.whole(), made.request.id)
        .await
        .unwrap();
    assert_eq!((left.name.as_str(), left.client, left.next_at), ("", None, None));
    assert_ne!(left.number, made.request.number);
    assert!(requests::due(&office.db, NOON * 2, 10).await.unwrap().is_empty());
}
