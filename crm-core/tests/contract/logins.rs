use frontdesk_crm_core::logins;
use frontdesk_crm_core::staff::{self, StaffPatch};
use frontdesk_crm_core::tokens::{self, NewToken};
use frontdesk_routing::ids::AccountId;

use crate::office::{HOURS, LIFETIME, Office, page, refusal};

crate::on_both! {
    l14_the_prefix_is_part_of_the_login
    l25_a_new_password_ends_other_sessions_but_not_the_one_that_set_it
    a_session_ends_when_its_time_is_over
    a_session_that_is_used_all_the_time_ends_at_last
    a_login_takes_the_place_of_the_browsers_session
    a_new_password_of_ones_own_gives_the_session_another_token
    a_token_works_within_its_scopes_and_time_until_it_is_revoked
    tokens_are_listed_to_their_owner
    a_session_that_is_used_lives_on_until_it_is_ended
}

async fn l14_the_prefix_is_part_of_the_login(office: &Office) {
    office.ivan().await;
    let check = async |login: &str, password: &str, expected: bool| {
        assert_eq!(office.enters(login, password).await, expected, "{login} {password}");
    };
    check(&office.login("ivan"), "correct horse", true).await;
    check(&office.login("IVAN"), "correct horse", true).await;
    check(&office.login("ivan"), "correct Horse", false).await;
    for login in [
        "ivan",
        "_ivan",
        "1_ivan",
        "ivan@example.org",
        "",
        "99999999999999999999_ivan",
        "'; --",
    ] {
        check(login, "correct horse", false).await;
    }
}

async fn l25_a_new_password_ends_other_sessions_but_not_the_one_that_set_it(office: &Office) {
    let ivan = office.ivan().await;
    let mine = office.session(&office.login("ivan"), "correct horse").await;
    let other = office.session(&office.login("ivan"), "correct horse").await;
    let author = frontdesk_crm_core::audit::Author {
        login: Some(mine.id),
        ..office.author()
    };
    let patch = |password: &str| StaffPatch {
        password: Some(password.into()),
        ..StaffPatch::default()
    };
    let refused = staff::update(&office.db, &author, ivan.id, patch("too short"), None).await;
    assert_eq!(refusal(refused), "invalid: password too_short");
    staff::update(&office.db, &author, ivan.id, patch("battery staple"), None)
        .await
        .unwrap();
    assert!(office.alive(&mine).await && !office.alive(&other).await);
    assert!(!office.enters(&office.login("ivan"), "correct horse").await);
    assert!(office.enters(&office.login("ivan"), "battery staple").await);
}

