//! Lists that go far back and of which only some rows fit: no page looks through all of them, and each goes on where the one
//! before has stopped.

use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::audit::{self, AuditQuery};
use frontdesk_crm_core::calls::{self, Call, CallDirection, CallQuery, Disposition, Leg, Party};
use frontdesk_crm_core::deals::{self, DealQuery, Kind, Looker, NewDeal, Order};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::projects::first_of;
use frontdesk_crm_core::recordings;
use frontdesk_crm_core::store::{Listing, Page};
use frontdesk_routing::ids::{CallId, ClientId, LegId, ProjectId, RecordingId, StaffId};

use crate::audit::unguarded;
use crate::office::{NOON, Office, page};

crate::on_both! {
    ones_own_calls_are_found_behind_any_number_of_others
    a_page_looks_at_so_many_of_ones_legs_and_no_more
    recordings_within_a_reach_go_on_where_a_page_has_stopped
    deals_that_are_open_are_found_behind_any_number_of_closed_ones
    the_audit_goes_on_where_a_page_has_stopped
}

/// The `n`th second's call between two people from outside, which was answered.
fn call(office: &Office, n: i64) -> Call {
    let at = NOON + n * 1_000;
    let party = |number: &str| Party {
        number: Some(number.into()),
        ..Party::default()
    };
    Call {
        id: CallId::new(at, n.unsigned_abs().into()),
        account: office.first.account,
        direction: CallDirection::Inbound,
        caller: party("+79161110001"),
        called: "+74951110001".into(),
        callee: party("+79161110002"),
        client: None,
        disposition: Some(Disposition::Answered),
        because: "the number is connected".into(),
        started_at: at,
        answered_at: Some(at + 500),
        ended_at: Some(at + 900),
        ended_by: None,
        status: 200,
        department: None,
        waited_ms: None,
    }
}

/// Somebody was rung, and talked or did not.
fn leg(call: &Call, staff: StaffId, talked: bool) -> Leg {
    Leg {
        id: LegId::from_u128(call.id.as_u128()),
        caller: false,
        staff: Some(staff),
        trunk: None,
        sip_call_id: "a84b4c76e66710".into(),
        peer: None,
        started_at: call.started_at + 100,
        answered_at: call.answered_at.filter(|_| talked),
        ended_at: call.ended_at,
        status: if talked { 200 } else { 487 },
    }
}

async fn save(office: &Office, calls: impl IntoIterator<Item = (Call, Option<Leg>)>) {
    let ended = |(call, leg): (Call, Option<Leg>)| Entry::CallEnded {
        call: Box::new(call),
        legs: leg.into_iter().collect(),
    };
    let entries: Vec<Entry> = calls.into_iter().map(ended).collect();
    for batch in entries.chunks(1_500) {
        journal::apply(&office.db, batch).await.unwrap();
    }
}

fn own(office: &Office, staff: StaffId) -> Scope {
    Scope::of(
        office.first.account,
        Reach::Own,
        (staff, first_of(office.first.account)),
    )
}

/// What each page holds, by pages of so many.
async fn pages<T>(limit: u32, mut list: impl AsyncFnMut(Page) -> Listing<T>) -> Vec<Vec<T>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let part = list(Page { cursor, ..page(limit) }).await;
        pages.push(part.items);
        cursor = part.next_cursor;
        if cursor.is_none() {
            return pages;
        }
    }
}

async fn calls_of(office: &Office, within: Scope, query: &CallQuery, limit: u32) -> Vec<Vec<CallId>> {
    let list = async |page: Page| calls::list(&office.db, within, query, &page).await.unwrap();
    let pages = pages(limit, list).await;
    pages
        .into_iter()
        .map(|calls| calls.into_iter().map(|call| call.id).collect())
        .collect()
}

