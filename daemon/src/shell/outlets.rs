//! Where the engine's wishes go: media threads, recorder, journal, board. None of them can make the engine wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frontdesk_media::io::Handle as MediaHandle;
use frontdesk_media::io::command::MediaCommand;
use tokio::sync::mpsc;

use crate::engine::Engine;
use crate::engine::output::{BoardChange, JournalEntry, RecordCommand};
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
    (Queue { sender, waiting: Arc::clone(&waiting), capacity }, QueueReader { receiver, waiting })
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

    pub fn done(&self, items: usize) {
        self.waiting.fetch_sub(items, Ordering::Relaxed);
    }
}

/// Above this the engine is told to refuse new calls, and below `RELIEVED` to take them again.
const CROWDED: u8 = 80;
const RELIEVED: u8 = 50;

pub struct Outlets {
    media: MediaHandle,
    recorder: RecorderHandle,
    journal: Queue<JournalEntry>,
    board: Queue<BoardChange>,
    crowded: bool,
}

impl Outlets {
    pub fn new(
        media: MediaHandle,
        recorder: RecorderHandle,
        journal: Queue<JournalEntry>,
        board: Queue<BoardChange>,
    ) -> Outlets {
        Outlets { media, recorder, journal, board, crowded: false }
    }

    pub fn media(&mut self, command: MediaCommand) {
        self.media.send(command);
    }

    pub fn record(&self, command: RecordCommand) {
        self.recorder.command(command);
    }

    pub fn journal(&self, entry: JournalEntry) {
        if !self.journal.push(entry) {
            metrics::counter!("frontdesk_journal_lost_total").increment(1);
            tracing::error!("the journal is full: a record is lost; is the database away?");
        }
    }

    pub fn board(&self, change: BoardChange) {
        if !self.board.push(change) {
            metrics::counter!("frontdesk_board_lost_total").increment(1);
        }
    }

    /// After each input's outputs.
    pub fn flush(&mut self) {
        self.media.flush();
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
        let _ = (engine, connections);
        metrics::gauge!("frontdesk_journal_load_percent").set(f64::from(self.journal.load()));
    }
}
