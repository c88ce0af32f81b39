use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::numbers::{self, NumberPatch};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::staff;
use frontdesk_crm_core::trunks::{self, RegistrationPatch, ServerPatch, Trunk, TrunkPatch};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::Destination;
use frontdesk_routing::plan::trunks::{IdentityStyle, NumberFormat, RedirectionStyle, TrunkCodec};

use crate::office::{Office, refusal};

crate::on_both! {
    a_lines_settings_come_back_as_they_were_given
    a_line_is_changed_by_who_has_read_it_last
    names_and_addresses_are_one_lines
    a_number_reaches_whom_it_is_connected_with
    a_lines_secret_is_in_no_audit_row
}

const SECRET: &str = "not for the eyes of others";

fn patch() -> TrunkPatch {
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    TrunkPatch {
        name: Some("Provider".into()),
        servers: Some(vec![
            ServerPatch {
                host: "SIP.example.com".into(),
                port: None,
                transport: Some("tls".into()),
            },
            ServerPatch {
                host: "[2001:db8::1]".into(),
                port: Some(5080),
                transport: None,
            },
        ]),
        registration: Some(Some(RegistrationPatch {
            user: Some("74951234567".into()),
            auth_user: None,
            password: Some(SECRET.into()),
            expires_s: Some(300),
        })),
        probe_s: Some(Some(30)),
        tls_fingerprint: Some(Some("ab".repeat(32))),
        sources: words(&["203.0.113.9", "198.51.100.0/24"]),
        max_calls: Some(Some(20)),
        max_calls_per_second: Some(Some(3)),
        codecs: words(&["opus", "g722", "pcma"]),
        numbers_in: Some("national".into()),
        numbers_out: Some("e164_without_plus".into()),
        identity: Some("rpid".into()),
        redirection: Some("history_info".into()),
        privacy: Some(true),
        shown_number: Some(Some("8 495 123-45-67".into())),
        prefixes: words(&["7", "8800"]),
        place: Some(4),
    }
}

async fn line(office: &Office, patch: TrunkPatch) -> Trunk {
    trunks::create(&office.db, &office.author(), patch, false)
        .await
        .unwrap()
        .0
}

async fn a_lines_settings_come_back_as_they_were_given(office: &Office) {
    let made = line(office, patch()).await;
    assert_eq!((made.version, &made.plan.sip), (1, &None));
    let provider = made.plan.provider.as_ref().unwrap();
    assert_eq!(&*provider.servers[0].host, "sip.example.com");
    assert_eq!(provider.servers[1].port, Some(5080));
    let registration = provider.registration.as_ref().unwrap();
    assert_eq!(
        (&*registration.auth_user, &*registration.secret),
        ("74951234567", SECRET)
    );
    let shown = provider.tls_fingerprint.map(|shown| shown.to_string());
    assert_eq!(shown, Some(["AB"; 32].join(":")));
    let plan = plan_build::full(&office.db).await.unwrap();
    let planned = plan.staff.trunk(made.plan.id).unwrap();
    assert_eq!(planned, &made.plan);
    let sources: Vec<String> = planned.sources.iter().map(ToString::to_string).collect();
    assert_eq!(sources, ["203.0.113.9/32", "198.51.100.0/24"]);
    assert_eq!((planned.limits.calls, planned.limits.per_second), (Some(20), Some(3)));
    assert_eq!(planned.codecs, [TrunkCodec::Opus, TrunkCodec::G722, TrunkCodec::Pcma]);
    assert_eq!(
        (planned.numbers_in, planned.numbers_out),
        (NumberFormat::National, NumberFormat::E164WithoutPlus)
    );
    assert_eq!(
        (planned.identity, planned.redirection),
        (IdentityStyle::Rpid, RedirectionStyle::HistoryInfo)
    );
    assert_eq!((planned.privacy, planned.place), (true, 4));
    assert_eq!(planned.shown_number, PhoneNumber::from_e164("+74951234567").ok());
    assert_eq!(planned.prefixes, ["7".into(), "8800".into()]);
    let emptied = TrunkPatch {
        servers: Some(Vec::new()),
        registration: Some(None),
        probe_s: Some(None),
        shown_number: Some(None),
        max_calls: Some(None),
        ..TrunkPatch::default()
    };
    let changed = trunks::update(&office.db, &office.author(), made.plan.id, emptied, None)
        .await
        .unwrap();
    assert_eq!(changed.plan.provider, None);
    assert_eq!((changed.plan.limits.calls, changed.plan.shown_number), (None, None));
    let plan = plan_build::full(&office.db).await.unwrap();
    assert!(plan.staff.trunk(made.plan.id).unwrap().provider.is_none());
}

