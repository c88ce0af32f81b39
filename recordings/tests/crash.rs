//! A recorder that is killed without warning.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use frontdesk_recordings::recover;
use frontdesk_recordings::source::{Audio, FrameSource, Side};
use frontdesk_recordings::worker::{Options, start};

const CHILD: &str = "RECORDER_TO_BE_KILLED_IN";

/// Speaks in real time, and says on stdout how many samples have been handed over.
struct Speaker {
    since: Instant,
    spoken: u32,
}

impl FrameSource for Speaker {
    fn drain(&mut self, limit: usize, sink: &mut dyn FnMut(Audio<'_>)) -> usize {
        let due = u32::try_from(self.since.elapsed().as_millis() * 8).unwrap();
        let mut taken = 0;
        while self.spoken + 160 <= due && taken < limit {
            for side in [Side::Left, Side::Right] {
                sink(Audio::Frame {
                    recording: 1,
                    side,
                    at: self.spoken,
                    samples: &[77; 160],
                });
            }
            self.spoken += 160;
            taken += 2;
        }
        if taken > 0 {
            // Not println: the harness of the tests keeps that for itself.
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nspoken {}", self.spoken).unwrap();
        }
        taken
    }
}

/// Not a test of its own: what the killed process runs.
#[test]
#[expect(clippy::disallowed_methods, reason = "the speaker speaks in real time")]
fn a_recorder_runs_until_it_is_killed_when_asked_to() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let speaker = Speaker {
        since: Instant::now(),
        spoken: 0,
    };
    let handle = start(folder.into(), speaker, |_| {}, Options::default()).unwrap();
    handle.start(1, "a.wav".into()).unwrap();
    loop {
        std::thread::park();
    }
}

/// Milliseconds that a player sees.
fn playable(path: &Path) -> u32 {
    hound::WavReader::open(path).unwrap().duration() / 8
}

#[test]
fn a_killed_recorder_leaves_a_file_that_plays_up_to_the_last_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_recorder_runs_until_it_is_killed_when_asked_to",
            "--nocapture",
        ])
        .env(CHILD, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut spoken = lines
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("spoken ")?.parse::<u32>().ok());
    let spoken = spoken.find(|samples| *samples >= 4 * 8_000).unwrap() / 8;
    child.kill().unwrap();
    child.wait().unwrap();

    let path = folder.path().join("a.wav");
    let before = playable(&path);
    assert!(before + 2_000 >= spoken, "{before} ms of {spoken} ms play");
    let repaired = recover::repair(&path).unwrap();
    let after = playable(&path);
    assert_eq!(repaired.duration_ms, u64::from(after));
    assert!(
        after >= before && after + 400 >= spoken,
        "{after} ms of {spoken} ms were kept"
    );
    assert_eq!(recover::repair(&path).unwrap(), repaired);
}
