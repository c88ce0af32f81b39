//! What a frame of both sides costs a recording: aligning and writing, without and with the disk.

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use frontdesk_recordings::Moment;
use frontdesk_recordings::align::Align;
use frontdesk_recordings::recording::Recording;
use frontdesk_recordings::source::Side;
use frontdesk_recordings::wav::Wav;

const FRAME: u32 = 160;
/// A file is begun anew after so many frames, so that the disk does not fill: ten minutes.
const RESTART: u32 = 30_000;

fn wav(c: &mut Criterion) {
    let samples: Vec<i16> = (0..160).map(|n| n * 100).collect();
    let moments: Vec<Moment> = samples.iter().map(|sample| [*sample, -*sample]).collect();
    let mut group = c.benchmark_group("wav");
    group.throughput(Throughput::Elements(1));

    group.bench_function("align 160 samples of both sides", |b| {
        let mut align = Align::default();
        let mut at = 0_u32;
        b.iter(|| {
            if at > 2_000_000_000 {
                align = Align::default();
                at = 0;
            }
            let taken = [Side::Left, Side::Right].map(|side| {
                align.push(side, at, black_box(&samples), |block| {
                    black_box(block);
                    Ok::<(), ()>(())
                })
            });
            at += FRAME;
            taken
        });
    });

    group.bench_function("encode 160 moments into memory", |b| {
        let mut file = Wav::new(Cursor::new(Vec::with_capacity(8 << 20))).ok();
        b.iter(|| {
            if file.as_ref().is_none_or(|file| file.moments() > 2_000_000) {
                file = Wav::new(Cursor::new(Vec::with_capacity(8 << 20))).ok();
            }
            file.as_mut().map(|file| file.write(black_box(&moments)))
        });
    });

    group.bench_function("record 160 samples of both sides to a file", |b| {
        let Ok(folder) = tempfile::tempdir() else { return };
        let mut name = 0;
        let mut next = || {
            name += 1;
            Recording::create(folder.path().join(format!("{name}.wav")), u32::MAX)
        };
        let (mut recording, mut frame) = (next().ok(), 0);
        b.iter(|| {
            if frame == RESTART {
                recording = next().ok();
                frame = 0;
            }
            let at = frame * FRAME;
            frame += 1;
            recording
                .as_mut()
                .map(|recording| [Side::Left, Side::Right].map(|side| recording.push(side, at, black_box(&samples))))
        });
    });
    group.finish();
}

criterion_group!(benches, wav);
criterion_main!(benches);
