use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::clients::{self, Beside, Happening};
use frontdesk_crm_core::deals::{self, Deal, DealPatch, DealQuery, Kind, Looker, NewDeal, Order, Stage, What, Which};
use frontdesk_crm_core::departments::{self, DepartmentPatch};
use frontdesk_crm_core::projects::{self, NewPart, first_of};
use frontdesk_crm_core::staff::{NewStaff, StaffMember};
use frontdesk_crm_core::store::{Page, StoreError};
use frontdesk_routing::ids::{ClientId, ProjectId, StaffId};

use crate::office::{NOON, Office, page, refusal};

crate::on_both! {
    a_lead_is_made_changed_closed_and_deleted
    l53_a_new_one_goes_to_whoever_takes_such_in_the_project
    l57_own_overdue_leads_hide_the_others_until_they_are_processed
    l58_overdue_is_what_has_a_step_before_now
    l59_the_reason_of_a_moved_step_is_kept
    l60_each_reach_shows_and_hands_over_its_own
    b34_open_deals_without_a_next_step_are_listed
    the_lists_go_on_where_they_broke_off
}

async fn client(office: &Office) -> ClientId {
    office.client("+79161234567", "Olga").await.unwrap().id
}

fn new(client: ClientId, title: &str) -> NewDeal {
    NewDeal {
        client: Some(client.to_string()),
        title: Some(title.into()),
        ..NewDeal::default()
    }
}

fn of(staff: StaffId, deal: NewDeal) -> NewDeal {
    NewDeal {
        staff: Some(Some(staff.to_string())),
        ..deal
    }
}

async fn make(office: &Office, deal: NewDeal) -> Deal {
    let here = first_of(office.first.account);
    deals::create(&office.db, &office.author(), &deal, here).await.unwrap()
}

async fn person(office: &Office, name: &str) -> StaffMember {
    let new = NewStaff {
        given_name: Some(name.into()),
        login: Some(name.to_lowercase()),
        password: Some("correct horse".into()),
        role: Some("employee".into()),
        ..NewStaff::default()
    };
    office.hire(new).await.unwrap()
}

fn looker(office: &Office, staff: StaffId, reach: Reach) -> Looker {
    Looker {
        within: Scope::of(office.first.account, reach, (staff, first_of(office.first.account))),
        sees_new: true,
        now: office.now(),
    }
}

async fn seen(office: &Office, query: DealQuery, looker: Looker) -> Vec<String> {
    let list = deals::list(&office.db, &query, looker, &page(50)).await.unwrap();
    list.items.into_iter().map(|deal| deal.title).collect()
}

pub(crate) fn everything(office: &Office) -> Looker {
    looker(office, office.first.staff, Reach::Any)
}

async fn change(office: &Office, deal: &Deal, patch: DealPatch) -> Result<Deal, StoreError> {
    deals::update(&office.db, &office.author(), deal.id, &patch, (None, true)).await
}

/// Some seconds before or after noon.
fn at(ms: i64) -> String {
    format!("2026-11-18T11:06:{:02}Z", 40 + (ms - NOON) / 1_000)
}

pub(crate) fn step(ms: i64) -> DealPatch {
    DealPatch {
        step_at: Some(Some(at(ms))),
        ..DealPatch::default()
    }
}

