use frontdesk_crm_core::clients;
use frontdesk_crm_core::deals::{self, DealPatch};
use frontdesk_crm_core::requests::{self, NewRequest};
use frontdesk_crm_core::sites::{self, SitePatch};

use crate::deals::{everything, step};
use crate::office::{NOON, Office, page};

crate::on_both! {
    b35_what_a_visitor_asks_for_becomes_a_lead
    an_erased_client_leaves_nothing_of_the_deals
}

async fn visit(office: &Office) -> requests::Submitted {
    let patch = SitePatch {
        name: Some("Shop".into()),
        origins: Some(vec!["https://shop.example".into()]),
        staff: Some(office.first.staff.to_string()),
        ..SitePatch::default()
    };
    let site = sites::create(&office.db, &office.author(), patch).await.unwrap();
    let new = NewRequest {
        number: Some("8 916 123-45-67".into()),
        name: Some("Olga".into()),
        subject: Some("Delivery".into()),
        ..NewRequest::default()
    };
    requests::submit(&office.db, &office.author(), &site, new, None)
        .await
        .unwrap()
}

async fn b35_what_a_visitor_asks_for_becomes_a_lead(office: &Office) {
    let made = visit(office).await;
    office.later(1_000);
    let looker = everything(office);
    let lead = deals::get(&office.db, made.lead.unwrap(), looker).await.unwrap();
    assert_eq!(
        (lead.title.as_str(), lead.staff),
        ("Delivery", Some(office.first.staff))
    );
    assert_eq!(lead.source.as_ref().map(|source| source.name.as_str()), Some("Shop"));
    assert_eq!(lead.request, Some(made.request.id));
    assert_eq!(lead.client.as_ref().map(|client| client.id), made.request.client);
    assert!(lead.is_overdue(looker.now), "it is to be looked at now");
}

async fn an_erased_client_leaves_nothing_of_the_deals(office: &Office) {
    let made = visit(office).await;
    let lead = made.lead.unwrap();
    let because = DealPatch {
        step_text: Some(Some("call Olga".into())),
        reason: Some("Olga is away".into()),
        ..step(NOON + 9_000)
    };
    deals::update(&office.db, &office.author(), lead, &because, (None, false))
        .await
        .unwrap();
    clients::erase(&office.db, &office.author(), made.request.client.unwrap())
        .await
        .unwrap();
    let left = deals::get(&office.db, lead, everything(office)).await.unwrap();
    assert_eq!((left.title.as_str(), left.client), ("", None));
    assert_eq!(left.step.map(|step| step.text).as_deref(), Some(""));
    let history = deals::history(&office.db, office.first.account, lead, &page(9)).await;
    let history = history.unwrap().items;
    assert!(
        history
            .iter()
            .all(|change| change.text.is_empty() && change.reason.is_empty())
    );
    let audit = office.audit(20).await;
    assert!(!audit.iter().any(|row| format!("{row:?}").contains("away")));
}
