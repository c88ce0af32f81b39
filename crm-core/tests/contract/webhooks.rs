use frontdesk_crm_core::access::Role;
use frontdesk_crm_core::store::StoreError;
use frontdesk_crm_core::webhooks::{
    self, DeliveryQuery, Event, MOST_ATTEMPTS, MOST_WAITING, News, Outcome, Patience, State, Webhook, WebhookPatch,
};
use frontdesk_crm_core::{clients, staff};
use frontdesk_routing::ids::{AccountId, DeliveryId};

use crate::office::{NOON, Office, page};

const LEASE: i64 = 60_000;
const PATIENCE: Patience = Patience {
    first_pause_ms: 10_000,
    longest_ms: 3_600_000,
};

crate::on_both! {
    a_webhook_is_told_in_order_and_each_telling_is_claimed_by_one
    a_webhook_that_takes_nothing_rests_and_is_switched_off_at_last
    a_webhook_that_recovers_is_told_at_once_what_has_waited
    a_telling_is_given_up_and_sent_again_by_hand
    what_waits_for_a_webhook_is_bounded
    a_secret_is_told_once_and_whoever_changes_a_webhook_owns_it
    what_was_told_of_a_client_is_erased_with_the_client
    a_webhook_is_tried_at_once_and_listed_while_it_is_on
    what_an_owner_may_not_read_is_given_up_and_the_webhook_goes_on
}

async fn hook(office: &Office) -> Webhook {
    let patch = WebhookPatch {
        name: Some("CRM".into()),
        url: Some("https://crm.example/hook".into()),
        events: Some(vec!["call.started".into(), "call.ended".into()]),
        enabled: None,
    };
    let made = webhooks::create(&office.db, &office.author(), office.first.staff, patch).await;
    made.unwrap().0
}

async fn tell(office: &Office, hook: &Webhook, from: u128, to: u128) -> usize {
    let news: Vec<News<'_>> = (from..=to)
        .map(|n| News {
            id: DeliveryId::new(NOON, n),
            webhook: hook.id,
            account: hook.account,
            owner: hook.owner,
            client: None,
            event: Event::CallStarted,
            payload: "{\"number\":\"+79161234567\"}",
            at: NOON,
        })
        .collect();
    webhooks::queue(&office.db, &news).await.unwrap()
}

fn taken() -> Outcome {
    Outcome {
        status: Some(200),
        problem: None,
    }
}

fn refused() -> Outcome {
    Outcome {
        status: Some(500),
        problem: Some("it was not taken".into()),
    }
}

/// One attempt at `now`; `None`: nothing is due.
async fn attempt(office: &Office, now: i64, outcome: &Outcome) -> Option<State> {
    let claimed = webhooks::claim(&office.db, now, LEASE).await.unwrap()?;
    let mut stamp = office.stamp();
    stamp.unix_ms = now;
    let became = webhooks::finish(&office.db, &claimed, outcome, (stamp, PATIENCE)).await;
    Some(became.unwrap())
}

async fn now_is(office: &Office, hook: &Webhook) -> Webhook {
    webhooks::get(&office.db, hook.account, hook.id).await.unwrap()
}

async fn a_webhook_is_told_in_order_and_each_telling_is_claimed_by_one(office: &Office) {
    let hook = hook(office).await;
    assert_eq!(tell(office, &hook, 1, 2).await, 0);
    let first = webhooks::claim(&office.db, NOON, LEASE).await.unwrap().unwrap();
    let second = webhooks::claim(&office.db, NOON, LEASE).await.unwrap().unwrap();
    assert!(first.delivery.id < second.delivery.id);
    assert_eq!((&*first.url, first.delivery.attempts), ("https://crm.example/hook", 1));
    assert!(webhooks::claim(&office.db, NOON, LEASE).await.unwrap().is_none());
    let again = webhooks::claim(&office.db, NOON + LEASE, LEASE).await.unwrap().unwrap();
    assert_eq!((again.delivery.id, again.delivery.attempts), (first.delivery.id, 2));
}

