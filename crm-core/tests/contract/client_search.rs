//! A search within a part of the book: what is found of it does not depend on how many others have the same name.

use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::clients::{self, ClientQuery, Clients};
use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch};
use frontdesk_crm_core::projects;
use frontdesk_crm_core::staff::NewStaff;
use frontdesk_routing::ids::{ProjectId, StaffId};

use crate::clients::{search, typed};
use crate::office::{Office, page};

crate::on_both! {
    v17_ones_own_are_found_among_any_number_of_others_hits
    v17_a_fragment_is_looked_for_along_the_clients_of_a_manager_in_a_book_of_any_size
    v17_what_a_narrow_search_did_not_look_through_is_said
}

/// Who works in another project than everybody else, and in a department of one.
struct Somebody {
    staff: StaffId,
    project: ProjectId,
}

impl Somebody {
    async fn come(office: &Office) -> Somebody {
        let project = projects::create(&office.db, &office.author(), "North")
            .await
            .unwrap()
            .id;
        let new = NewStaff {
            given_name: Some("Ivan".into()),
            project: Some(project),
            ..NewStaff::default()
        };
        let staff = office.hire(new).await.unwrap().id;
        let sales = DepartmentPatch {
            name: Some("Sales".into()),
            short_number: Some("200".into()),
            members: Some(vec![MemberPatch::new(staff)]),
            ..DepartmentPatch::default()
        };
        departments::create(&office.db, &office.author(), sales).await.unwrap();
        Somebody { staff, project }
    }

    fn within(&self, office: &Office, reach: Reach) -> Scope {
        Scope::of(office.first.account, reach, (self.staff, self.project))
    }
}

/// A client of this manager.
async fn client(office: &Office, (number, name): (&str, &str), manager: StaffId, vip: bool) {
    let mut new = typed(number, name, None);
    (new.manager, new.vip) = (Some(manager.to_string()), vip);
    clients::create(&office.db, &office.author(), new).await.unwrap();
}

async fn found(office: &Office, within: Scope, query: &ClientQuery) -> Clients {
    clients::list(&office.db, within, query, &page(5)).await.unwrap()
}

async fn v17_ones_own_are_found_among_any_number_of_others_hits(office: &Office) {
    let ivan = Somebody::come(office).await;
    for n in 0..1_010 {
        let (number, name) = (format!("912345{n:04}"), "Иванов Алексей");
        client(office, (&number, name), office.first.staff, false).await;
    }
    client(office, ("9129990001", "Иванов Алексей"), ivan.staff, true).await;
    client(office, ("9129990002", "Алексеев Иван"), ivan.staff, false).await;
    let check = async |within: Scope, query: &ClientQuery, expected: u64| {
        let list = found(office, within, query).await;
        let shown = u64::try_from(list.items.len()).unwrap();
        assert_eq!(
            (list.filtered, shown, list.more),
            (expected, expected, false),
            "{query:?} {within:?}"
        );
    };
    for (text, expected) in [
        ("иванов", 1),
        ("алекс", 2),
        ("иван алекс", 2),
        ("912", 2),
        ("912 иванов", 1),
    ] {
        for reach in [Reach::Own, Reach::Department, Reach::Project] {
            check(ivan.within(office, reach), &search(text), expected).await;
        }
        let of_manager = ClientQuery {
            manager: Some(ivan.staff),
            ..search(text)
        };
        check(office.whole(), &of_manager, expected).await;
        let vips = ClientQuery {
            vip: Some(true),
            ..search(text)
        };
        check(office.whole(), &vips, 1).await;
        check(ivan.within(office, Reach::Project), &vips, 1).await;
        let list = found(office, office.whole(), &search(text)).await;
        assert!(
            // one of the numbers has 912 in it twice
            list.filtered >= 999 && list.more,
            "{text}: of the whole book there are more"
        );
    }
    let others = ClientQuery {
        vip: Some(false),
        ..search("иванов")
    };
    let list = found(office, office.whole(), &others).await;
    assert!(list.filtered == 1_000 && list.more && list.items.iter().all(|client| !client.vip));
}

async fn v17_a_fragment_is_looked_for_along_the_clients_of_a_manager_in_a_book_of_any_size(office: &Office) {
    let ivan = Somebody::come(office).await;
    client(office, ("9129990001", "Сидоров"), ivan.staff, true).await;
    client(office, ("9129990002", "Сидоров"), office.first.staff, false).await;
    let counts = async |within: Scope, query: &ClientQuery| found(office, within, query).await.filtered;
    let [own, project] = [Reach::Own, Reach::Project].map(|reach| ivan.within(office, reach));
    assert_eq!(counts(office.whole(), &search("идор")).await, 2, "a small book");
    assert_eq!(counts(project, &search("идор")).await, 1);
    office.raw("UPDATE client_counts SET live = 20000").await.unwrap();
    assert_eq!(counts(office.whole(), &search("идор")).await, 0);
    assert_eq!(
        counts(project, &search("идор")).await,
        0,
        "however few of a large book are within the reach"
    );
    assert_eq!(counts(own, &search("идор")).await, 1);
    let vips = ClientQuery {
        vip: Some(true),
        ..search("идор")
    };
    assert_eq!(counts(office.whole(), &vips).await, 1);
    assert_eq!(counts(project, &search("сидор")).await, 1);
}

async fn v17_what_a_narrow_search_did_not_look_through_is_said(office: &Office) {
    let ivan = Somebody::come(office).await;
    client(office, ("9129990001", "Яшин"), ivan.staff, false).await;
    // terms before that client's of thirty thousand others
    let term = match office.url.starts_with("postgres") {
        true => r"'\xd18f'::bytea",
        false => "X'd18f'",
    };
    let others = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) \
         INSERT INTO client_terms (account, term, client) SELECT {}, {term}, i FROM n",
        office.first.account_number
    );
    assert_eq!(office.raw(&others).await.unwrap(), 30_000);
    office.raw("UPDATE client_counts SET live = 20000").await.unwrap();
    let check = async |reach: Reach, text: &str, expected: (u64, bool)| {
        let list = found(office, ivan.within(office, reach), &search(text)).await;
        assert_eq!((list.filtered, list.more), expected, "{reach:?} {text}");
    };
    check(Reach::Project, "я", (0, true)).await;
    check(Reach::Project, "яш", (1, false)).await;
    check(Reach::Project, "я 912", (1, false)).await;
    check(Reach::Own, "я", (1, false)).await;
    let list = found(office, office.whole(), &search("я")).await;
    assert!(list.more, "nor did one of the whole book");
}