async fn a_lead_is_made_changed_closed_and_deleted(office: &Office) {
    let client = client(office).await;
    let here = first_of(office.first.account);
    let lead = make(office, new(client, " Windows ")).await;
    assert_eq!(
        (lead.title.as_str(), lead.kind, lead.stage),
        ("Windows", Kind::Lead, Stage::New)
    );
    assert_eq!(
        (lead.project, lead.staff, lead.version),
        (here, Some(office.first.staff), 1)
    );
    assert_eq!(lead.client.as_ref().unwrap().name, "Olga");
    assert_eq!(office.audit(1).await[0].action, "deal.created");
    let create = async |deal: NewDeal| deals::create(&office.db, &office.author(), &deal, here).await;
    let nothing = create(NewDeal::default()).await;
    assert_eq!(refusal(nothing), "invalid: title required, client_id required");
    let nobody = create(new(ClientId::from_u128(9), "X")).await;
    assert_eq!(refusal(nobody), "invalid: client_id unknown");
    let strange = NewDeal {
        project: Some(ProjectId::from_u128(9).to_string()),
        ..of(StaffId::from_u128(9), new(client, "X"))
    };
    assert_eq!(
        refusal(create(strange).await),
        "invalid: project_id unknown, staff_id unknown"
    );
    office.later(1_000);
    let won = DealPatch {
        kind: Some("deal".into()),
        stage: Some("won".into()),
        ..DealPatch::default()
    };
    let stale = deals::update(&office.db, &office.author(), lead.id, &won, (Some(7), true)).await;
    assert_eq!(refusal(stale), "stale");
    let won = change(office, &lead, won).await.unwrap();
    assert_eq!(
        (won.kind, won.stage, won.closed_at),
        (Kind::Deal, Stage::Won, Some(office.now()))
    );
    assert_eq!(office.audit(1).await[0].action, "deal.updated");
    let again = DealPatch {
        stage: Some("in_work".into()),
        ..DealPatch::default()
    };
    assert_eq!(change(office, &lead, again).await.unwrap().closed_at, None);
    office.later(1_000);
    deals::delete(&office.db, &office.author(), lead.id, Some(3))
        .await
        .unwrap();
    assert_eq!(office.audit(1).await[0].action, "deal.deleted");
    let gone = deals::get(&office.db, lead.id, everything(office)).await;
    assert_eq!(refusal(gone), "not found");
    assert!(seen(office, DealQuery::default(), everything(office)).await.is_empty());
}

async fn l53_a_new_one_goes_to_whoever_takes_such_in_the_project(office: &Office) {
    let account = office.first.account;
    let client = client(office).await;
    let (anna, boris) = (person(office, "Anna").await, person(office, "Boris").await);
    let takes = |calls: bool, leads: bool, deals: bool| NewPart {
        project: first_of(account).to_string(),
        receives_calls: calls,
        receives_leads: leads,
        receives_deals: deals,
        ..NewPart::default()
    };
    let set = async |staff: StaffId, part: NewPart| {
        projects::set_parts(&office.db, &office.author(), staff, vec![part], None)
            .await
            .unwrap();
    };
    set(office.first.staff, takes(true, false, false)).await;
    set(anna.id, takes(true, false, true)).await;
    set(boris.id, takes(true, true, false)).await;
    let deal = |title: &str| NewDeal {
        kind: Some("deal".into()),
        ..new(client, title)
    };
    for title in ["A", "B"] {
        assert_eq!(make(office, new(client, title)).await.staff, Some(boris.id), "L53");
        assert_eq!(make(office, deal(title)).await.staff, Some(anna.id), "L53");
    }
    set(boris.id, takes(true, false, false)).await;
    assert_eq!(make(office, new(client, "C")).await.staff, None, "nobody takes leads");
    set(anna.id, takes(false, true, false)).await;
    set(boris.id, takes(false, true, false)).await;
    office.later(1_000);
    let (first, second) = (
        make(office, new(client, "D")).await,
        make(office, new(client, "E")).await,
    );
    let takers = [first.staff, second.staff];
    assert!(
        takers.contains(&Some(anna.id)) && takers.contains(&Some(boris.id)),
        "in turns"
    );
    let manager = clients::ClientPatch {
        manager: Some(Some(boris.id.to_string())),
        ..clients::ClientPatch::default()
    };
    clients::update(&office.db, &office.author(), (office.whole(), client), manager, None)
        .await
        .unwrap();
    for title in ["F", "G"] {
        assert_eq!(
            make(office, new(client, title)).await.staff,
            Some(boris.id),
            "the manager"
        );
    }
    let nobody = NewDeal {
        staff: Some(None),
        ..new(client, "H")
    };
    assert_eq!(make(office, nobody).await.staff, None);
}