async fn a_webhook_that_takes_nothing_rests_and_is_switched_off_at_last(office: &Office) {
    let hook = hook(office).await;
    tell(office, &hook, 1, 3).await;
    assert_eq!(attempt(office, NOON, &refused()).await, Some(State::Waiting));
    assert_eq!(
        attempt(office, NOON + 9_999, &refused()).await,
        None,
        "all that waits for it rests"
    );
    assert_eq!(now_is(office, &hook).await.failing_since, Some(NOON));
    let late = NOON + PATIENCE.longest_ms;
    attempt(office, late, &refused()).await.unwrap();
    let off = now_is(office, &hook).await;
    assert!(!off.enabled && off.problem.is_some(), "{off:?}");
    let query = DeliveryQuery {
        webhook: Some(hook.id),
        state: Some(State::Failed),
    };
    let failed = webhooks::list_deliveries(&office.db, hook.account, &query, &page(50)).await;
    assert_eq!(failed.unwrap().items.len(), 3);
    assert_eq!(tell(office, &hook, 4, 4).await, 1, "it is told nothing more");
    let on = WebhookPatch {
        enabled: Some(true),
        ..WebhookPatch::default()
    };
    let on = webhooks::update(&office.db, &office.author(), (hook.id, None), office.first.staff, on).await;
    assert_eq!(on.unwrap().failing_since, None);
    assert_eq!(tell(office, &hook, 5, 5).await, 0);
}

async fn a_webhook_that_recovers_is_told_at_once_what_has_waited(office: &Office) {
    let hook = hook(office).await;
    tell(office, &hook, 1, 3).await;
    attempt(office, NOON, &refused()).await.unwrap();
    let later = NOON + 10_000;
    assert_eq!(attempt(office, later, &taken()).await, Some(State::Sent));
    assert_eq!(now_is(office, &hook).await.failing_since, None);
    for _ in 0..2 {
        assert_eq!(attempt(office, later, &taken()).await, Some(State::Sent));
    }
    assert_eq!(attempt(office, later, &taken()).await, None);
    assert_eq!(
        webhooks::forget(&office.db, later + webhooks::KEPT_MS + 1)
            .await
            .unwrap(),
        3
    );
}

async fn a_telling_is_given_up_and_sent_again_by_hand(office: &Office) {
    let hook = hook(office).await;
    tell(office, &hook, 1, 1).await;
    let id = DeliveryId::new(NOON, 1);
    let early = webhooks::again(&office.db, &office.author(), id).await;
    assert!(matches!(
        early,
        Err(StoreError::Refused {
            code: "not_finished",
            ..
        })
    ));
    let patient = Patience {
        longest_ms: i64::MAX,
        ..PATIENCE
    };
    let mut now = NOON;
    for attempt in 1..=MOST_ATTEMPTS {
        let claimed = webhooks::claim(&office.db, now, LEASE).await.unwrap().unwrap();
        let became = webhooks::finish(&office.db, &claimed, &refused(), (office.stamp(), patient)).await;
        let expected = if attempt == MOST_ATTEMPTS {
            State::Failed
        } else {
            State::Waiting
        };
        assert_eq!(became.unwrap(), expected, "{attempt}");
        now += 3_600_000;
    }
    let again = webhooks::again(&office.db, &office.author(), id).await.unwrap();
    assert_eq!((again.state, again.attempts), (State::Waiting, 0));
    assert_eq!(attempt(office, now, &taken()).await, Some(State::Sent));
}

async fn what_waits_for_a_webhook_is_bounded(office: &Office) {
    let hook = hook(office).await;
    let most = u128::try_from(MOST_WAITING).unwrap();
    let mut left_out = 0;
    // In portions, as they come.
    for start in (1..=most + 500).step_by(500) {
        left_out += tell(office, &hook, start, start + 499).await;
    }
    assert_eq!(left_out, 500);
}

async fn a_secret_is_told_once_and_whoever_changes_a_webhook_owns_it(office: &Office) {
    let hook = hook(office).await;
    let ivan = office.ivan().await;
    let first = webhooks::renew_secret(&office.db, &office.author(), hook.id)
        .await
        .unwrap();
    let second = webhooks::renew_secret(&office.db, &office.author(), hook.id)
        .await
        .unwrap();
    assert_ne!(first, second);
    tell(office, &hook, 1, 1).await;
    let claimed = webhooks::claim(&office.db, NOON, LEASE).await.unwrap().unwrap();
    assert_eq!(claimed.secret, second);
    let patch = WebhookPatch {
        url: Some("https://other.example".into()),
        ..WebhookPatch::default()
    };
    let changed = webhooks::update(&office.db, &office.author(), (hook.id, None), ivan.id, patch).await;
    assert_eq!(changed.unwrap().owner, ivan.id);
    let stale = webhooks::delete(&office.db, &office.author(), hook.id, Some(1)).await;
    assert!(matches!(stale, Err(StoreError::Stale)));
    webhooks::delete(&office.db, &office.author(), hook.id, None)
        .await
        .unwrap();
    assert!(
        webhooks::next(&office.db).await.unwrap().is_none(),
        "its deliveries are gone with it"
    );
}

