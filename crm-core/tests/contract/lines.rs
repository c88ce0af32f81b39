use frontdesk_crm_core::departments::{self, DepartmentPatch};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::lines::{self, Figures, LineOutcome, LineStay};
use frontdesk_routing::ids::{CallId, DepartmentId};

use crate::office::{NOON, Office};

crate::on_both! {
    figures_tell_how_calls_have_left_a_line_since_a_moment
}

async fn department(office: &Office, name: &str, short: &str) -> DepartmentId {
    let patch = DepartmentPatch {
        name: Some(name.into()),
        short_number: Some(short.into()),
        ..DepartmentPatch::default()
    };
    let made = departments::create(&office.db, &office.author(), patch).await.unwrap();
    made.plan.id
}

async fn figures_tell_how_calls_have_left_a_line_since_a_moment(office: &Office) {
    let account = office.first.account;
    let sales = department(office, "Sales", "300").await;
    let empty = department(office, "Empty", "301").await;
    let stay = |n: u128, waited_s: i64, outcome: LineOutcome| {
        Entry::LineLeft(LineStay {
            call: CallId::new(NOON, n),
            account,
            department: sales,
            left_at: NOON + i64::try_from(n).unwrap(),
            waited_ms: waited_s * 1_000,
            outcome,
        })
    };
    let entries = [
        stay(0, 500, LineOutcome::Answered),
        stay(1, 20, LineOutcome::Answered),
        stay(2, 21, LineOutcome::Answered),
        stay(3, 7, LineOutcome::Abandoned),
        stay(4, 0, LineOutcome::Overflowed),
        stay(5, 900, LineOutcome::Withdrawn),
    ];
    for _ in 0..2 {
        journal::apply(&office.db, &entries).await.unwrap();
    }
    let figures = lines::figures(&office.db, account, NOON + 1).await.unwrap();
    let expected = Figures {
        answered: 2,
        answered_in_time: 1,
        abandoned: 1,
        overflowed: 1,
        waited_ms: 48_000,
        longest_ms: 21_000,
    };
    assert_eq!(
        figures.get(&sales),
        Some(&expected),
        "once each, and nothing from before"
    );
    assert_eq!(figures.get(&empty), None);
    assert_eq!(
        (expected.offered(), expected.service_level(), expected.average_ms()),
        (4, Some(250), Some(12_000))
    );
    let none = Figures::default();
    assert_eq!((none.service_level(), none.average_ms()), (None, None));
    let later = lines::figures(&office.db, account, NOON + 100).await.unwrap();
    assert!(later.is_empty());
}