async fn a_line_is_changed_by_who_has_read_it_last(office: &Office) {
    let made = line(office, patch()).await;
    let moved = |place| TrunkPatch {
        place: Some(place),
        ..TrunkPatch::default()
    };
    let first = trunks::update(&office.db, &office.author(), made.plan.id, moved(1), Some(1))
        .await
        .unwrap();
    assert_eq!((first.version, first.plan.place), (2, 1));
    let late = trunks::update(&office.db, &office.author(), made.plan.id, moved(2), Some(1)).await;
    assert_eq!(refusal(late), "stale");
    trunks::delete(&office.db, &office.author(), made.plan.id, None)
        .await
        .unwrap();
    let gone = trunks::update(&office.db, &office.author(), made.plan.id, moved(2), None).await;
    assert_eq!(refusal(gone), "not found");
}

async fn names_and_addresses_are_one_lines(office: &Office) {
    line(office, patch()).await;
    let check = async |name: &str, source: &str, expected: &str| {
        let patch = TrunkPatch {
            name: Some(name.into()),
            sources: Some(vec![source.into()]),
            ..TrunkPatch::default()
        };
        let made = trunks::create(&office.db, &office.author(), patch, false).await;
        assert_eq!(refusal(made), expected, "{name} {source}");
    };
    check("Provider", "192.0.2.1", "taken: name taken").await;
    check("Other", "203.0.113.9", "taken: sources[0] taken").await;
    check("Other", "198.51.100.7", "taken: sources[0] taken").await;
    check("Other", "198.51.0.0/16", "taken: sources[0] taken").await;
}

async fn a_number_reaches_whom_it_is_connected_with(office: &Office) {
    let ivan = office.ivan().await;
    let by = line(office, patch()).await;
    let connect = NumberPatch {
        number: Some("8 (495) 123-45-67".into()),
        trunk: Some(Some(by.plan.id.to_string())),
        to: DestinationPatch::staff(ivan.id),
    };
    let made = numbers::create(&office.db, &office.author(), connect.clone())
        .await
        .unwrap();
    assert_eq!(
        (made.number.as_str(), made.to),
        ("+74951234567", Destination::Staff(ivan.id))
    );
    let plan = plan_build::full(&office.db).await.unwrap();
    let number = PhoneNumber::from_e164("+74951234567").unwrap();
    let planned = plan.numbers.get(office.first.account, number).unwrap();
    assert_eq!(
        (planned.trunk, planned.to),
        (Some(by.plan.id), Destination::Staff(ivan.id))
    );

    let reached = staff::delete(&office.db, &office.author(), ivan.id, None).await;
    assert_eq!(refusal(reached), "refused: in_use");
    let again = numbers::create(&office.db, &office.author(), connect.clone()).await;
    assert_eq!(refusal(again), "taken: number taken");
    let nobody = NumberPatch {
        to: DestinationPatch::staff(by.plan.id),
        ..connect.clone()
    };
    let refused = numbers::create(&office.db, &office.author(), nobody).await;
    assert_eq!(refusal(refused), "invalid: staff_id unknown");
    let nowhere = NumberPatch {
        to: DestinationPatch {
            mailbox: Some(by.plan.id.to_string()),
            ..DestinationPatch::default()
        },
        ..NumberPatch::default()
    };
    let refused = numbers::update(&office.db, &office.author(), made.id, nowhere, None).await;
    assert_eq!(refusal(refused), "invalid: mailbox_id unknown");
    let refused = numbers::create(&office.db, &office.author(), NumberPatch::default()).await;
    assert_eq!(refusal(refused), "invalid: number required, staff_id required");

    let bound = trunks::delete(&office.db, &office.author(), by.plan.id, None).await;
    assert_eq!(refusal(bound), "refused: in_use");
    let freed = NumberPatch {
        trunk: Some(None),
        ..NumberPatch::default()
    };
    let freed = numbers::update(&office.db, &office.author(), made.id, freed, Some(1))
        .await
        .unwrap();
    assert_eq!(
        (freed.trunk, freed.to, freed.version),
        (None, Destination::Staff(ivan.id), 2)
    );
    trunks::delete(&office.db, &office.author(), by.plan.id, None)
        .await
        .unwrap();
    numbers::delete(&office.db, &office.author(), made.id, None)
        .await
        .unwrap();
    assert!(
        numbers::list(&office.db, office.first.account)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_lines_secret_is_in_no_audit_row(office: &Office) {
    let made = line(office, patch()).await;
    let other = TrunkPatch {
        registration: Some(Some(RegistrationPatch {
            password: Some(format!("{SECRET} either")),
            ..RegistrationPatch::default()
        })),
        ..TrunkPatch::default()
    };
    trunks::update(&office.db, &office.author(), made.plan.id, other, None)
        .await
        .unwrap();
    let rows = office.audit(100).await;
    let of_lines: Vec<_> = rows.iter().filter(|row| row.entity == "trunk").collect();
    assert_eq!(of_lines.len(), 2);
    assert!(of_lines.iter().all(|row| !format!("{row:?}").contains(SECRET)));
}
