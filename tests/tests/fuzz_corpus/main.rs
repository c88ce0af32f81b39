//! Everything that fuzzing has found worth keeping, replayed, and mutations of it.
//!
//! `FUZZ_RUNS=1000000 cargo test --release -p frontdesk-tests --test fuzz_corpus -- --nocapture` tries so many mutations a
//! target (engine: a fiftieth), others each time, and says how many; without it there are few, always the same.

mod mutate;

use std::path::Path;

use mutate::Mutator;

#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// Mutations of a target as long as nobody asks for more.
const FEW: u32 = 4_000;
/// A story costs as much as so many messages.
const STORY: u32 = 50;

fn kept(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() > 20, "{} files for {name}", paths.len());
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Says which input it was that did harm.
struct Trying<'a>(&'a str, Vec<u8>);

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: {}", self.0, self.1.escape_ascii());
        }
    }
}

#[expect(clippy::print_stdout, reason = "it is for who asks for more")]
fn replay(name: &str, target: fn(&[u8]), cost: u32) {
    let kept = kept(name);
    kept.iter().for_each(|input| target(input));
    let asked: Option<u32> = std::env::var("FUZZ_RUNS").ok().map(|runs| runs.parse().unwrap());
    let runs = asked.unwrap_or(FEW) / cost;
    let seed = asked.map_or(7, |_| rand::random());
    let mut mutations = Mutator::new(&kept, seed);
    for _ in 0..runs {
        let trying = Trying(name, mutations.input());
        target(&trying.1);
    }
    if asked.is_some() {
        println!(
            "{name}: {runs} mutations of {} inputs, seed {seed}, no harm",
            kept.len()
        );
    }
}

#[test]
fn messages_that_fuzzing_kept_do_no_harm() {
    replay("wire", targets::wire, 1);
}

#[test]
fn session_descriptions_that_fuzzing_kept_do_no_harm() {
    replay("sdp", targets::sdp, 1);
}

#[test]
fn audio_that_fuzzing_kept_does_no_harm() {
    replay("rtp", targets::rtp, 1);
}

#[test]
fn stories_that_fuzzing_kept_end_well() {
    replay("engine", targets::engine, STORY);
}
