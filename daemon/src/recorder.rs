//! Between the media threads' taps and the recorder: decoding, paths, and what became of each recording.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use frontdesk_crm_core::journal::Entry;
use frontdesk_media::g711;
use frontdesk_media::tap::{Side as TapSide, TapConsumer, TapMessage};
use frontdesk_recordings::layout;
use frontdesk_recordings::recording::Extent;
use frontdesk_recordings::source::{Audio, FrameSource, Side};
use frontdesk_recordings::worker::{self, Handle, Notice, Options, Why};
use frontdesk_routing::ids::{AccountId, RecordingId};

use crate::engine::input::Input;
use crate::engine::output::RecordCommand;
use crate::shell::{EngineHandle, Queue};

/// Samples of the longest frame that a tap gives.
const FRAME: usize = 1024;

/// Where a recording lies below the recordings' folder.
pub(crate) fn path_of(account: AccountId, recording: RecordingId, started_at: i64) -> PathBuf {
    layout::path(&account.to_string(), &recording.to_string(), started_at)
}

/// The taps of all media threads as one source of decoded audio.
struct Taps {
    rings: Vec<TapConsumer>,
    samples: Box<[i16; FRAME]>,
}

impl FrameSource for Taps {
    fn drain(&mut self, limit: usize, sink: &mut dyn FnMut(Audio<'_>)) -> usize {
        let mut taken = 0;
        for ring in &mut self.rings {
            while taken < limit
                && let Some(message) = ring.pop()
            {
                taken += 1;
                match message {
                    TapMessage::Frame(frame) => {
                        let payload = frame.payload();
                        let Some(samples) = self.samples.get_mut(..payload.len()) else {
                            continue;
                        };
                        g711::decode_into(frame.law, payload, samples);
                        let side = match frame.side {
                            TapSide::Left => Side::Left,
                            TapSide::Right => Side::Right,
                        };
                        sink(Audio::Frame {
                            recording: frame.recording,
                            side,
                            at: frame.at,
                            samples,
                        });
                    }
                    TapMessage::End(end) => sink(Audio::End {
                        recording: end.recording,
                        length: end.length,
                    }),
                }
            }
        }
        taken
    }
}

/// The recorder's thread.
pub(crate) struct Recorder {
    handle: Arc<Handle>,
    outcomes: Queue<Entry>,
}

/// The engine's way to the recorder; never waits.
#[derive(Clone)]
pub(crate) struct RecorderHandle {
    handle: Arc<Handle>,
    outcomes: Queue<Entry>,
}

impl Recorder {
    /// What becomes of a recording goes to the journal behind the rows that announced it.
    pub(crate) fn start(
        root: PathBuf,
        rings: Vec<TapConsumer>,
        (outcomes, engine): (Queue<Entry>, EngineHandle),
    ) -> io::Result<Recorder> {
        let taps = Taps {
            rings,
            samples: Box::new([0; FRAME]),
        };
        let notices = outcomes.clone();
        let notice = move |notice| {
            warn(&engine, &notice);
            tell(&notices, notice);
        };
        let handle = worker::start(root, taps, notice, Options::default())?;
        Ok(Recorder {
            handle: Arc::new(handle),
            outcomes,
        })
    }

    pub(crate) fn handle(&self) -> RecorderHandle {
        RecorderHandle {
            handle: Arc::clone(&self.handle),
            outcomes: self.outcomes.clone(),
        }
    }

    /// Closes every recording and waits for that; the engine must have let go of its handle.
    pub(crate) fn stop(self) {
        if let Ok(handle) = Arc::try_unwrap(self.handle) {
            handle.stop();
        }
    }
}

impl RecorderHandle {
    pub(crate) fn command(&self, command: RecordCommand) {
        let RecordCommand::Start {
            recording,
            account,
            started_at,
            ..
        } = command;
        let path = path_of(account, recording, started_at);
        if let Err(busy) = self.handle.start(recording.as_u128(), path) {
            tracing::warn!(%recording, "a recording is lost: {busy}");
            self.outcomes.push(Entry::RecordingFailed {
                recording,
                problem: busy.to_string(),
                duration_ms: 0,
            });
        }
    }

    /// Recordings that go on, and frames that came for none.
    pub(crate) fn report(&self) {
        let counters = self.handle.counters();
        let value = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
        let open = u32::try_from(value(&counters.open)).unwrap_or(u32::MAX);
        metrics::gauge!("frontdesk_recordings_open").set(f64::from(open));
        metrics::counter!("frontdesk_recordings_ready_total").absolute(value(&counters.ready));
        metrics::counter!("frontdesk_recordings_failed_total").absolute(value(&counters.failed));
        metrics::counter!("frontdesk_recorder_frames_total").absolute(value(&counters.frames));
    }
}

/// Whoever leaves a message learns from the engine that it cannot be kept.
fn warn(engine: &EngineHandle, notice: &Notice) {
    match notice {
        Notice::Ready { .. } => {
            engine.send(Input::Disk { full: false });
        }
        Notice::Failed { recording, why, .. } => {
            if *why == Why::NoSpace {
                engine.send(Input::Disk { full: true });
            }
            engine.send(Input::RecordingFailed(RecordingId::from_u128(*recording)));
        }
    }
}

fn tell(outcomes: &Queue<Entry>, notice: Notice) {
    let milliseconds = |extent: &Extent| i64::try_from(extent.duration_ms).unwrap_or(i64::MAX);
    let entry = match notice {
        Notice::Ready { recording, extent, .. } => Entry::RecordingReady {
            recording: RecordingId::from_u128(recording),
            duration_ms: milliseconds(&extent),
            bytes: i64::try_from(extent.bytes).unwrap_or(i64::MAX),
        },
        Notice::Failed {
            recording, why, extent, ..
        } => {
            let recording = RecordingId::from_u128(recording);
            tracing::warn!(%recording, "a recording stopped: {why}; the call goes on");
            Entry::RecordingFailed {
                recording,
                problem: why.to_string(),
                duration_ms: milliseconds(&extent),
            }
        }
    };
    if !outcomes.push(entry) {
        tracing::error!("the journal is full: the outcome of a recording is lost until the next start");
    }
}