async fn l57_own_overdue_leads_hide_the_others_until_they_are_processed(office: &Office) {
    let client = client(office).await;
    let anna = person(office, "Anna").await;
    let due = |title: &str, ms: i64| NewDeal {
        step_at: Some(at(ms)),
        ..of(anna.id, new(client, title))
    };
    let late = make(office, due("late", NOON - 1_000)).await;
    make(office, due("later", NOON + 1_000)).await;
    let fresh = make(office, of(office.first.staff, new(client, "fresh"))).await;
    let deal = NewDeal {
        kind: Some("deal".into()),
        ..of(anna.id, new(client, "deal"))
    };
    make(office, deal).await;
    let held = Looker {
        sees_new: false,
        ..looker(office, anna.id, Reach::Any)
    };
    let leads = DealQuery {
        kind: Some(Kind::Lead),
        ..DealQuery::default()
    };
    assert_eq!(seen(office, leads, held).await, ["late"], "L57");
    assert_eq!(
        seen(office, DealQuery::default(), held).await.len(),
        2,
        "deals are no leads"
    );
    let hidden = deals::get(&office.db, fresh.id, held).await;
    assert_eq!(refusal(hidden), "not found");
    let told = async |looker: Looker| {
        let beside = Beside {
            calls: None,
            deals: Some(looker),
            voicemails: None,
        };
        let list = clients::timeline(&office.db, (office.whole(), client), beside, &page(9)).await;
        list.unwrap().items.len()
    };
    assert_eq!(told(held).await, 3, "nothing of the fresh one in the client's timeline");
    let free = Looker { sees_new: true, ..held };
    assert_eq!(
        (seen(office, leads, free).await.len(), told(free).await),
        (3, 4),
        "with the right"
    );
    change(office, &late, step(NOON + 5_000)).await.unwrap();
    assert_eq!(seen(office, leads, held).await.len(), 3, "all are processed");
    deals::get(&office.db, fresh.id, held).await.unwrap();
}

async fn l58_overdue_is_what_has_a_step_before_now(office: &Office) {
    let client = client(office).await;
    for (title, ms) in [("before", -1_000), ("now", 0), ("after", 1_000)] {
        let deal = NewDeal {
            step_at: Some(at(NOON + ms)),
            ..new(client, title)
        };
        make(office, deal).await;
    }
    make(office, new(client, "never")).await;
    let overdue = |overdue: bool| DealQuery {
        overdue: Some(overdue),
        order: Order::StepAt,
        ..DealQuery::default()
    };
    assert_eq!(seen(office, overdue(true), everything(office)).await, ["before"]);
    assert_eq!(seen(office, overdue(false), everything(office)).await, ["now", "after"]);
    office.later(1_001);
    let all = seen(office, overdue(true), everything(office)).await;
    assert_eq!(all, ["before", "now", "after"]);
}

async fn l59_the_reason_of_a_moved_step_is_kept(office: &Office) {
    let client = client(office).await;
    let account = office.first.account;
    let deal = NewDeal {
        step_at: Some(at(NOON)),
        step_text: Some("call".into()),
        ..new(client, "Windows")
    };
    let deal = make(office, deal).await;
    let update = async |patch: &DealPatch, omit: bool| {
        deals::update(&office.db, &office.author(), deal.id, patch, (None, omit)).await
    };
    office.later(1_000);
    let bare = step(NOON + 9_000);
    assert_eq!(refusal(update(&bare, false).await), "invalid: reason required");
    let because = DealPatch {
        reason: Some(" she is away ".into()),
        ..bare
    };
    let moved = update(&because, false).await.unwrap();
    assert_eq!(moved.step.unwrap().at, NOON + 9_000);
    office.later(1_000);
    update(&step(NOON + 10_000), true).await.unwrap();
    let history = deals::history(&office.db, account, deal.id, &page(10)).await.unwrap();
    let told: Vec<_> = history
        .items
        .iter()
        .map(|change| {
            (
                change.what,
                change.step_before,
                change.step_after,
                change.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (What::Step, Some(NOON + 9_000), Some(NOON + 10_000), ""),
            (What::Step, Some(NOON), Some(NOON + 9_000), "she is away"),
            (What::Created, None, Some(NOON), ""),
        ]
    );
    let beside = |deals: Option<Looker>| Beside {
        calls: Some(office.whole()),
        deals,
        voicemails: None,
    };
    let timeline = async |beside| {
        let list = clients::timeline(&office.db, (office.whole(), client), beside, &page(10)).await;
        list.unwrap().items
    };
    let all = timeline(beside(Some(everything(office)))).await;
    assert!(matches!(&all[1], Happening::Deal(change) if change.reason == "she is away"));
    assert_eq!(all.len(), 3);
    let other = person(office, "Anna").await;
    let own = looker(office, other.id, Reach::Own);
    assert!(timeline(beside(Some(own))).await.is_empty());
    assert!(timeline(beside(None)).await.is_empty());
}

async fn l60_each_reach_shows_and_hands_over_its_own(office: &Office) {
    let client = client(office).await;
    let (anna, boris, clara) = (
        person(office, "Anna").await,
        person(office, "Boris").await,
        person(office, "Clara").await,
    );
    let sales = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("200".into()),
        members: Some([anna.id, boris.id].map(departments::MemberPatch::new).into()),
        ..DepartmentPatch::default()
    };
    departments::create(&office.db, &office.author(), sales).await.unwrap();
    let other = projects::create(&office.db, &office.author(), "Second").await.unwrap();
    let a = make(office, of(anna.id, new(client, "a"))).await;
    let b = make(office, of(boris.id, new(client, "b"))).await;
    make(office, of(clara.id, new(client, "c"))).await;
    let far = NewDeal {
        project: Some(other.id.to_string()),
        ..of(clara.id, new(client, "d"))
    };
    let far = make(office, far).await;
    let check = async |reach: Reach, expected: &[&str]| {
        let mut titles = seen(office, DealQuery::default(), looker(office, anna.id, reach)).await;
        titles.sort();
        assert_eq!(titles, expected, "{reach:?}");
    };
    check(Reach::Own, &["a"]).await;
    check(Reach::Department, &["a", "b"]).await;
    check(Reach::Project, &["a", "b", "c"]).await;
    check(Reach::Any, &["a", "b", "c", "d"]).await;
    let hand = async |which: Which, reach: Reach, to: Option<StaffId>| {
        let within = looker(office, anna.id, reach).within;
        deals::hand_over(&office.db, &office.author(), &which, within, to).await
    };
    let these = |deals: &[&Deal]| Which::These(deals.iter().map(|deal| deal.id.to_string()).collect());
    let beyond = hand(these(&[&a, &b, &far]), Reach::Own, Some(clara.id)).await;
    assert_eq!(refusal(beyond), "invalid: deal_ids[1] unknown, deal_ids[2] unknown");
    let nobody = hand(these(&[&a]), Reach::Own, Some(StaffId::from_u128(9))).await;
    assert_eq!(refusal(nobody), "invalid: to_staff_id unknown");
    office.later(1_000);
    let moved = hand(these(&[&a, &a]), Reach::Own, Some(boris.id)).await.unwrap();
    assert_eq!((moved.len(), moved[0].staff), (1, Some(boris.id)));
    assert_eq!(office.audit(1).await[0].action, "deal.handed_over");
    let all = hand(Which::OpenOf(boris.id), Reach::Any, Some(clara.id)).await.unwrap();
    assert_eq!(all.len(), 2);
    let reaches = async |reach: Reach| {
        let within = looker(office, anna.id, reach).within;
        deals::reaches(&office.db, b.id, within).await.unwrap()
    };
    assert!(!reaches(Reach::Department).await && reaches(Reach::Project).await);
}

