//! Lists that go far back and of which only some rows fit: no page looks through all of them, and each goes on where the one
//! before has stopped.

use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::calls::{self, Call, CallDirection, CallQuery, Disposition, Leg, Party};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::projects::first_of;
use frontdesk_crm_core::store::{Listing, Page};
use frontdesk_routing::ids::{CallId, LegId, StaffId};

use crate::office::{NOON, Office, page};

crate::on_both! {
    ones_own_calls_are_found_behind_any_number_of_others
    a_page_looks_at_so_many_of_ones_legs_and_no_more
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
    assert_eq!(calls_of(office, own(office, ivan), &all, 50).await, [newest.clone()]);
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