async fn ones_own_calls_are_found_behind_any_number_of_others(office: &Office) {
    let ivan = office.ivan().await.id;
    let mut mine: Vec<(Call, Option<Leg>)> = (0..6).map(|n| (call(office, n), None)).collect();
    mine[0].0.caller.staff = Some(ivan);
    mine[1].0.callee.staff = Some(ivan);
    // he talked before it was handed on, he was rung in vain, and somebody else was quicker
    mine[2].1 = Some(leg(&mine[2].0, ivan, true));
    (mine[3].0.answered_at, mine[3].0.disposition) = (None, Some(Disposition::NoAnswer));
    mine[3].1 = Some(leg(&mine[3].0, ivan, false));
    mine[4].1 = Some(leg(&mine[4].0, ivan, false));
    let ids: Vec<CallId> = mine.iter().map(|(call, _)| call.id).collect();
    save(office, mine).await;
    save(office, (6..10_106).map(|n| (call(office, n), None))).await;
    let all = CallQuery::default();
    let newest: Vec<CallId> = ids.iter().take(4).rev().copied().collect();
    assert_eq!(
        calls_of(office, own(office, ivan), &all, 50).await,
        std::slice::from_ref(&newest)
    );
    assert_eq!(
        calls_of(office, own(office, ivan), &all, 3).await,
        [&newest[..3], &newest[3..]]
    );
    let talked = CallQuery {
        disposition: Some(Disposition::Answered),
        from: Some(NOON + 1_000),
        until: Some(NOON + 5_000),
        ..CallQuery::default()
    };
    assert_eq!(calls_of(office, own(office, ivan), &talked, 50).await, [&newest[1..3]]);
    let project = Scope::of(
        office.first.account,
        Reach::Department,
        (ivan, first_of(office.first.account)),
    );
    let wider = calls_of(office, project, &all, 50).await;
    assert_eq!(
        wider,
        [Vec::new(), newest],
        "a page of a wider reach looks at so many of the company's"
    );
}

async fn a_page_looks_at_so_many_of_ones_legs_and_no_more(office: &Office) {
    let ivan = office.ivan().await.id;
    let (first, last) = (call(office, 0), call(office, 100_000));
    let (first_leg, last_leg) = (leg(&first, ivan, true), leg(&last, ivan, true));
    let ids = [first.id, last.id];
    save(office, [(first, Some(first_leg)), (last, Some(last_leg))]).await;
    let in_vain = (1..3_101).map(|n| {
        let call = call(office, n);
        let leg = leg(&call, ivan, false);
        (call, Some(leg))
    });
    save(office, in_vain).await;
    let seen = calls_of(office, own(office, ivan), &CallQuery::default(), 50).await;
    assert_eq!(seen, [vec![ids[1]], vec![ids[0]]]);
    let earlier = CallQuery {
        until: Some(NOON + 3_000_000),
        ..CallQuery::default()
    };
    let seen = calls_of(office, own(office, ivan), &earlier, 50).await;
    assert_eq!(seen.concat(), [ids[0]]);
}

async fn recordings_within_a_reach_go_on_where_a_page_has_stopped(office: &Office) {
    let ivan = office.ivan().await.id;
    let mut mine = call(office, 0);
    mine.callee.staff = Some(ivan);
    let others = call(office, 1);
    let started = |call: &Call, n: u128| Entry::RecordingStarted {
        recording: RecordingId::new(call.started_at, n),
        path: format!("{n}.wav"),
        at: call.started_at,
        call: Box::new(call.clone()),
        legs: Vec::new(),
    };
    journal::apply(&office.db, &[started(&mine, 1), started(&others, 2)])
        .await
        .unwrap();
    let many = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050) INSERT INTO recordings \
         (id, account_id, call_id, path, state, started_at, version) \
         SELECT '01000000000000000000' || (100000 + i), '{}', '{}', 'x', 'ready', {} + i, 1 FROM n",
        office.first.account, others.id, others.started_at
    );
    assert_eq!(office.raw(&many).await.unwrap(), 10_050);
    let list = async |page: Page| {
        let own = own(office, ivan);
        recordings::list(&office.db, own, None, &page).await.unwrap()
    };
    let pages = pages(50, list).await;
    let calls: Vec<Vec<CallId>> = pages
        .into_iter()
        .map(|page| page.into_iter().map(|recording| recording.call).collect())
        .collect();
    assert_eq!(calls, [vec![], vec![mine.id]]);
    let whole = recordings::list(&office.db, office.whole(), None, &page(50))
        .await
        .unwrap();
    assert_eq!(whole.items.len(), 50);
}

/// Three open deals of a client's, and many closed ones after them.
async fn many_deals(office: &Office, client: ClientId, here: ProjectId) {
    let make = async |title: &str, step_at: Option<&str>| {
        let new = NewDeal {
            client: Some(client.to_string()),
            title: Some(title.into()),
            step_at: step_at.map(str::to_owned),
            ..NewDeal::default()
        };
        deals::create(&office.db, &office.author(), &new, here).await.unwrap();
    };
    make("bare", None).await;
    office.later(1_000);
    make("late", Some("2026-11-18T11:06:45Z")).await;
    office.later(1);
    make("planned", Some("2026-12-18T11:06:41Z")).await;
    let many = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050) INSERT INTO deals \
         (id, account_id, kind, project_id, stage, title, step_text, created_at, updated_at, closed_at, version) \
         SELECT '01000000000000000000' || (100000 + i), '{}', 'deal', '{here}', 'won', 'closed', '', \
         {} + i, 0, 1, 1 FROM n",
        office.first.account,
        office.now() + 1_000
    );
    assert_eq!(office.raw(&many).await.unwrap(), 10_050);
    office.later(10_000);
}

