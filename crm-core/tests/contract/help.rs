use frontdesk_crm_core::audit::Author;
use frontdesk_crm_core::help::{self, Opinion, Topic};
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_routing::ids::StaffId;

use crate::office::Office;

crate::on_both! {
    of_what_somebody_says_of_a_page_the_last_word_counts
}

async fn of_what_somebody_says_of_a_page_the_last_word_counts(office: &Office) {
    let ivan = office.ivan().await.id;
    let by = |staff: StaffId| -> Author {
        let mut author = office.author();
        author.actor.staff = Some(staff);
        author.stamp.unix_ms = office.later(1);
        author
    };
    let say = async |staff, topic, useful| {
        help::say(&office.db, &by(staff), topic, useful).await.unwrap();
    };
    let of = async |topic| help::opinion(&office.db, office.first.account, topic).await.unwrap();
    assert_eq!(of(Topic::Phone).await, Opinion::default());
    say(ivan, Topic::Phone, true).await;
    say(office.first.staff, Topic::Phone, true).await;
    say(ivan, Topic::Phone, false).await;
    say(ivan, Topic::Calls, true).await;
    let (useful, useless) = (1, 1);
    assert_eq!(of(Topic::Phone).await, Opinion { useful, useless });
    assert_eq!(of(Topic::Calls).await, Opinion { useful, useless: 0 });
    assert_eq!(of(Topic::Away).await, Opinion::default());
    let other = setup::another(&office.db, office.stamp(), Beginning::default())
        .await
        .unwrap();
    let theirs = help::opinion(&office.db, other.account, Topic::Phone).await.unwrap();
    assert_eq!(theirs, Opinion::default());
}
