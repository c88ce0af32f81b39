//! The recorder's thread: one for each disk.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::layout;
use crate::recording::{Extent, Recording, Stopped};
use crate::source::{Audio, FrameSource, Side};
use crate::{SAMPLE_RATE, wav};

/// Audio items taken before the commands are looked at again.
const BATCH: usize = 4_096;

/// How a recorder works; the default is right outside tests.
#[derive(Debug, Clone)]
pub struct Options {
    /// Commands that may wait.
    pub queue: usize,
    /// How often the source is asked when it was empty.
    pub poll: Duration,
    /// How often each file's header is brought up to date: what a crash can cost an unrepaired file.
    pub checkpoint: Duration,
    /// How far a frame may lie ahead of the clock; a forged timestamp must not fill the disk with silence.
    pub lead: Duration,
    /// Moments after which a recording goes on in another file.
    pub part_moments: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            queue: 4_096,
            poll: Duration::from_millis(20),
            checkpoint: Duration::from_secs(1),
            lead: Duration::from_secs(2),
            part_moments: wav::MOST_MOMENTS,
        }
    }
}

/// What became of a recording; each gets exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Closed in full length. `path` is as it was given to [`Handle::start`].
    Ready {
        recording: u128,
        path: PathBuf,
        extent: Extent,
    },
    /// Stopped before its end, or never begun; what there is of it has been kept.
    Failed {
        recording: u128,
        path: PathBuf,
        why: Why,
        extent: Extent,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("no space is left on the disk of the recordings")]
    NoSpace,
    #[error("{0}")]
    Io(String),
}

impl From<io::Error> for Why {
    fn from(error: io::Error) -> Self {
        if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            Why::NoSpace
        } else {
            Why::Io(error.to_string())
        }
    }
}

/// Running totals.
#[derive(Debug, Default)]
pub struct Counters {
    /// Recordings that go on now.
    pub open: AtomicU64,
    pub frames: AtomicU64,
    /// Frames of recordings that were never begun or have ended.
    pub frames_unknown: AtomicU64,
    /// Frames dropped because they lay too far ahead of the clock.
    pub frames_ahead: AtomicU64,
    /// Samples that came too late to be put in.
    pub samples_late: AtomicU64,
    pub ready: AtomicU64,
    pub failed: AtomicU64,
}

/// The recorder does not take a recording: its queue is full, or it has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the recorder does not keep up")]
pub struct Busy;

enum Command {
    Start { recording: u128, path: PathBuf },
    End { recording: u128 },
    Stop,
}

/// The way to a recorder's thread.
#[derive(Debug)]
pub struct Handle {
    commands: SyncSender<Command>,
    counters: Arc<Counters>,
    /// `None` once it has been waited for.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Handle {
    /// Begins a recording in a file below the root; never waits. Its frames may follow at once.
    pub fn start(&self, recording: u128, path: PathBuf) -> Result<(), Busy> {
        self.commands
            .try_send(Command::Start { recording, path })
            .map_err(|_| Busy)
    }

    /// Ends a recording at the last sample that came, for when its source can no longer say the length.
    pub fn end(&self, recording: u128) -> Result<(), Busy> {
        self.commands.try_send(Command::End { recording }).map_err(|_| Busy)
    }

    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Whether the thread is over: a fault, unless [`Handle::stop`] was called.
    pub fn is_finished(&self) -> bool {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Takes what the source still has, closes every recording and waits for that.
    pub fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that is gone has nothing left to close.
            let _ = self.commands.send(Command::Stop);
            let _ = thread.join();
        }
    }
}

/// Starts a recorder with files below `root`. `notices` is called on its thread and must not wait.
pub fn start(
    root: PathBuf,
    source: impl FrameSource + 'static,
    notices: impl Fn(Notice) + Send + 'static,
    options: Options,
) -> io::Result<Handle> {
    let (commands, receiver) = sync_channel(options.queue);
    let counters = Arc::new(Counters::default());
    let desk = Desk {
        root,
        notices,
        options,
        counters: Arc::clone(&counters),
        open: BTreeMap::new(),
        due: VecDeque::new(),
        full: false,
        now: now(),
    };
    let worker = Worker {
        desk,
        receiver,
        stopping: false,
    };
    let thread = Builder::new()
        .name("recorder".to_owned())
        .spawn(move || worker.run(source))?;
    Ok(Handle {
        commands,
        counters,
        thread: Mutex::new(Some(thread)),
    })
}

struct Worker<N> {
    desk: Desk<N>,
    receiver: Receiver<Command>,
    stopping: bool,
}

impl<N: Fn(Notice)> Worker<N> {
    fn run(mut self, mut source: impl FrameSource) {
        loop {
            self.commands();
            self.desk.now = now();
            let taken = source.drain(BATCH, &mut |audio| self.take(audio));
            self.desk.checkpoints();
            if taken < BATCH && self.stopping {
                break;
            }
            if taken == 0 {
                match self.receiver.recv_timeout(self.desk.options.poll) {
                    Ok(command) => self.command(command),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => self.stopping = true,
                }
            }
        }
        self.desk.end_all();
    }

    fn take(&mut self, audio: Audio<'_>) {
        let recording = match audio {
            Audio::Frame { recording, .. } | Audio::End { recording, .. } => recording,
        };
        // The command that begins a recording was sent before its first frame, so it is waiting by now.
        if !self.desk.open.contains_key(&recording) {
            self.commands();
        }
        match audio {
            Audio::Frame {
                recording,
                side,
                at,
                samples,
            } => self.desk.frame(recording, side, at, samples),
            Audio::End { recording, length } => self.desk.end(recording, Some(length)),
        }
    }