async fn deals_that_are_open_are_found_behind_any_number_of_closed_ones(office: &Office) {
    let client = office.client("+79161234567", "Olga").await.unwrap().id;
    let here = first_of(office.first.account);
    many_deals(office, client, here).await;
    let staff = (office.first.staff, here);
    let seen = async |reach: Reach, query: DealQuery| {
        let looker = Looker {
            within: Scope::of(office.first.account, reach, staff),
            sees_new: true,
            now: office.now(),
        };
        let list = async |page: Page| deals::list(&office.db, &query, looker, &page).await.unwrap();
        let titles = |page: Vec<deals::Deal>| page.into_iter().map(|deal| deal.title).collect();
        pages(50, list)
            .await
            .into_iter()
            .map(titles)
            .collect::<Vec<Vec<String>>>()
    };
    let query = DealQuery::default;
    for reach in [Reach::Own, Reach::Any] {
        let no_step = DealQuery {
            no_step: Some(true),
            ..query()
        };
        assert_eq!(seen(reach, no_step).await, [["bare"]], "{reach:?}");
        let open = DealQuery {
            stage: Some(deals::Stage::New),
            ..query()
        };
        assert_eq!(
            seen(reach, open).await.concat(),
            ["planned", "late", "bare"],
            "{reach:?}"
        );
        for order in [Order::CreatedAt, Order::StepAt] {
            let overdue = DealQuery {
                overdue: Some(true),
                order,
                ..query()
            };
            assert_eq!(seen(reach, overdue).await, [["late"]], "{reach:?} {order:?}");
        }
    }
    let leads = DealQuery {
        kind: Some(Kind::Lead),
        ..query()
    };
    let found = seen(Reach::Any, leads).await;
    assert_eq!(
        found,
        [vec![], vec!["planned", "late", "bare"]],
        "there is no index of these"
    );
    assert_eq!(seen(Reach::Own, leads).await, [["planned", "late", "bare"]]);
    let of_client = DealQuery {
        client: Some(client),
        ..query()
    };
    assert_eq!(seen(Reach::Any, of_client).await, [["planned", "late", "bare"]]);
}

async fn the_audit_goes_on_where_a_page_has_stopped(office: &Office) {
    let ivan = office.ivan().await.id;
    let many = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050) INSERT INTO audit \
         (id, account_id, at, actor_staff_id, actor_name, action, entity, entity_id, after_json) \
         SELECT '01000000000000000000' || (100000 + i), '{}', {} + i, '{ivan}', 'Ivan', 'call.hung_up', 'call', 'x', '{{}}' FROM n",
        office.first.account,
        office.now()
    );
    unguarded(office, &many).await;
    let seen = async |query: AuditQuery| {
        let list = async |page: Page| {
            let account = office.first.account;
            audit::list(&office.db, account, &query, &page).await.unwrap()
        };
        let pages = pages(500, list).await;
        pages.into_iter().map(|page| page.len()).collect::<Vec<usize>>()
    };
    let created = AuditQuery {
        action: Some("staff.created".into()),
        ..AuditQuery::default()
    };
    assert_eq!(seen(created.clone()).await, [0, 1]);
    let text = AuditQuery {
        text: Some("Ivan".into()),
        ..AuditQuery::default()
    };
    assert_eq!(seen(text).await, [0, 1]);
    let main = AuditQuery {
        actor: Some(office.first.staff),
        ..created.clone()
    };
    assert_eq!(seen(main).await, [1], "that one has done little");
    let of_ivan = AuditQuery {
        actor: Some(ivan),
        ..created.clone()
    };
    assert_eq!(seen(of_ivan).await, [0, 0]);
    let of_person = AuditQuery {
        entity_id: Some(ivan.to_string()),
        ..AuditQuery::default()
    };
    assert_eq!(seen(of_person).await, [1]);
    let before = AuditQuery {
        until: Some(office.now() + 1),
        ..created.clone()
    };
    assert_eq!(seen(before).await, [1], "those since are not looked at");
    let since = AuditQuery {
        from: Some(office.now() + 1),
        ..created
    };
    assert_eq!(seen(since).await, [0, 0]);
}