async fn a_session_ends_when_its_time_is_over(office: &Office) {
    let session = office.session(&office.first.login, &office.first.password).await;
    office.later(12 * HOURS - 1);
    let found = logins::find_by_token(&office.db, &session.token, office.now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.name.as_str(), found.staff), ("Main", office.first.staff));
    office.later(1);
    assert!(!office.alive(&session).await);
    assert!(
        logins::find_by_token(&office.db, "", office.now())
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_session_that_is_used_all_the_time_ends_at_last(office: &Office) {
    let session = office.session(&office.first.login, &office.first.password).await;
    let find = async || {
        let found = logins::find_by_token(&office.db, &session.token, office.now()).await;
        found.unwrap()
    };
    let mut hours = 0;
    while let Some(found) = find().await {
        logins::touch(&office.db, &found, LIFETIME, office.now()).await.unwrap();
        office.later(6 * HOURS);
        hours += 6;
    }
    assert_eq!(hours, 7 * 24);
}

async fn a_login_takes_the_place_of_the_browsers_session(office: &Office) {
    let ivan = office.ivan().await;
    let mine = office.session(&office.login("ivan"), "correct horse").await;
    let elsewhere = office.session(&office.login("ivan"), "correct horse").await;
    assert_eq!(mine.ended, None);
    let from = |token: &str| logins::From {
        session: Some(token.to_owned()),
        ..logins::From::default()
    };
    let (login, password) = (&office.first.login, &office.first.password);
    let next = office.session_in(from(&mine.token), login, password).await;
    assert_eq!(next.ended, Some((office.first.account, ivan.id)));
    assert!(!office.alive(&mine).await && office.alive(&elsewhere).await && office.alive(&next).await);
    for dead in [&*mine.token, "nobody's"] {
        let after = office.session_in(from(dead), login, password).await;
        assert_eq!(after.ended, None);
    }
}

async fn a_new_password_of_ones_own_gives_the_session_another_token(office: &Office) {
    let ivan = office.ivan().await;
    let open = async || office.session(&office.login("ivan"), "correct horse").await;
    let (mine, other) = (open().await, open().await);
    let author = |of| {
        let mut author = office.author();
        author.actor.staff = Some(of);
        author.login = Some(mine.id);
        author
    };
    let patch = |token: &str| StaffPatch {
        password: Some("battery staple".into()),
        token: Some(token.into()),
        ..StaffPatch::default()
    };
    staff::update(&office.db, &author(ivan.id), ivan.id, patch("another token"), None)
        .await
        .unwrap();
    assert!(!office.alive(&mine).await && !office.alive(&other).await);
    let found = async |token: &str| {
        let found = logins::find_by_token(&office.db, token, office.now()).await;
        found.unwrap().map(|session| (session.id, session.csrf))
    };
    assert_eq!(found("another token").await, Some((mine.id, mine.csrf.clone())));
    // somebody else's new password is no reason
    let main = office.first.staff;
    staff::update(&office.db, &author(ivan.id), main, patch("a third token"), None)
        .await
        .unwrap();
    assert!(found("another token").await.is_some() && found("a third token").await.is_none());
}

async fn a_token_works_within_its_scopes_and_time_until_it_is_revoked(office: &Office) {
    let new = |name: &str, scopes: &[&str]| NewToken {
        name: name.into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        lifetime_ms: HOURS,
    };
    let author = office.author();
    let refused = tokens::create(&office.db, &author, office.first.staff, new(" ", &["everything"])).await;
    assert_eq!(refusal(refused), "invalid: name required, scopes unknown");
    let made = tokens::create(&office.db, &author, office.first.staff, new("bot", &["calls:read"])).await;
    let (token, secret) = made.unwrap();
    assert!(secret.starts_with(&format!("fd_{}_", token.id)), "{secret}");
    let found = tokens::find(&office.db, &secret, office.now()).await.unwrap().unwrap();
    assert_eq!((found.token.id, found.token.scopes.len()), (token.id, 1));
    for wrong in [
        &secret[..secret.len() - 1],
        &secret[3..],
        "fd_",
        "fd_x_y",
        &format!("fd_{}_", token.id),
    ] {
        assert!(
            tokens::find(&office.db, wrong, office.now()).await.unwrap().is_none(),
            "{wrong}"
        );
    }
    assert!(
        tokens::find(&office.db, &secret, office.now() + HOURS)
            .await
            .unwrap()
            .is_none()
    );
    tokens::revoke(&office.db, &office.author(), office.first.staff, token.id)
        .await
        .unwrap();
    assert!(tokens::find(&office.db, &secret, office.now()).await.unwrap().is_none());
    let again = tokens::revoke(&office.db, &office.author(), office.first.staff, token.id).await;
    assert_eq!(refusal(again), "not found");
}

async fn tokens_are_listed_to_their_owner(office: &Office) {
    let ivan = office.ivan().await.id;
    let new = || NewToken {
        name: "bot".into(),
        scopes: vec!["calls:read".into()],
        lifetime_ms: HOURS,
    };
    let made = tokens::create(&office.db, &office.author(), office.first.staff, new()).await;
    let (made, _) = made.unwrap();
    let of = async |account, owner| -> Vec<_> {
        let listed = tokens::list(&office.db, account, owner, &page(5)).await.unwrap();
        listed.items.into_iter().map(|token| token.id).collect()
    };
    let account = office.first.account;
    assert_eq!(of(account, office.first.staff).await, [made.id]);
    assert!(of(account, ivan).await.is_empty());
    assert!(of(AccountId::from_u128(7), office.first.staff).await.is_empty());
}

async fn a_session_that_is_used_lives_on_until_it_is_ended(office: &Office) {
    let opened = office.session(&office.first.login, &office.first.password).await;
    let session = logins::find_by_token(&office.db, &opened.token, office.later(11 * HOURS)).await;
    let session = session.unwrap().unwrap();
    logins::touch(&office.db, &session, LIFETIME, office.now())
        .await
        .unwrap();
    office.later(11 * HOURS);
    assert!(office.alive(&opened).await);
    logins::end(&office.db, session.id, office.now()).await.unwrap();
    assert!(!office.alive(&opened).await);
    logins::touch(&office.db, &session, LIFETIME, office.now())
        .await
        .unwrap();
    assert!(!office.alive(&opened).await, "what is ended does not come back");
}
