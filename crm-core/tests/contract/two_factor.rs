use frontdesk_crm_core::accounts::{self, AccountPatch};
use frontdesk_crm_core::audit::Author;
use frontdesk_crm_core::logins::Known;
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::staff::StaffMember;
use frontdesk_crm_core::store::StoreError;
use frontdesk_crm_core::two_factor::{self, Checked, Status};
use frontdesk_routing::ids::StaffId;

use crate::office::{NOON, Office, refusal};

crate::on_both! {
    an_authenticator_counts_from_its_first_code_on_and_each_code_once
    of_two_who_type_one_code_at_the_same_moment_one_gets_in
    each_recovery_code_is_good_once_and_all_go_with_the_authenticator
    a_factor_that_everybody_has_to_have_is_not_switched_off
    somebody_of_another_company_is_nobody
}

/// Moments of RFC 6238 appendix B with the last six digits of the code that its secret gives then.
const FIRST: (i64, &str) = (2_000_000_000_000, "279037");
const LATER: (i64, &str) = (20_000_000_000_000, "353130");

fn at(office: &Office, unix_ms: i64) -> Author {
    let mut author = office.author();
    author.stamp.unix_ms = unix_ms;
    author
}

/// Begins with the secret of the RFC in the place of a random one.
async fn begun(office: &Office, of: &StaffMember) {
    two_factor::begin(&office.db, &office.author(), of.id).await.unwrap();
    let secret = hex::encode("12345678901234567890");
    let set = format!("UPDATE two_factor SET secret = '{secret}' WHERE staff_id = '{}'", of.id);
    assert_eq!(office.raw(&set).await.unwrap(), 1);
}

/// Ivan with an authenticator; his recovery codes.
async fn enrolled(office: &Office) -> (StaffMember, Vec<String>) {
    let ivan = office.ivan().await;
    begun(office, &ivan).await;
    let (now, code) = FIRST;
    let codes = two_factor::confirm(&office.db, &at(office, now), ivan.id, (code, "token")).await;
    (ivan, codes.unwrap())
}

async fn check(office: &Office, staff: StaffId, code: Option<&str>, now: i64) -> Checked {
    let known = Known {
        account: office.first.account,
        staff,
        name: "Ivan".into(),
    };
    let ids = at(office, now).stamp.ids();
    two_factor::check(&office.db, &known, (code, None), ids).await.unwrap()
}

async fn status(office: &Office, staff: StaffId) -> Status {
    two_factor::status(&office.db, office.first.account, staff)
        .await
        .unwrap()
}

async fn an_authenticator_counts_from_its_first_code_on_and_each_code_once(office: &Office) {
    let ivan = office.ivan().await;
    let told = two_factor::begin(&office.db, &office.author(), ivan.id).await.unwrap();
    assert!(
        told.uri.contains(&told.secret) && told.uri.contains("_ivan?"),
        "{}",
        told.uri
    );
    assert!(!status(office, ivan.id).await.enabled);
    assert_eq!(check(office, ivan.id, None, NOON).await, Checked::NotNeeded);
    begun(office, &ivan).await;
    let (now, code) = FIRST;
    let wrong = two_factor::confirm(&office.db, &at(office, now), ivan.id, ("000000", "token")).await;
    assert_eq!(refusal(wrong), "invalid: code invalid");
    let session = office.session(&office.login("ivan"), "correct horse").await;
    let codes = two_factor::confirm(&office.db, &at(office, now), ivan.id, ("279 037", "token"))
        .await
        .unwrap();
    assert!(!office.alive(&session).await, "other logins end");
    let expected = Status {
        enabled: true,
        required: false,
        recovery_codes: 10,
    };
    assert_eq!((codes.len(), status(office, ivan.id).await), (10, expected));
    let again = two_factor::confirm(&office.db, &at(office, now), ivan.id, (code, "token")).await;
    assert_eq!(refusal(again), "invalid: code invalid");
    let anew = two_factor::begin(&office.db, &office.author(), ivan.id).await;
    assert_eq!(refusal(anew), "refused: two_factor_on");
    assert_eq!(check(office, ivan.id, None, now).await, Checked::Missing);
    assert_eq!(check(office, ivan.id, Some(" "), now).await, Checked::Missing);
    assert_eq!(check(office, ivan.id, Some(code), now).await, Checked::Wrong, "used");
    let (now, code) = LATER;
    assert_eq!(check(office, ivan.id, Some(code), now).await, Checked::Right);
    assert_eq!(check(office, ivan.id, Some(code), now).await, Checked::Wrong, "used");
    let told: Vec<String> = office.audit(20).await.into_iter().map(|row| row.action).collect();
    let count = |action: &str| told.iter().filter(|told| *told == action).count();
    assert_eq!((count("two_factor.enabled"), count("two_factor.refused")), (1, 2));
}

