use std::sync::Arc;

use super::*;
use crate::because::Because;
use crate::plan::{
    AccountSection, ClientSection, Destination, HidingKey, NumberSection, PlanAccount, PlanClient, PlanNumber,
    PlanStaff, RecordingPolicy, StaffCallerId, StaffSection,
};

const CLIENT: &str = "+79161234567";
const STRANGER: &str = "+79031112233";
const DID: &str = "+74951110001";

fn account() -> AccountId {
    AccountId::from_u128(1)
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

fn staff(id: u128, hides_clients: bool) -> PlanStaff {
    PlanStaff {
        id: StaffId::from_u128(id),
        account: account(),
        name: "Anna".into(),
        short_number: None,
        phone: None,
        sip: None,
        caller_id: StaffCallerId {
            hides_clients,
            ..StaffCallerId::default()
        },
        term: Default::default(),
    }
}

/// 1 sees numbers, 2 does not.
fn plan_with(caller_id: AccountCallerId, client_name: &str) -> DialPlan {
    let client = PlanClient {
        id: ClientId::from_u128(7),
        account: account(),
        number: number(CLIENT),
        name: client_name.into(),
        vip: false,
        manager: None,
    };
    let account_ = PlanAccount {
        id: account(),
        number: 1,
        name: "A".into(),
        realm: "r".into(),
        recording: RecordingPolicy::Never,
        region: "RU".into(),
        caller_id,
    };
    let did = PlanNumber {
        number: number(DID),
        account: account(),
        trunk: None,
        to: Destination::Staff(StaffId::from_u128(1)),
    };
    DialPlan {
        accounts: Arc::new(AccountSection::new(vec![account_])),
        staff: Arc::new(StaffSection::new(vec![staff(1, false), staff(2, true)], vec![])),
        clients: Arc::new(ClientSection::new(vec![client])),
        numbers: Arc::new(NumberSection::new(vec![did])),
        ..DialPlan::default()
    }
}

fn plan() -> DialPlan {
    plan_with(
        AccountCallerId {
            key: HidingKey([9; 16]),
            ..AccountCallerId::default()
        },
        "Ivanov",
    )
}

fn sees(plan: &DialPlan, id: u128) -> Viewer<'_> {
    Viewer::person(plan, account(), StaffId::from_u128(id))
}

fn outside(text: &str, name: &str, client: Option<u128>, restricted: bool) -> CallerIdentity {
    CallerIdentity {
        name: name.to_owned(),
        asserted: Asserted::Outside(number(text)),
        client: client.map(ClientId::from_u128),
        restricted,
    }
}

#[test]
fn l43_a_client_is_a_name_over_the_stub_for_whom_numbers_are_hidden_and_a_number_for_others() {
    let plan = plan();
    let check = |identity: &CallerIdentity, clear: (&str, &str), masked: (&str, &str)| {
        for (viewer, (name, number)) in [(1, clear), (2, masked), (99, masked)] {
            let shown = sees(&plan, viewer).caller(identity);
            let text = shown.number().map(ShownNumber::as_str).unwrap_or_default();
            assert_eq!((shown.name(), text), (name, number), "{identity:?} for {viewer}");
        }
    };
    let stub = "+78123893298";
    check(
        &outside(CLIENT, "Ivanov", Some(7), false),
        ("Ivanov", CLIENT),
        ("Ivanov", stub),
    );
    let token = format!("Client {}", sees(&plan, 2).token(None, Some(number(STRANGER))));
    check(
        &outside(STRANGER, "8 903 111-22-33", None, false),
        ("8 903 111-22-33", STRANGER),
        (&token, stub),
    );
    check(&outside(STRANGER, "", None, false), ("", STRANGER), (&token, stub));
    check(&outside(STRANGER, "Somebody", None, true), ("", ""), ("", ""));
    check(
        &outside(CLIENT, "Ivanov", Some(7), true),
        ("Ivanov", ""),
        ("Ivanov", ""),
    );
    let colleague = CallerIdentity {
        name: "Boris".to_owned(),
        asserted: Asserted::Inside("102".to_owned()),
        ..CallerIdentity::default()
    };
    check(&colleague, ("Boris", "102"), ("Boris", "102"));
    check(&CallerIdentity::default(), ("", ""), ("", ""));
}

#[test]
fn l43_a_client_whose_name_is_a_number_gets_a_token() {
    let plan = plan();
    let shown = sees(&plan, 2).caller(&outside(CLIENT, "Ivan 8(916)123-45-67", Some(7), false));
    let token = sees(&plan, 2).token(Some(ClientId::from_u128(7)), None);
    assert_eq!(shown.name(), format!("Client {token}"));
    let (name, number) = sees(&plan, 2).client(ClientId::from_u128(7), "+79161234567", CLIENT);
    assert_eq!((name, number.as_str()), (format!("Client {token}"), "+78123893298"));
}

#[test]
fn l43_records_hide_clients_but_neither_colleagues_nor_our_own_numbers() {
    let plan = plan();
    let check = |text: &str, expected: &str| {
        assert_eq!(sees(&plan, 2).number(text).as_str(), expected, "{text}");
        assert_eq!(sees(&plan, 1).number(text).as_str(), text);
    };
    let stub = "+78123893298";
    check(CLIENT, stub);
    check("89161234567", stub);
    check("8 (916) 123-45-67", stub);
    check("9161234567890123456", stub);
    check(DID, DID);
    check("84951110001", "84951110001");
    check("101", "101");
    check("*21*101", "*21*101");
    let party = |staff: Option<u128>, number, name| {
        let party = Party {
            staff: staff.map(StaffId::from_u128),
            number: Some(number),
            name,
            restricted: false,
        };
        let (name, number) = sees(&plan, 2).party(party);
        (name.unwrap_or_default(), number.unwrap().to_string())
    };
    assert_eq!(party(None, CLIENT, Some("Ivanov")), ("Ivanov".into(), stub.into()));
    let token = sees(&plan, 2).token(None, Some(number(STRANGER)));
    assert_eq!(
        party(None, STRANGER, Some("Phone 89031112233")),
        (format!("Client {token}"), stub.into())
    );
    assert_eq!(party(Some(1), "101", Some("Anna")), ("Anna".into(), "101".into()));
    assert_eq!(party(None, DID, None), (String::new(), DID.into()));
    let withheld = Party {
        number: Some(CLIENT),
        name: Some("Ivanov"),
        restricted: true,
        ..Party::default()
    };
    for viewer in [1, 2] {
        assert_eq!(sees(&plan, viewer).party(withheld), (Some("Ivanov".into()), None));
    }
}