    fn commands(&mut self) {
        loop {
            match self.receiver.try_recv() {
                Ok(command) => self.command(command),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.stopping = true;
                    return;
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Start { recording, path } => self.desk.begin(recording, path),
            Command::End { recording } => self.desk.end(recording, None),
            Command::Stop => self.stopping = true,
        }
    }
}

struct Entry {
    path: PathBuf,
    started: Instant,
    /// `None` after a failure: its frames are still expected and dropped.
    recording: Option<Recording>,
}

impl Entry {
    /// The last position that can be true by now.
    fn horizon(&self, now: Instant, lead: Duration) -> u32 {
        let elapsed = now.saturating_duration_since(self.started).saturating_add(lead);
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        u32::try_from(milliseconds.saturating_mul(u64::from(SAMPLE_RATE / 1_000))).unwrap_or(u32::MAX)
    }
}

/// The open recordings.
struct Desk<N> {
    root: PathBuf,
    notices: N,
    options: Options,
    counters: Arc<Counters>,
    open: BTreeMap<u128, Entry>,
    /// When which file's header is due; in order, since the interval is the same for all.
    due: VecDeque<(Instant, u128)>,
    /// Whether the last thing heard of the disk was that it is full, so that the log says it once.
    full: bool,
    now: Instant,
}

impl<N: Fn(Notice)> Desk<N> {
    fn begin(&mut self, recording: u128, path: PathBuf) {
        if self.open.contains_key(&recording) {
            tracing::warn!(recording, "a recording was begun twice");
            return;
        }
        let made = match layout::within(&self.root, &path) {
            Some(file) => Recording::create(file, self.options.part_moments),
            None => Err(io::Error::new(
                ErrorKind::InvalidInput,
                "the path leaves the recordings' folder",
            )),
        };
        match made {
            Ok(made) => {
                if std::mem::take(&mut self.full) {
                    tracing::warn!(root = %self.root.display(), "recordings are made again");
                }
                self.counters.open.fetch_add(1, Relaxed);
                self.due.push_back((self.now + self.options.checkpoint, recording));
                self.open.insert(
                    recording,
                    Entry {
                        path,
                        started: self.now,
                        recording: Some(made),
                    },
                );
            }
            Err(error) => {
                self.failed(
                    recording,
                    path.clone(),
                    Stopped {
                        error,
                        extent: Extent::default(),
                    },
                );
                self.open.insert(
                    recording,
                    Entry {
                        path,
                        started: self.now,
                        recording: None,
                    },
                );
            }
        }
    }

    fn frame(&mut self, recording: u128, side: Side, at: u32, samples: &[i16]) {
        self.counters.frames.fetch_add(1, Relaxed);
        let Some(entry) = self.open.get_mut(&recording) else {
            self.counters.frames_unknown.fetch_add(1, Relaxed);
            return;
        };
        let horizon = entry.horizon(self.now, self.options.lead);
        let Some(file) = &mut entry.recording else { return };
        if at > horizon {
            self.counters.frames_ahead.fetch_add(1, Relaxed);
            return;
        }
        let late = file.late();
        let pushed = file.push(side, at, samples);
        self.counters.samples_late.fetch_add(file.late() - late, Relaxed);
        if let Err(error) = pushed {
            self.give_up(recording, error);
        }
    }

    fn end(&mut self, recording: u128, length: Option<u32>) {
        let Some(entry) = self.open.remove(&recording) else {
            return;
        };
        let horizon = entry.horizon(self.now, self.options.lead);
        let Entry {
            path,
            recording: Some(file),
            ..
        } = entry
        else {
            return;
        };
        let length = length.map_or(file.end(), |length| length.min(horizon.max(file.end())));
        self.counters.open.fetch_sub(1, Relaxed);
        match file.finish(length) {
            Ok(extent) => {
                self.counters.ready.fetch_add(1, Relaxed);
                (self.notices)(Notice::Ready {
                    recording,
                    path,
                    extent,
                });
            }
            Err(stopped) => self.failed(recording, path, stopped),
        }
    }

    fn end_all(&mut self) {
        while let Some((recording, _)) = self.open.first_key_value() {
            let recording = *recording;
            self.end(recording, None);
        }
    }

    fn checkpoints(&mut self) {
        let now = self.now;
        while let Some((at, recording)) = self.due.front().copied() {
            if at > now {
                return;
            }
            self.due.pop_front();
            let Some(file) = self.open.get_mut(&recording).and_then(|entry| entry.recording.as_mut()) else {
                continue;
            };
            match file.checkpoint() {
                Ok(()) => self.due.push_back((now + self.options.checkpoint, recording)),
                Err(error) => self.give_up(recording, error),
            }
        }
    }

    /// Stops a recording in the middle; the call goes on.
    fn give_up(&mut self, recording: u128, error: io::Error) {
        let Some(entry) = self.open.get_mut(&recording) else {
            return;
        };
        let Some(file) = entry.recording.take() else { return };
        let path = entry.path.clone();
        self.counters.open.fetch_sub(1, Relaxed);
        self.failed(recording, path, file.abandon(error));
    }

    fn failed(&mut self, recording: u128, path: PathBuf, stopped: Stopped) {
        let Stopped { error, extent } = stopped;
        self.counters.failed.fetch_add(1, Relaxed);
        let why = Why::from(error);
        let known = why == Why::NoSpace && std::mem::replace(&mut self.full, true);
        if !known {
            tracing::warn!(root = %self.root.display(), "a recording stopped, its call goes on: {why}");
        }
        (self.notices)(Notice::Failed {
            recording,
            path,
            why,
            extent,
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "the recorder's thread has a clock of its own")]
fn now() -> Instant {
    Instant::now()
}