async fn of_two_who_type_one_code_at_the_same_moment_one_gets_in(office: &Office) {
    let (ivan, codes) = enrolled(office).await;
    let (now, code) = LATER;
    for code in [code, codes[3].as_str()] {
        let both = [
            check(office, ivan.id, Some(code), now),
            check(office, ivan.id, Some(code), now),
        ];
        let [first, second] = both;
        let mut both = <[Checked; 2]>::from(tokio::join!(first, second));
        both.sort_by_key(|checked| *checked != Checked::Right);
        assert_eq!(both, [Checked::Right, Checked::Wrong], "{code}");
    }
}

async fn each_recovery_code_is_good_once_and_all_go_with_the_authenticator(office: &Office) {
    let (ivan, codes) = enrolled(office).await;
    let typed = codes[0].to_uppercase().replace('-', " ");
    assert_eq!(check(office, ivan.id, Some(&typed), NOON).await, Checked::Right);
    assert_eq!(check(office, ivan.id, Some(&typed), NOON).await, Checked::Wrong);
    assert_eq!(status(office, ivan.id).await.recovery_codes, 9);
    let wrong = two_factor::disable(&office.db, &office.author(), ivan.id, "nothing").await;
    assert_eq!(refusal(wrong), "invalid: code invalid");
    two_factor::disable(&office.db, &office.author(), ivan.id, &codes[1])
        .await
        .unwrap();
    assert_eq!(check(office, ivan.id, Some(&codes[2]), NOON).await, Checked::NotNeeded);
    begun(office, &ivan).await;
    let (now, code) = FIRST;
    two_factor::confirm(&office.db, &at(office, now), ivan.id, (code, "token"))
        .await
        .unwrap();
    assert_eq!(check(office, ivan.id, Some(&codes[2]), NOON).await, Checked::Wrong);
}

async fn a_factor_that_everybody_has_to_have_is_not_switched_off(office: &Office) {
    let (ivan, codes) = enrolled(office).await;
    let patch = AccountPatch {
        two_factor_required: Some(true),
        ..AccountPatch::default()
    };
    accounts::update(&office.db, &office.author(), patch, None)
        .await
        .unwrap();
    assert!(status(office, ivan.id).await.required);
    let off = two_factor::disable(&office.db, &office.author(), ivan.id, &codes[0]).await;
    assert_eq!(refusal(off), "refused: two_factor_required");
    assert_eq!(
        status(office, ivan.id).await.recovery_codes,
        10,
        "the code is not used up"
    );
    two_factor::reset(&office.db, &office.author(), ivan.id).await.unwrap();
    assert!(!status(office, ivan.id).await.enabled);
    let again = two_factor::reset(&office.db, &office.author(), ivan.id).await;
    assert_eq!(refusal(again), "not found");
}

async fn somebody_of_another_company_is_nobody(office: &Office) {
    let (ivan, codes) = enrolled(office).await;
    let other = setup::another(&office.db, office.stamp(), Beginning::default())
        .await
        .unwrap();
    let mut author = office.author();
    author.account = other.account;
    let seen = two_factor::status(&office.db, other.account, ivan.id).await;
    assert!(matches!(seen, Err(StoreError::NotFound)));
    assert_eq!(
        refusal(two_factor::begin(&office.db, &author, ivan.id).await),
        "not found"
    );
    assert_eq!(
        refusal(two_factor::reset(&office.db, &author, ivan.id).await),
        "not found"
    );
    let off = two_factor::disable(&office.db, &author, ivan.id, &codes[0]).await;
    assert_eq!(refusal(off), "not found");
    assert!(status(office, ivan.id).await.enabled);
}
