//! Everything that fuzzing has found worth keeping, replayed.

use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
mod targets;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() > 20, "{} files for {name}", paths.len());
    for path in paths {
        target(&std::fs::read(path).unwrap());
    }
}

#[test]
fn messages_that_fuzzing_kept_do_no_harm() {
    replay("wire", targets::wire);
}

#[test]
fn session_descriptions_that_fuzzing_kept_do_no_harm() {
    replay("sdp", targets::sdp);
}

#[test]
fn audio_that_fuzzing_kept_does_no_harm() {
    replay("rtp", targets::rtp);
}

#[test]
fn stories_that_fuzzing_kept_end_well() {
    replay("engine", targets::engine);
}