#[test]
fn l43_no_number_is_left_in_free_text() {
    let plan = plan();
    let check = |text: &str, expected: &str| {
        assert_eq!(sees(&plan, 2).text(text), expected);
        assert_eq!(sees(&plan, 1).text(text), text);
    };
    check("transferred by 101 to 89161234567", "transferred by 101 to …");
    check("to +7 (916) 123-45-67; then back", "to …; then back");
    check("8-916-123-45-67 and 102", "… and 102");
    check("x79161234567y", "x…y");
    check("(8 916 123-45-67). Then 102", "(…). Then 102");
    check("8.916.123.45.67, tel. 8/916/123/45/67", "…, tel. …");
    check("8\u{202f}916\u{2011}123\u{2013}45\u{a0}67", "…");
    check("８９１６１２３４５６７", "…");
    check(
        "https://shop.example/?tel=8%20916%20123-45-67&x=%2B7%2E916%E2%80%AF1234567",
        "https://shop.example/?tel=…&x=…",
    );
    check("twice %2538%2520916%2520123%252D45%252D67", "twice …");
    check(
        "not more than 100%, 50%20 or %D0%B9",
        "not more than 100%, 50%20 or %D0%B9",
    );
    check(
        "on 28.11.2026, in 101, 102, 103 and 104",
        "on 28.11.2026, in 101, 102, 103 and 104",
    );
    check("28.11.2026.4", "…");
    check("101\n102\n103", "101\n102\n103");
    check("no. 12 of 345, +", "no. 12 of 345, +");
    check("", "");
}

#[test]
fn l43_tokens_are_stable_begin_with_a_letter_and_say_nothing_without_the_key() {
    let token = |key: u8, client: u128| {
        let token = Token::new(HidingKey([key; 16]), Some(ClientId::from_u128(client)), None);
        token.to_string()
    };
    assert_eq!(token(1, 7), token(1, 7));
    assert_ne!(token(1, 7), token(2, 7));
    assert_ne!(token(1, 7), token(1, 8));
    for client in 0..500 {
        let token = token(1, client);
        assert!(
            token.len() == 4 && token.starts_with(|c: char| c.is_ascii_uppercase()),
            "{token}"
        );
    }
}

#[test]
fn l44_the_stub_and_tokens_reach_the_last_clients_if_policy_allows() {
    let plan = plan();
    let me = plan.staff.get(StaffId::from_u128(2)).unwrap();
    let mut recent = RecentClients::default();
    let check = |recent: &RecentClients, text: &str, expected: Dialled| {
        assert_eq!(recent.dialled(&plan, me, text), expected, "{text}");
    };
    check(&recent, "+78123893298", Dialled::Refused(404, Because::NoHiddenClient));
    recent.note(me.id, number(CLIENT));
    recent.note(me.id, number(STRANGER));
    for stub in ["+78123893298", "88123893298", "78123893298"] {
        check(&recent, stub, Dialled::Client(number(STRANGER)));
    }
    let token = sees(&plan, 2).token(Some(ClientId::from_u128(7)), None).to_string();
    check(&recent, &token, Dialled::Client(number(CLIENT)));
    check(&recent, &token.to_lowercase(), Dialled::Client(number(CLIENT)));
    check(&recent, "Z000", Dialled::Itself);
    check(&recent, "101", Dialled::Itself);
    recent.note(me.id, number(CLIENT));
    check(&recent, "88123893298", Dialled::Client(number(CLIENT)));
    // A colleague who sees numbers dials the stub as any other number.
    let colleague = plan.staff.get(StaffId::from_u128(1)).unwrap();
    assert_eq!(recent.dialled(&plan, colleague, "88123893298"), Dialled::Itself);
    let strict = plan_with(
        AccountCallerId {
            stub_dials_back: false,
            ..AccountCallerId::default()
        },
        "Ivanov",
    );
    let refused = Dialled::Refused(403, Because::HiddenClientNotReached);
    assert_eq!(recent.dialled(&strict, me, "88123893298"), refused);
    for (staff, text, expected) in [
        (me, "88123893298", Some(true)),
        (me, "a1b2", Some(true)),
        (me, "Z000", None),
        (me, "1012", None),
        (me, CLIENT, None),
        (colleague, "88123893298", None),
        (colleague, "A1B2", None),
    ] {
        assert_eq!(means_hidden(&plan, staff, text), expected, "{text}");
    }
    assert_eq!(means_hidden(&strict, me, "88123893298"), Some(false));
    recent.review(&DialPlan::default());
    check(&recent, "88123893298", Dialled::Refused(404, Because::NoHiddenClient));
}

#[test]
fn what_begins_like_a_number_and_is_none_is_looked_at_once() {
    for text in ["+ ".repeat(200_000), "1+-".repeat(3), "+(((((+".repeat(100_000)] {
        assert_eq!(without_numbers(&text), text);
    }
}
