//! The journal: one task that batches what must be remembered into transactions and retries while the database is away.

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use frontdesk_crm_core::access::Whose;
use frontdesk_crm_core::clients::Stranger;
use frontdesk_crm_core::journal::{self, Applied, Entry};
use frontdesk_crm_core::lines::LineOutcome;
use frontdesk_crm_core::store::Db;
use frontdesk_crm_core::voicemails::Settled;
use frontdesk_recordings::layout;
use frontdesk_routing::ids::{AccountId, CallId, RecordingId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use serde_json::json;
use tokio_util::sync::CancellationToken;

pub(crate) use rows::{entry, kept_block, read_flow, stored_binding, stored_subscription};

use crate::http::{PlanHandle, PlanSection};
use crate::inbox;
use crate::live::Live;
use crate::shell::{EngineHandle, QueueReader};

/// Entries of one transaction.
const BATCH: usize = 1_000;
/// How long a batch is gathered; what a crash may cost of the journal.
const GATHER: Duration = Duration::from_millis(100);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long the last entries may take at the shutdown.
const FAREWELL: Duration = Duration::from_secs(10);

/// Who is told of what was written.
pub(crate) struct Readers {
    live: Arc<Live>,
    plan: PlanHandle,
    engine: EngineHandle,
    /// The recordings' folder.
    recordings: PathBuf,
}

impl Readers {
    pub(crate) fn new((live, plan, engine): (&Arc<Live>, &PlanHandle, &EngineHandle), recordings: PathBuf) -> Readers {
        Readers {
            live: Arc::clone(live),
            plan: plan.clone(),
            engine: engine.clone(),
            recordings,
        }
    }
}

/// Runs until the writers are gone and everything is written.
pub(crate) async fn run(
    db: Db,
    mut reader: QueueReader<Entry>,
    readers: Readers,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let Readers { live, plan, .. } = &readers;
    let mut going_on = BTreeMap::new();
    loop {
        let mut batch = reader.take(BATCH).await;
        if batch.is_empty() {
            return Ok(());
        }
        if !stop.is_cancelled() {
            // Entries come in bursts: one transaction for a burst costs little more than for its first entry.
            tokio::time::sleep(GATHER).await;
            batch.extend(reader.waiting(BATCH));
        }
        let done = write(&db, &batch, &stop).await?;
        announce(live, &mut going_on, &batch);
        count_lines(live, &batch);
        introduce(live, plan, done.strangers).await;
        deliver(&db, &readers, done.messages).await;
        show_settings(live, plan, &batch).await;
        reader.done(batch.len());
    }
}

/// Tries until it works; after the shutdown began only for a while.
async fn write(db: &Db, batch: &[Entry], stop: &CancellationToken) -> anyhow::Result<Applied> {
    let mut pause = FIRST_PAUSE;
    let mut after_stop = Duration::ZERO;
    loop {
        let error = match journal::apply(db, batch).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        metrics::counter!("frontdesk_journal_retries_total").increment(1);
        tracing::warn!(%error, entries = batch.len(), "records wait for the database");
        if stop.is_cancelled() {
            after_stop += pause;
            anyhow::ensure!(
                after_stop < FAREWELL,
                "{} records could not be written before the end",
                batch.len()
            );
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Clients who were made for unknown callers are known to the next call, and to the pages.
async fn introduce(live: &Live, plan: &PlanHandle, strangers: Vec<Stranger>) {
    let mut numbers: BTreeMap<AccountId, Vec<PhoneNumber>> = BTreeMap::new();
    for stranger in strangers {
        numbers.entry(stranger.account).or_default().push(stranger.number);
        let data = json!({ "client_id": stranger.client.to_string() });
        live.publish_of(stranger.account, "client.changed", Some(Whose::default()), data);
    }
    for (account, numbers) in numbers {
        plan.clients_changed(account, numbers).await;
    }
}

/// Messages stand in their mailboxes now: lamps are lit, and of those in which nothing was said the sound is destroyed.
async fn deliver(db: &Db, readers: &Readers, messages: Vec<Settled>) {
    let mut accounts = BTreeSet::new();
    for message in messages {
        match message {
            Settled::Kept {
                account,
                mailbox,
                recording,
                call,
                duration_ms,
            } => {
                accounts.insert(account);
                let data = json!({ "voicemail_id": recording.to_string(), "mailbox_id": mailbox.to_string(),
                    "call_id": call.to_string(), "duration_ms": duration_ms });
                readers.live.publish(account, "voicemail.created", data);
            }
            Settled::Empty { path } => {
                if let Some(path) = layout::within(&readers.recordings, Path::new(&path))
                    && let Err(error) = tokio::fs::remove_file(&path).await
                {
                    tracing::warn!(%error, "the sound of an empty message stays");
                }
            }
        }
    }
    for account in accounts {
        if let Err(error) = inbox::light(db, &readers.engine, account).await {
            tracing::warn!(%error, "lamps wait for the database");
        }
    }
}

/// For Prometheus: how calls have left lines, by departments, of which there are as many as people have made.
fn count_lines(live: &Live, batch: &[Entry]) {
    let plan = live.plan();
    for entry in batch {
        let Entry::LineLeft(stay) = entry else { continue };
        let department = stay.department.to_string();
        let waited = u64::try_from(stay.waited_ms).unwrap_or(0);
        let labels = [
            ("department", department.clone()),
            ("outcome", stay.outcome.name().to_owned()),
        ];
        metrics::counter!("frontdesk_department_calls_total", &labels).increment(1);
        metrics::counter!("frontdesk_department_wait_milliseconds_total", &labels).increment(waited);
        let level = plan.departments.get(stay.department);
        let level = level.map(|department| department.queue.service_level_ms);
        if stay.outcome == LineOutcome::Answered && level.is_some_and(|level| waited <= level) {
            metrics::counter!("frontdesk_department_answered_in_time_total", "department" => department).increment(1);
        }
    }
}

/// Readers learn of a recording when its row says that it plays, or why it does not.
fn announce(live: &Live, going_on: &mut BTreeMap<RecordingId, (AccountId, CallId)>, batch: &[Entry]) {
    for entry in batch {
        let (recording, name) = match entry {
            Entry::RecordingStarted { recording, call, .. } => {
                going_on.insert(*recording, (call.account, call.id));
                continue;
            }
            Entry::RecordingReady { recording, .. } => (recording, "recording.ready"),
            Entry::RecordingFailed { recording, .. } => (recording, "recording.failed"),
            Entry::BindingSaved(_)
            | Entry::BindingRemoved { .. }
            | Entry::SubscriptionSaved(_)
            | Entry::SubscriptionRemoved { .. }
            | Entry::MessageStarted { .. }
            | Entry::MessageDropped { .. }
            | Entry::CallEnded { .. }
            | Entry::LineLeft(_)
            | Entry::SettingChanged(_)
            | Entry::BlockSaved(_)
            | Entry::BlockRemoved(_) => continue,
        };
        if let Some((account, call)) = going_on.remove(recording) {
            let data = json!({ "recording_id": recording.to_string(), "call_id": call.to_string() });
            live.publish_of(account, name, live.whose(call), data);
        }
    }
}

/// What people have dialled stands in the tables now: the plan and the pages follow.
async fn show_settings(live: &Live, plan: &PlanHandle, batch: &[Entry]) {
    let made = batch.iter().filter_map(|entry| match entry {
        Entry::SettingChanged(made) => Some((made.account, made.staff)),
        Entry::BindingSaved(_)
        | Entry::BindingRemoved { .. }
        | Entry::SubscriptionSaved(_)
        | Entry::SubscriptionRemoved { .. }
        | Entry::RecordingStarted { .. }
        | Entry::RecordingReady { .. }
        | Entry::RecordingFailed { .. }
        | Entry::MessageStarted { .. }
        | Entry::MessageDropped { .. }
        | Entry::CallEnded { .. }
        | Entry::LineLeft(_)
        | Entry::BlockSaved(_)
        | Entry::BlockRemoved(_) => None,
    });
    let made: BTreeSet<(AccountId, StaffId)> = made.collect();
    if let Some((account, _)) = made.first() {
        plan.changed(*account, PlanSection::Features).await;
    }
    for (account, staff) in made {
        live.publish(account, "staff.changed", json!({ "staff_id": staff.to_string() }));
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_crm_core::lines::LineStay;
    use frontdesk_routing::ids::DepartmentId;
    use frontdesk_routing::number::ShortNumber;
    use frontdesk_routing::plan::{DepartmentSection, DialPlan, PlanDepartment};
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn prometheus_is_told_how_calls_leave_lines_and_which_in_time() {
        let live = Live::new(0);
        let (account, department) = (AccountId::from_u128(1), DepartmentId::from_u128(7));
        let sales = PlanDepartment::new(department, account, "Sales".into(), ShortNumber::read("200").unwrap());
        live.set_plan(Arc::new(DialPlan {
            departments: Arc::new(DepartmentSection::new(vec![sales])),
            ..DialPlan::default()
        }));
        let left = |waited_ms: i64, outcome: LineOutcome| {
            Entry::LineLeft(LineStay {
                call: CallId::from_u128(1),
                account,
                department,
                left_at: 0,
                waited_ms,
                outcome,
            })
        };
        let batch = [
            left(20_000, LineOutcome::Answered),
            left(20_001, LineOutcome::Answered),
            left(5, LineOutcome::Abandoned),
        ];
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || count_lines(&live, &batch));
        let told = recorder.handle().render();
        let label = format!("department=\"{department}\"");
        for line in [
            format!("frontdesk_department_calls_total{{{label},outcome=\"answered\"}} 2"),
            format!("frontdesk_department_calls_total{{{label},outcome=\"abandoned\"}} 1"),
            format!("frontdesk_department_wait_milliseconds_total{{{label},outcome=\"answered\"}} 40001"),
            format!("frontdesk_department_answered_in_time_total{{{label}}} 1"),
        ] {
            assert!(told.contains(&line), "{line}: {told}");
        }
    }
}