async fn what_was_told_of_a_client_is_erased_with_the_client(office: &Office) {
    let hook = hook(office).await;
    let olga = office.client("+79161234567", "Olga").await.unwrap();
    tell(office, &hook, 1, 1).await;
    clients::erase(&office.db, &office.author(), olga.id).await.unwrap();
    assert!(webhooks::next(&office.db).await.unwrap().is_none());
}

async fn a_webhook_is_tried_at_once_and_listed_while_it_is_on(office: &Office) {
    let (db, hook) = (&office.db, hook(office).await);
    tell(office, &hook, 1, 1).await;
    attempt(office, NOON, &refused()).await.unwrap();
    let news = |n| News {
        id: DeliveryId::new(NOON, n),
        webhook: hook.id,
        account: hook.account,
        owner: hook.owner,
        client: None,
        event: Event::CallStarted,
        payload: "{}",
        at: NOON,
    };
    let tried = webhooks::test(db, &office.author(), &news(2)).await.unwrap();
    assert_eq!(
        webhooks::get_delivery(db, hook.account, tried.id).await.unwrap().id,
        tried.id
    );
    let claimed = webhooks::claim(db, NOON, LEASE).await.unwrap().unwrap();
    assert_eq!(claimed.delivery.id, tried.id, "what has waited goes on resting");
    let foreign = webhooks::get_delivery(db, AccountId::from_u128(7), tried.id).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
    let ids = |hooks: Vec<Webhook>| hooks.into_iter().map(|hook| hook.id).collect::<Vec<_>>();
    assert_eq!(ids(webhooks::active(db).await.unwrap()), [hook.id]);
    let off = WebhookPatch {
        enabled: Some(false),
        ..WebhookPatch::default()
    };
    webhooks::update(db, &office.author(), (hook.id, None), office.first.staff, off)
        .await
        .unwrap();
    assert!(webhooks::active(db).await.unwrap().is_empty());
    assert_eq!(ids(webhooks::list(db, hook.account).await.unwrap()), [hook.id]);
    let refused = webhooks::test(db, &office.author(), &news(3)).await;
    assert!(matches!(
        refused,
        Err(StoreError::Refused {
            code: "switched_off",
            ..
        })
    ));
}

async fn what_an_owner_may_not_read_is_given_up_and_the_webhook_goes_on(office: &Office) {
    let (db, hook) = (&office.db, hook(office).await);
    tell(office, &hook, 1, 2).await;
    let claimed = webhooks::claim(db, NOON, LEASE).await.unwrap().unwrap();
    assert_eq!(
        (claimed.owner, claimed.delivery.owner),
        (hook.owner, Some(hook.owner)),
        "it was told as whose the webhook is"
    );
    assert_eq!(claimed.standing.role_at(NOON), Some(Role::Main));
    webhooks::withhold(db, &claimed, NOON).await.unwrap();
    let given_up = webhooks::get_delivery(db, hook.account, claimed.delivery.id)
        .await
        .unwrap();
    assert_eq!((given_up.state, given_up.finished_at), (State::Failed, Some(NOON)));
    assert!(given_up.problem.is_some(), "{given_up:?}");
    assert_eq!(now_is(office, &hook).await.failing_since, None);
    assert_eq!(attempt(office, NOON, &taken()).await, Some(State::Sent));

    let ivan = office.ivan().await;
    let off = WebhookPatch {
        enabled: Some(false),
        ..WebhookPatch::default()
    };
    let theirs = webhooks::update(db, &office.author(), (hook.id, None), ivan.id, off).await;
    let role = theirs.unwrap().standing.role_at(NOON);
    assert_eq!(role, ivan.role, "of the new owner");
    staff::delete(db, &office.author(), ivan.id, None).await.unwrap();
    assert_eq!(now_is(office, &hook).await.standing.role_at(NOON), None);
}
