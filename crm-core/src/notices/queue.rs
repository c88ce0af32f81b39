//! Putting notices into the outbox, in the words of each reader.

use frontdesk_routing::ids::{AccountId, ClientId, NoticeId, StaffId};
use sha2::{Digest, Sha256};

use super::settings::kinds_of;
use super::text::{self, Reader};
use super::{Channel, Kind, Language, MOST_AN_HOUR};
use crate::store::text::id;
use crate::store::{StoreError, Tx, args};

const READER: &str = "SELECT s.id AS staff_id, s.phone, s.email AS address, s.hide_client_number, a.region, a.time_zone, \
    a.stub_number, n.sms, n.email, n.kinds, n.language FROM staff s JOIN accounts a ON a.id = s.account_id \
    LEFT JOIN notice_settings n ON n.staff_id = s.id WHERE s.id = $1 AND s.account_id = $2 AND s.deleted_at IS NULL \
    AND (s.access_until IS NULL OR s.access_until > $3)";
const ACCOUNT: &str = "SELECT region, time_zone, stub_number FROM accounts WHERE id = $1";
const LATELY: &str = "SELECT COUNT(*) AS count FROM notices WHERE recipient = $1 AND created_at > $2 AND channel = $3 \
    AND account_id = $4";
const QUEUE: &str = "INSERT INTO notices (id, account_id, staff_id, client_id, channel, kind, about, recipient, subject, body, \
    state, attempts, due_at, created_at) SELECT $1, $2, $3, (SELECT c.id FROM clients c WHERE c.id = $4), $5, $6, $7, $8, \
    $9, $10, 'waiting', 0, $11, $11 ON CONFLICT (id) DO NOTHING";

pub(crate) const ALL: &[&str] = &[READER, ACCOUNT, LATELY, QUEUE];

/// Something that people are to be told.
#[derive(Debug, Clone, Copy)]
pub struct News<'a> {
    pub account: AccountId,
    /// The id of the call, the message or the request: nobody is told twice of the same by the same channel.
    pub about: &'a str,
    pub client: Option<ClientId>,
    pub caller: Caller<'a>,
    pub what: What<'a>,
    /// When it was, unix milliseconds.
    pub happened_at: i64,
    /// When it is put into the outbox.
    pub at: i64,
}

/// Somebody outside, as records have them; what of this a reader is shown is the reader's matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Caller<'a> {
    pub name: Option<&'a str>,
    /// E.164.
    pub number: Option<&'a str>,
}

#[derive(Debug, Clone, Copy)]
pub enum What<'a> {
    MissedCall,
    /// A message was left.
    Voicemail {
        seconds: i64,
    },
    /// A visitor of a site asks for something.
    Request {
        site: &'a str,
        subject: &'a str,
        comment: &'a str,
        page: &'a str,
    },
}

impl What<'_> {
    pub fn kind(&self) -> Kind {
        match self {
            What::MissedCall => Kind::MissedCall,
            What::Voicemail { .. } => Kind::Voicemail,
            What::Request { .. } => Kind::Request,
        }
    }
}

/// Who is told.
#[derive(Debug, Clone, Copy)]
pub enum Whom<'a> {
    /// By what the person has switched on.
    Staff(StaffId),
    /// By e-mail if the person has an address, whatever is switched on: a mailbox's own switch has decided.
    Mail(StaffId),
    /// An e-mail address that is nobody's of the staff; its reader sees numbers.
    Address(&'a str),
}

#[derive(sqlx::FromRow)]
struct ReaderRow {
    staff_id: String,
    phone: Option<String>,
    address: Option<String>,
    hide_client_number: bool,
    region: String,
    time_zone: String,
    stub_number: String,
    sms: Option<bool>,
    email: Option<bool>,
    kinds: Option<String>,
    language: Option<String>,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    region: String,
    time_zone: String,
    stub_number: String,
}

/// Queues what one reader wants to be told, a notice for each channel. The same news again change nothing, and so do news
/// for somebody who is gone or wants none. More than [`MOST_AN_HOUR`] for one recipient are left out.
///
/// # Errors
/// Those of the database.
pub async fn queue(tx: &mut Tx, news: &News<'_>, whom: Whom<'_>) -> Result<(), StoreError> {
    let (staff, by_switches) = match whom {
        Whom::Address(address) => {
            let row: Option<AccountRow> = tx.one(ACCOUNT, args![news.account]).await?;
            let Some(row) = row else { return Ok(()) };
            let reader = Reader {
                language: Language::of(&row.region),
                hides: false,
                stub: &row.stub_number,
                time_zone: &row.time_zone,
            };
            return put(tx, news, &reader, (Channel::Email, None, address)).await;
        }
        Whom::Staff(staff) => (staff, true),
        Whom::Mail(staff) => (staff, false),
    };
    let row: Option<ReaderRow> = tx.one(READER, args![staff, news.account, news.at]).await?;
    let Some(row) = row else { return Ok(()) };
    let wanted = !by_switches || kinds_of(row.kinds.as_deref()).contains(&news.what.kind());
    let language = row.language.as_deref().and_then(Language::named);
    let reader = Reader {
        language: language.unwrap_or_else(|| Language::of(&row.region)),
        hides: row.hide_client_number,
        stub: &row.stub_number,
        time_zone: &row.time_zone,
    };
    let staff = Some(id(&row.staff_id)?);
    let sms = by_switches && row.sms == Some(true);
    if let Some(phone) = row.phone.as_deref().filter(|_| wanted && sms) {
        put(tx, news, &reader, (Channel::Sms, staff, phone)).await?;
    }
    let email = !by_switches || row.email == Some(true);
    if let Some(address) = row.address.as_deref().filter(|_| wanted && email) {
        put(tx, news, &reader, (Channel::Email, staff, address)).await?;
    }
    Ok(())
}

async fn put(
    tx: &mut Tx,
    news: &News<'_>,
    reader: &Reader<'_>,
    (channel, staff, recipient): (Channel, Option<StaffId>, &str),
) -> Result<(), StoreError> {
    let since = news.at.saturating_sub(3_600_000);
    let lately = args![recipient, since, channel.name(), news.account];
    if tx.count(LATELY, lately).await? >= MOST_AN_HOUR {
        return Ok(());
    }
    let (subject, body) = text::written(news, reader, channel);
    let kind = news.what.kind().name();
    let hash = Sha256::digest(format!("{} {kind} {} {recipient}", channel.name(), news.about));
    let random = hash.iter().take(10).fold(0, |sum, byte| sum << 8 | u128::from(*byte));
    let values = args![
        NoticeId::new(news.happened_at, random),
        news.account,
        staff,
        news.client,
        channel.name(),
        kind,
        news.about,
        recipient,
        subject,
        body,
        news.at,
    ];
    tx.run(QUEUE, values).await.map(drop)
}
