//! Where the engine's wishes go: media threads, recorder, journal, board. None of them can make the engine wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frontdesk_crm_core::journal::Entry;
use frontdesk_media::io::Handle as MediaHandle;
use frontdesk_media::io::command::MediaCommand;
use tokio::sync::mpsc;

use crate::engine::Engine;
use crate::engine::input::{InboxAnswer, Input};
use crate::engine::names::ServerName;
use crate::engine::output::{BoardChange, InboxCommand, JournalEntry, RecordCommand};
use crate::journal;
use crate::recorder::RecorderHandle;

/// A bounded queue whose fill can be seen from both ends.
#[derive(Debug)]
pub struct Queue<T> {
    sender: mpsc::Sender<T>,
    waiting: Arc<AtomicUsize>,
    capacity: usize,
}

/// The reading end of a [`Queue`].
#[derive(Debug)]
pub struct QueueReader<T> {
    receiver: mpsc::Receiver<T>,
    waiting: Arc<AtomicUsize>,
}

pub fn queue<T>(capacity: usize) -> (Queue<T>, QueueReader<T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    let waiting = Arc::new(AtomicUsize::new(0));
    (
        Queue {
            sender,
            waiting: Arc::clone(&waiting),
            capacity,
        },
        QueueReader { receiver, waiting },
    )
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue {
            sender: self.sender.clone(),
            waiting: Arc::clone(&self.waiting),
            capacity: self.capacity,
        }
    }
}

impl<T> Queue<T> {
    /// False when the queue is full: the item is lost, and the caller says so.
    pub fn push(&self, item: T) -> bool {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = self.sender.try_send(item).is_ok();
        if !sent {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        sent
    }

    /// In percent.
    pub fn load(&self) -> u8 {
        u8::try_from(self.waiting.load(Ordering::Relaxed) * 100 / self.capacity.max(1)).unwrap_or(100)
    }
}

impl<T> QueueReader<T> {
    /// Waits for one item and takes what else is there, up to `most`. Empty when the writer is gone.
    /// The items count as waiting until [`QueueReader::done`].
    pub async fn take(&mut self, most: usize) -> Vec<T> {
        let mut items = Vec::new();
        self.receiver.recv_many(&mut items, most).await;
        items
    }

    /// What is there without waiting, up to `most`.
    pub fn waiting(&mut self, most: usize) -> Vec<T> {
        let mut items = Vec::new();
        while items.len() < most
            && let Ok(item) = self.receiver.try_recv()
        {
            items.push(item);
        }
        items
    }

    pub fn done(&self, items: usize) {
        self.waiting.fetch_sub(items, Ordering::Relaxed);
    }
}

/// Above this the engine is told to refuse new calls, and below `RELIEVED` to take them again.
const CROWDED: u8 = 80;
const RELIEVED: u8 = 50;

pub struct Outlets {
    media: Arc<MediaHandle>,
    recorder: RecorderHandle,
    journal: Queue<Entry>,
    board: Queue<BoardChange>,
    names: Queue<ServerName>,
    inbox: Queue<InboxCommand>,
    crowded: bool,
}

impl Outlets {
    pub(crate) fn new(
        media: Arc<MediaHandle>,
        recorder: RecorderHandle,
        journal: Queue<Entry>,
        board: Queue<BoardChange>,
        (names, inbox): (Queue<ServerName>, Queue<InboxCommand>),
    ) -> Outlets {
        Outlets {
            media,
            recorder,
            journal,
            board,
            names,
            inbox,
            crowded: false,
        }
    }

    pub fn media(&mut self, command: MediaCommand) {
        self.media.send(command);
    }

    pub fn record(&self, command: RecordCommand) {
        self.recorder.command(command);
    }

    pub fn journal(&self, entry: JournalEntry) {
        if !self.journal.push(journal::entry(entry)) {
            metrics::counter!("frontdesk_journal_lost_total").increment(1);
            tracing::error!("the journal is full: a record is lost; is the database away?");
        }
    }

    pub fn board(&self, change: BoardChange) {
        if !self.board.push(change) {
            metrics::counter!("frontdesk_board_lost_total").increment(1);
        }
    }

    pub fn resolve(&self, name: ServerName) {
        if !self.names.push(name) {
            metrics::counter!("frontdesk_lookups_failed_total").increment(1);
        }
    }

    /// The answer, when nobody can be asked.
    pub fn inbox(&self, command: InboxCommand) -> Option<Input> {
        let lost = !self.inbox.push(command);
        lost.then(|| Input::Inbox {
            call: command.call,
            answer: InboxAnswer::Away,
        })
    }

    /// The journal's load in percent, when the engine has to know of it.
    pub fn journal_load(&mut self) -> Option<u8> {
        let load = self.journal.load();
        let crowded = if self.crowded { load > RELIEVED } else { load >= CROWDED };
        (crowded != self.crowded).then(|| {
            self.crowded = crowded;
            load
        })
    }

    /// Once a second: the engine's figures for the scrape.
    pub fn report(&self, engine: &Engine, connections: usize) {
        let (counters, counts) = (engine.counters(), engine.counts());
        metrics::counter!("frontdesk_sip_messages_total").absolute(counters.messages);
        metrics::counter!("frontdesk_sip_throttled_total").absolute(counters.throttled);
        metrics::counter!("frontdesk_sip_blocked_total").absolute(counters.blocked);
        metrics::counter!("frontdesk_overload_refused_total").absolute(counters.turned_away);
        metrics::counter!("frontdesk_blocks_total").absolute(counters.blocks);
        metrics::counter!("frontdesk_registers_accepted_total").absolute(counters.registers_accepted);
        metrics::counter!("frontdesk_credentials_failed_total").absolute(counters.credentials_failed);
        metrics::counter!("frontdesk_calls_total").absolute(counters.calls);
        metrics::counter!("frontdesk_calls_answered_total").absolute(counters.calls_answered);
        metrics::counter!("frontdesk_calls_refused_total").absolute(counters.calls_refused);
        metrics::counter!("frontdesk_subscriptions_total").absolute(counters.subscriptions);
        metrics::counter!("frontdesk_bugs_total").absolute(counters.bugs);
        gauge("frontdesk_blocks", engine.blocks());
        gauge("frontdesk_bindings", engine.bindings());
        gauge("frontdesk_engine_calls", counts.calls);
        gauge("frontdesk_subscriptions", counts.subscriptions);
        gauge("frontdesk_rtp_ports_in_use", counts.ports_in_use);
        gauge("frontdesk_tcp_connections", connections);
        metrics::gauge!("frontdesk_journal_load_percent").set(f64::from(self.journal.load()));
        self.recorder.report();
    }
}

fn gauge(name: &'static str, value: usize) {
    metrics::gauge!(name).set(f64::from(u32::try_from(value).unwrap_or(u32::MAX)));
}
