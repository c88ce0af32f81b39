//! Lists of what is configured: their pages join, each says all that there are, and what is deleted is of the version that
//! was read.

use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch};
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::import::{self, Duplicates, Format, Kind};
use frontdesk_crm_core::mailboxes::{self, MailboxPatch};
use frontdesk_crm_core::numbers::{self, NumberPatch};
use frontdesk_crm_core::routes::{self, RoutePatch};
use frontdesk_crm_core::store::{Listing, Page, StoreError};
use frontdesk_crm_core::tokens::{self, NewToken};
use frontdesk_crm_core::trunks::{self, TrunkPatch};

use crate::office::{HOURS, Office, page, refusal};

crate::on_both! {
    what_is_configured_is_listed_in_pages_that_join
    tokens_and_imports_are_listed_newest_first_in_pages_that_join
    what_somebody_has_changed_meanwhile_is_not_deleted_unseen
}

/// All pages of a list, each as large as it may be.
async fn leafed<T>(limit: u32, read: impl AsyncFn(Page) -> Result<Listing<T>, StoreError>) -> Vec<T> {
    let (mut part, mut all) = (page(limit), Vec::new());
    loop {
        let list = read(part.clone()).await.unwrap();
        let last = list.next_cursor.is_none();
        assert!(last || list.items.len() == usize::try_from(limit).unwrap());
        all.extend(list.items);
        if last {
            return all;
        }
        part.cursor = list.next_cursor;
    }
}

/// Four of each, made in another order than that of their list.
async fn furnish(office: &Office) {
    for n in [3, 1, 4, 2] {
        let (db, author) = (&office.db, office.author());
        let line = TrunkPatch {
            name: Some(format!("Line {n}")),
            place: Some(n / 2),
            ..TrunkPatch::default()
        };
        let line = trunks::create(db, &author, line, true).await.unwrap().0;
        let route = RoutePatch {
            name: Some(format!("Route {n}")),
            prefix: (n > 1).then(|| format!("+4{n}")),
            emergency: Some(n == 1),
            trunks: Some(vec![line.plan.id.to_string()]),
        };
        routes::create(db, &office.author(), route).await.unwrap();
        let department = DepartmentPatch {
            name: Some(format!("Department {n}")),
            short_number: Some(format!("20{n}")),
            members: Some(vec![MemberPatch::new(office.first.staff)]),
            ..DepartmentPatch::default()
        };
        let department = departments::create(db, &office.author(), department).await.unwrap();
        let mailbox = MailboxPatch {
            department: Some(department.plan.id.to_string()),
            ..MailboxPatch::default()
        };
        mailboxes::create(db, &office.author(), mailbox).await.unwrap();
        let number = NumberPatch {
            number: Some(format!("+7495111000{n}")),
            to: DestinationPatch::staff(office.first.staff),
            ..NumberPatch::default()
        };
        numbers::create(db, &office.author(), number).await.unwrap();
    }
}

async fn what_is_configured_is_listed_in_pages_that_join(office: &Office) {
    furnish(office).await;
    let (db, account) = (&office.db, office.first.account);
    for limit in [1, 2, 3, 4, 5] {
        let all = leafed(limit, async |part| departments::page(db, account, &part).await).await;
        assert_eq!(all, departments::list(db, account).await.unwrap(), "{limit}");
        assert!(all.iter().all(|one| one.plan.members.len() == 1), "with their members");
        let all = leafed(limit, async |part| numbers::page(db, account, &part).await).await;
        assert_eq!(all, numbers::list(db, account).await.unwrap(), "{limit}");
        let all = leafed(limit, async |part| routes::page(db, account, &part).await).await;
        assert_eq!(all, routes::list(db, account).await.unwrap(), "{limit}");
        assert!(
            all.iter().all(|one| one.plan.trunks.as_slice().len() == 1),
            "with their lines"
        );
        let all = leafed(limit, async |part| mailboxes::page(db, account, &part).await).await;
        assert_eq!(all, mailboxes::list(db, account).await.unwrap(), "{limit}");
        let all = leafed(limit, async |part| trunks::page(db, account, &part).await).await;
        let names: Vec<String> = all.iter().map(|one| one.plan.name.to_string()).collect();
        assert_eq!(names, ["Line 1", "Line 2", "Line 3", "Line 4"], "{limit}");
    }
    let first = departments::page(db, account, &page(1)).await.unwrap();
    assert_eq!((first.total, first.filtered), (4, 4));
    let names = [numbers::page(db, account, &page(3)).await.unwrap().total, 4];
    assert_eq!(names, [4, 4]);
    // the list goes on where it was, though what stood there is gone
    let last = first.items[0].plan.id;
    departments::delete(db, &office.author(), last, None).await.unwrap();
    let rest = Page {
        cursor: first.next_cursor,
        ..page(1)
    };
    let rest = departments::page(db, account, &rest).await.unwrap();
    assert_eq!(&*rest.items[0].plan.name, "Department 2");
    let strange = Page {
        cursor: Some("7b7d".into()),
        ..page(1)
    };
    assert_eq!(
        refusal(trunks::page(db, account, &strange).await),
        "invalid: cursor invalid"
    );
}

