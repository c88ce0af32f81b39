//! Calls put on the board or into the records.

use frontdesk::engine::output::{BoardChange, CdrParty, LiveCall};
use frontdesk::http::Clock;
use frontdesk_crm_core::accounts;
use frontdesk_crm_core::calls::{Call, CallDirection, Disposition, EndedBy, Leg, Party};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::store::Stamp;
use frontdesk_routing::ids::{AccountId, CallId, LegId, MailboxId, RecordingId};
use serde_json::Value;

use super::{NOON, Office, other_company};

/// A call to be put on the board or into the records.
pub struct Seed<'a> {
    office: &'a Office,
    call: Call,
    recorded: Option<Vec<u8>>,
    recording_now: bool,
    mailbox: Option<MailboxId>,
}

impl<'a> Seed<'a> {
    pub(super) fn new(office: &'a Office, n: u32) -> Seed<'a> {
        let started_at = NOON + i64::from(n) * 1000;
        let caller = Party {
            staff: Some(office.first.staff),
            number: Some("100".into()),
            name: Some("Орлова Мария Петровна".into()),
            ..Party::default()
        };
        let call = Call {
            id: CallId::new(started_at, u128::from(n)),
            account: office.first.account,
            direction: CallDirection::Internal,
            caller,
            called: n.to_string(),
            callee: Party {
                number: Some("105".into()),
                name: Some("Анна Соколова".into()),
                ..Party::default()
            },
            client: None,
            disposition: None,
            because: "short number".into(),
            started_at,
            answered_at: None,
            ended_at: None,
            ended_by: None,
            status: 200,
            department: None,
            waited_ms: None,
        };
        Seed {
            office,
            call,
            recorded: None,
            recording_now: false,
            mailbox: None,
        }
    }

    #[must_use]
    pub fn inbound(mut self, number: &str) -> Self {
        self.call.direction = CallDirection::Inbound;
        self.call.callee = std::mem::take(&mut self.call.caller);
        self.call.caller = Party {
            number: Some(number.to_owned()),
            ..Party::default()
        };
        self
    }

    #[must_use]
    pub fn outbound(mut self, dialled: &str, number: &str) -> Self {
        self.call.direction = CallDirection::Outbound;
        self.call.called = dialled.to_owned();
        self.call.callee = Party {
            number: Some(number.to_owned()),
            ..Party::default()
        };
        self
    }

    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.call.caller.name = Some(name.to_owned());
        self
    }

    /// Whoever calls keeps the number back.
    #[must_use]
    pub fn withheld(mut self) -> Self {
        self.call.caller.restricted = true;
        self
    }

    #[must_use]
    pub fn to(mut self, staff: &Value) -> Self {
        self.call.callee.staff = staff["id"].as_str().and_then(|id| id.parse().ok());
        self.call.callee.name = staff["name"].as_str().map(str::to_owned);
        self
    }

    #[must_use]
    pub fn ended(mut self, disposition: &str) -> Self {
        self.call.disposition = Disposition::named(disposition);
        self.call.answered_at = (disposition == "answered").then_some(self.call.started_at + 4_000);
        self.call.ended_at = Some(self.call.started_at + 64_000);
        self.call.ended_by = Some(EndedBy::Caller);
        self
    }

    #[must_use]
    pub fn recorded(mut self, bytes: &[u8]) -> Self {
        self.recorded = Some(bytes.to_vec());
        self
    }

    /// The recording is a message in this mailbox.
    #[must_use]
    pub fn left_in(mut self, mailbox: &str) -> Self {
        self.mailbox = mailbox.parse().ok();
        self
    }

    #[must_use]
    pub fn recording_now(mut self) -> Self {
        self.recording_now = true;
        self
    }

    /// Moves the call to a company that shares this installation.
    pub async fn of_another_account(mut self) -> Self {
        let mut ids = Stamp {
            unix_ms: NOON,
            random: self.office.clock.random(),
        }
        .ids();
        let account = other_company(AccountId::new(NOON, ids.random()), 99_000 + self.call.started_at % 997);
        let mut tx = self.office.db.begin().await.unwrap();
        accounts::create(&mut tx, &mut ids, &account).await.unwrap();
        tx.commit().await.unwrap();
        self.call.account = account.id;
        self.call.caller.staff = None;
        self
    }

    /// Moves the call to this company.
    #[must_use]
    pub fn of(mut self, account: AccountId) -> Self {
        self.call.account = account;
        self.call.caller.staff = None;
        self.call.callee.staff = None;
        self
    }

    /// The one outside is this client.
    #[must_use]
    pub fn with_client(mut self, client: &str) -> Self {
        self.call.client = Some(client.parse().unwrap());
        self
    }

    /// Into the records.
    pub async fn save(self) -> CallId {
        let call = self.call;
        let leg = |caller: bool, n: u128| Leg {
            id: LegId::from_u128(call.id.as_u128() + n),
            caller,
            staff: None,
            trunk: None,
            sip_call_id: "a84b4c76e66710".into(),
            peer: Some("192.0.2.1:5060".into()),
            started_at: call.started_at,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            status: call.status,
        };
        let legs = vec![leg(true, 1), leg(false, 2)];
        let mut entries = Vec::new();
        if self.recorded.is_some() || self.recording_now {
            let recording = RecordingId::from_u128(call.id.as_u128() + 3);
            let path = format!("{}/2026/11/18/{recording}.wav", call.account);
            let file = self.office.folder.path().join("recordings").join(&path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let bytes = self.recorded.clone().unwrap_or_default();
            std::fs::write(&file, &bytes).unwrap();
            self.office.made.lock().unwrap().push((call.id, recording, file));
            let boxed = Box::new(call.clone());
            entries.push(Entry::RecordingStarted {
                recording,
                path,
                at: call.started_at,
                call: boxed,
                legs: legs.clone(),
            });
            let message = |mailbox| Entry::MessageStarted { recording, mailbox };
            entries.extend(self.mailbox.map(message));
            if self.recorded.is_some() {
                let bytes = i64::try_from(bytes.len()).unwrap();
                entries.push(Entry::RecordingReady {
                    recording,
                    duration_ms: 3_000,
                    bytes,
                });
            }
        }
        let id = call.id;
        entries.push(Entry::CallEnded {
            call: Box::new(call),
            legs,
        });
        journal::apply(&self.office.db, &entries).await.unwrap();
        id
    }

    /// Onto the board, ringing.
    pub fn live(self) -> CallId {
        let party = |party: Party| CdrParty {
            staff: party.staff,
            trunk: party.trunk,
            number: party.number,
            name: party.name,
            restricted: party.restricted,
        };
        let live = LiveCall {
            id: self.call.id,
            account: self.call.account,
            direction: match self.call.direction {
                CallDirection::Internal => frontdesk::engine::output::CallDirection::Internal,
                CallDirection::Inbound => frontdesk::engine::output::CallDirection::Inbound,
                CallDirection::Outbound => frontdesk::engine::output::CallDirection::Outbound,
            },
            caller: party(self.call.caller),
            called: self.call.called,
            callee: party(self.call.callee),
            client: None,
            started_at: self.call.started_at,
            answered_at: None,
            held: false,
            waits: None,
            line: None,
            rung: Vec::new(),
            recording: None,
        };
        self.office.live.apply(BoardChange::CallCreated(Box::new(live)));
        self.call.id
    }
}
