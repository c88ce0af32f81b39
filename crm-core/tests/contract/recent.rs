use frontdesk_crm_core::calls::{self, Call, CallDirection, Disposition, Leg, Party};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::staff::{CallerIdPatch, NewStaff};
use frontdesk_routing::ids::{CallId, LegId, StaffId};
use frontdesk_routing::number::PhoneNumber;

use crate::office::{NOON, Office};

crate::on_both! {
    l44_whom_people_saw_last_from_whom_numbers_are_hidden_is_known_after_a_restart
}

/// The `n`th minute's call with this number, in which the phones of these people took part: as the caller, and answered.
fn call(
    office: &Office,
    n: i64,
    (direction, number): (CallDirection, &str),
    phones: &[(StaffId, bool, bool)],
) -> Entry {
    let at = NOON + n * 60_000;
    let them = Party {
        number: Some(number.into()),
        ..Party::default()
    };
    let us = Party::default();
    let (caller, callee) = match direction {
        CallDirection::Inbound => (them, us),
        CallDirection::Outbound | CallDirection::Internal => (us, them),
    };
    let leg = |(place, (staff, caller, answered)): (usize, &(StaffId, bool, bool))| Leg {
        id: LegId::new(at, u128::try_from(place).unwrap()),
        caller: *caller,
        staff: Some(*staff),
        trunk: None,
        sip_call_id: "x".into(),
        peer: None,
        started_at: at,
        answered_at: answered.then_some(at + 1_000),
        ended_at: Some(at + 9_000),
        status: 200,
    };
    let call = Call {
        id: CallId::new(at, 1),
        account: office.first.account,
        direction,
        caller,
        called: number.into(),
        callee,
        client: None,
        disposition: Some(Disposition::NoAnswer),
        because: "the number is connected".into(),
        started_at: at,
        answered_at: None,
        ended_at: Some(at + 9_000),
        ended_by: None,
        status: 480,
        department: None,
        waited_ms: None,
    };
    Entry::CallEnded {
        call: Box::new(call),
        legs: phones.iter().enumerate().map(leg).collect(),
    }
}

async fn l44_whom_people_saw_last_from_whom_numbers_are_hidden_is_known_after_a_restart(office: &Office) {
    use CallDirection::{Inbound, Internal, Outbound};
    let hidden = NewStaff {
        given_name: Some("Olga".into()),
        caller_id: CallerIdPatch {
            hide_client_number: Some(true),
            ..CallerIdPatch::default()
        },
        ..NewStaff::default()
    };
    let olga = office.hire(hidden).await.unwrap().id;
    let ivan = office.ivan().await.id;
    assert_eq!(calls::seen_hidden(&office.db).await.unwrap(), []);
    let number = |n: u8| format!("+7916111000{n}");
    let client = office.client(&number(6), "Known").await.unwrap().id;
    let withheld = |mut entry: Entry, client| {
        if let Entry::CallEnded { call, .. } = &mut entry {
            (call.caller.restricted, call.client) = (true, client);
        }
        entry
    };
    let entries = [
        // Her phone has rung among others.
        call(
            office,
            1,
            (Inbound, &number(1)),
            &[(ivan, false, true), (olga, false, false)],
        ),
        // She has dialled it, and talked to them; and dialled one that nobody answered.
        call(office, 2, (Outbound, &number(2)), &[(olga, true, true)]),
        call(office, 3, (Outbound, &number(3)), &[(olga, true, false)]),
        // She has clicked on them.
        call(office, 4, (Outbound, &number(4)), &[(olga, false, true)]),
        withheld(call(office, 5, (Inbound, &number(5)), &[(olga, false, true)]), None),
        withheld(
            call(office, 6, (Inbound, &number(6)), &[(olga, false, true)]),
            Some(client),
        ),
        call(office, 7, (Internal, "101"), &[(olga, true, true)]),
        call(office, 8, (Inbound, &number(8)), &[(ivan, false, true)]),
    ];
    journal::apply(&office.db, &entries).await.unwrap();
    let seen = [1, 2, 4, 6].map(|n| (olga, PhoneNumber::from_e164(&number(n)).unwrap()));
    assert_eq!(calls::seen_hidden(&office.db).await.unwrap(), seen);
}