async fn b34_open_deals_without_a_next_step_are_listed(office: &Office) {
    let client = client(office).await;
    let planned = NewDeal {
        step_at: Some(at(NOON)),
        ..new(client, "planned")
    };
    let planned = make(office, planned).await;
    let bare = make(office, new(client, "bare")).await;
    let query = |no_step: bool| DealQuery {
        no_step: Some(no_step),
        ..DealQuery::default()
    };
    assert_eq!(seen(office, query(true), everything(office)).await, ["bare"], "B34");
    assert_eq!(seen(office, query(false), everything(office)).await, ["planned"]);
    let lost = DealPatch {
        stage: Some("lost".into()),
        ..DealPatch::default()
    };
    change(office, &bare, lost).await.unwrap();
    assert!(seen(office, query(true), everything(office)).await.is_empty());
    let none = DealPatch {
        step_at: Some(None),
        ..DealPatch::default()
    };
    change(office, &planned, none).await.unwrap();
    assert_eq!(seen(office, query(true), everything(office)).await, ["planned"]);
    let open = DealQuery {
        open: Some(false),
        ..DealQuery::default()
    };
    assert_eq!(seen(office, open, everything(office)).await, ["bare"]);
}

async fn the_lists_go_on_where_they_broke_off(office: &Office) {
    let client = client(office).await;
    for title in 0..5 {
        let deal = NewDeal {
            step_at: Some(at(NOON + 10_000 - title * 1_000)),
            ..new(client, &title.to_string())
        };
        make(office, deal).await;
        office.later(1_000);
    }
    for order in [Order::CreatedAt, Order::StepAt] {
        let query = DealQuery {
            order,
            ..DealQuery::default()
        };
        let mut page = Page {
            limit: 2,
            ..Page::default()
        };
        let mut titles = Vec::new();
        loop {
            let list = deals::list(&office.db, &query, everything(office), &page).await;
            let list = list.unwrap();
            titles.extend(list.items.into_iter().map(|deal| deal.title));
            match list.next_cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(titles, ["4", "3", "2", "1", "0"], "{order:?}");
    }
}
