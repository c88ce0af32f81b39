//! A missed call as a short message to whom it was for (L28).

use frontdesk_routing::ids::NoticeId;
use sha2::{Digest, Sha256};

use crate::calls::{Call, CallDirection, Disposition};
use crate::store::{StoreError, Tx, args};

/// A text with so many digits may hold a number.
const FEWEST_DIGITS: usize = 7;

const RECIPIENT: &str = "SELECT s.phone, s.hide_client_number, a.region FROM notice_settings n \
    JOIN staff s ON s.id = n.staff_id JOIN accounts a ON a.id = s.account_id \
    WHERE n.staff_id = $1 AND n.sms AND s.account_id = $2 AND s.phone IS NOT NULL AND s.deleted_at IS NULL";
const QUEUE: &str = "INSERT INTO notices (id, account_id, staff_id, channel, kind, recipient, body, state, attempts, due_at, \
    created_at) VALUES ($1, $2, $3, 'sms', 'missed_call', $4, $5, 'waiting', 0, $6, $6) ON CONFLICT (id) DO NOTHING";

pub(crate) const ALL: &[&str] = &[RECIPIENT, QUEUE];

#[derive(sqlx::FromRow)]
struct Recipient {
    phone: String,
    hide_client_number: bool,
    region: String,
}

/// Queues one message when the call was missed by somebody who wants that. The same call again changes nothing.
pub(crate) async fn missed(tx: &mut Tx, call: &Call) -> Result<(), StoreError> {
    let taken = matches!(call.disposition, None | Some(Disposition::Answered));
    let Some((staff, at)) = call.callee.staff.zip(call.ended_at) else {
        return Ok(());
    };
    if call.direction != CallDirection::Inbound || taken {
        return Ok(());
    }
    let found: Option<Recipient> = tx.one(RECIPIENT, args![staff, call.account]).await?;
    let Some(recipient) = found else { return Ok(()) };
    let hash = Sha256::digest(format!("sms {} {staff}", call.id));
    let random = hash.iter().take(10).fold(0, |sum, byte| sum << 8 | u128::from(*byte));
    let caller = (call.caller.name.as_deref(), call.caller.number.as_deref());
    let values = args![
        NoticeId::new(at, random),
        call.account,
        staff,
        recipient.phone,
        body(caller, recipient.hide_client_number, &recipient.region),
        at,
    ];
    tx.run(QUEUE, values).await.map(drop)
}

fn body((name, number): (Option<&str>, Option<&str>), hides: bool, region: &str) -> String {
    let russian = matches!(region, "RU" | "BY" | "KZ" | "KG");
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let shown = match (name, number.filter(|_| !hides)) {
        (Some(name), _) if hides && has_number(name) => None,
        (Some(name), Some(number)) if name != number => Some(format!("{name}, {number}")),
        (_, Some(number)) => Some(number.to_owned()),
        (name, None) => name.map(str::to_owned),
    };
    match (russian, shown) {
        (true, Some(shown)) => format!("Пропущенный звонок: {shown}"),
        (true, None) => "Пропущенный звонок: номер скрыт".to_owned(),
        (false, Some(shown)) => format!("Missed call: {shown}"),
        (false, None) => "Missed call: number hidden".to_owned(),
    }
}

fn has_number(text: &str) -> bool {
    text.chars().filter(|c| c.is_numeric()).count() >= FEWEST_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l28_a_message_names_the_caller_and_gives_no_hidden_number_away() {
        let number = Some("+79161234567");
        let check = |name: Option<&str>, number, hides, region, expected: &str| {
            assert_eq!(body((name, number), hides, region), expected);
        };
        check(
            Some("Ромашка"),
            number,
            false,
            "RU",
            "Пропущенный звонок: Ромашка, +79161234567",
        );
        check(Some("Ромашка"), number, true, "RU", "Пропущенный звонок: Ромашка");
        check(None, number, false, "DE", "Missed call: +79161234567");
        check(None, number, true, "DE", "Missed call: number hidden");
        check(
            Some("8 (916) 123-45-67"),
            number,
            true,
            "KZ",
            "Пропущенный звонок: номер скрыт",
        );
        check(
            Some("+79161234567"),
            number,
            false,
            "RU",
            "Пропущенный звонок: +79161234567",
        );
        check(None, None, false, "RU", "Пропущенный звонок: номер скрыт");
    }
}