async fn tokens_and_imports_are_listed_newest_first_in_pages_that_join(office: &Office) {
    let (db, account, owner) = (&office.db, office.first.account, office.first.staff);
    let (mut made, mut jobs) = (Vec::new(), Vec::new());
    for n in 0..5 {
        // two of each moment
        office.later(n % 2);
        let new = NewToken {
            name: format!("Token {n}"),
            scopes: vec!["calls:read".into()],
            lifetime_ms: HOURS,
        };
        made.push(tokens::create(db, &office.author(), owner, new).await.unwrap().0);
        let what = (Kind::Clients, Format::Csv, "a.csv");
        let job = import::begin(db, &office.author(), what, (Duplicates::Skip, 5)).await;
        jobs.push(job.unwrap());
    }
    made.sort_by_key(|token| std::cmp::Reverse((token.created_at, token.id.to_string())));
    jobs.sort_by_key(|job| std::cmp::Reverse(job.to_string()));
    for limit in [1, 2, 3, 5, 6] {
        let all = leafed(limit, async |part| tokens::list(db, account, owner, &part).await).await;
        let ids = |tokens: &[tokens::Token]| tokens.iter().map(|token| token.id).collect::<Vec<_>>();
        assert_eq!(ids(&all), ids(&made), "{limit}");
        let all = leafed(limit, async |part| import::list(db, account, &part).await).await;
        assert_eq!(all.iter().map(|job| job.id).collect::<Vec<_>>(), jobs, "{limit}");
    }
    assert_eq!(tokens::list(db, account, owner, &page(1)).await.unwrap().total, 5);
}

async fn what_somebody_has_changed_meanwhile_is_not_deleted_unseen(office: &Office) {
    furnish(office).await;
    let (db, account) = (&office.db, office.first.account);
    let department = departments::list(db, account).await.unwrap().remove(0);
    let number = numbers::list(db, account).await.unwrap().remove(0);
    let route = routes::list(db, account).await.unwrap().remove(0);
    let mailbox = mailboxes::list(db, account).await.unwrap().remove(0);
    let trunk = trunks::list(db, account).await.unwrap().remove(0);
    let author = || office.author();
    for version in [0, 2] {
        let old = Some(version);
        let refused = [
            refusal(departments::delete(db, &author(), department.plan.id, old).await),
            refusal(numbers::delete(db, &author(), number.id, old).await),
            refusal(routes::delete(db, &author(), route.plan.id, old).await),
            refusal(mailboxes::delete(db, &author(), mailbox.id, old).await),
            refusal(mailboxes::greeting(db, &author(), (mailbox.id, old), true).await),
            refusal(trunks::delete(db, &author(), trunk.plan.id, old).await),
        ];
        assert_eq!(refused, [const { "stale" }; 6]);
    }
    numbers::delete(db, &author(), number.id, Some(1)).await.unwrap();
    routes::delete(db, &author(), route.plan.id, Some(1)).await.unwrap();
    trunks::delete(db, &author(), trunk.plan.id, Some(1)).await.unwrap();
    mailboxes::greeting(db, &author(), (mailbox.id, Some(1)), true)
        .await
        .unwrap();
    assert_eq!(
        refusal(mailboxes::delete(db, &author(), mailbox.id, Some(1)).await),
        "stale"
    );
    mailboxes::delete(db, &author(), mailbox.id, Some(2)).await.unwrap();
    departments::delete(db, &author(), department.plan.id, Some(1))
        .await
        .unwrap();
}
