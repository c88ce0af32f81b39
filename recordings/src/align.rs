//! Two streams of positioned frames to one stream of moments: gaps are silence, a little disorder is put right.

use crate::Moment;
use crate::source::Side;

/// Moments that are handed out together; a power of two.
const BLOCK: u32 = 1_024;
/// Moments held back at most: frames may be late by half of it (128 ms), whichever side they are from.
const WINDOW: u32 = 2 * BLOCK;

/// Holds the last moments of a recording until no frame can change them any more.
#[derive(Debug)]
pub struct Align {
    ring: Box<[Moment]>,
    /// Position of the first moment that has not been handed out; a multiple of `BLOCK`.
    base: u32,
    /// Position after the last sample that came.
    end: u32,
    late: u64,
}

impl Default for Align {
    fn default() -> Self {
        let window = usize::try_from(WINDOW).unwrap_or(0);
        Align {
            ring: vec![[0, 0]; window].into_boxed_slice(),
            base: 0,
            end: 0,
            late: 0,
        }
    }
}

impl Align {
    /// Moments handed out so far.
    pub fn written(&self) -> u32 {
        self.base
    }

    /// Position after the last sample that came.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// Samples that came after their moment had been handed out.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Takes samples of one side; moments that are settled by them go to `out` in order.
    pub fn push<E>(
        &mut self,
        side: Side,
        at: u32,
        samples: &[i16],
        mut out: impl FnMut(&[Moment]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = at;
        for piece in samples.chunks(BLOCK.try_into().unwrap_or(1)) {
            let length = u32::try_from(piece.len()).unwrap_or(0);
            let Some(end) = at.checked_add(length).filter(|end| *end <= u32::MAX - WINDOW) else {
                self.late += u64::from(length);
                return Ok(());
            };
            while end > self.base + WINDOW {
                self.emit(BLOCK, &mut out)?;
            }
            self.place(side, at, piece);
            self.end = self.end.max(end);
            at = end;
        }
        Ok(())
    }

    /// Hands out the rest, so that exactly `length` moments have been; says how many too many there had been before.
    pub fn finish<E>(mut self, length: u32, mut out: impl FnMut(&[Moment]) -> Result<(), E>) -> Result<u32, E> {
        while self.base < length {
            self.emit((length - self.base).min(BLOCK), &mut out)?;
        }
        Ok(self.base - length)
    }

    fn emit<E>(&mut self, count: u32, out: &mut impl FnMut(&[Moment]) -> Result<(), E>) -> Result<(), E> {
        let start = index(self.base);
        let count_moments = usize::try_from(count).unwrap_or(0);
        if let Some(block) = self.ring.get_mut(start..start + count_moments) {
            out(block)?;
            block.fill([0, 0]);
        }
        self.base += count;
        Ok(())
    }

    fn place(&mut self, side: Side, at: u32, samples: &[i16]) {
        let missed = usize::try_from(self.base.saturating_sub(at))
            .unwrap_or(usize::MAX)
            .min(samples.len());
        let (late, samples) = samples.split_at(missed);
        self.late += u64::try_from(late.len()).unwrap_or(0);
        let (wrapped, rest) = self.ring.split_at_mut(index(at.max(self.base)));
        let room = rest.iter_mut().chain(wrapped);
        match side {
            Side::Left => room.zip(samples).for_each(|([left, _], sample)| *left = *sample),
            Side::Right => room.zip(samples).for_each(|([_, right], sample)| *right = *sample),
        }
    }
}

fn index(position: u32) -> usize {
    usize::try_from(position % WINDOW).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn aligned(frames: &[(Side, u32, Vec<i16>)], length: u32) -> (Vec<Moment>, u64) {
        let mut moments = Vec::new();
        let mut align = Align::default();
        let mut late = 0;
        for (side, at, samples) in frames {
            let taken = align.push(*side, *at, samples, |block| -> Result<(), Infallible> {
                moments.extend_from_slice(block);
                Ok(())
            });
            assert_eq!(taken, Ok(()));
            late = align.late();
        }
        let over = align.finish(length, |block| -> Result<(), Infallible> {
            moments.extend_from_slice(block);
            Ok(())
        });
        assert!(over.is_ok());
        (moments, late)
    }

    #[test]
    fn a_gap_is_silence_and_the_length_is_exact() {
        for length in [0, 1, 160, 1023, 1024, 2048, 10_000] {
            let (moments, _) = aligned(&[(Side::Right, 320, vec![7; 160])], length);
            let wanted: Vec<Moment> = (0..length)
                .map(|at| if (320..480).contains(&at) { [0, 7] } else { [0, 0] })
                .collect();
            assert_eq!(moments, wanted, "{length}");
        }
    }

    #[test]
    fn a_frame_that_comes_too_late_is_counted_and_harms_nothing() {
        let (moments, late) = aligned(
            &[(Side::Left, 4_000, vec![1; 160]), (Side::Right, 0, vec![2; 160])],
            4_160,
        );
        assert_eq!((moments.len(), late), (4_160, 160));
        assert!(moments.iter().all(|[_, right]| *right == 0));
    }

    #[test]
    fn a_position_at_the_end_of_counting_is_refused() {
        let (moments, late) = aligned(&[(Side::Left, u32::MAX - 10, vec![1; 160])], 10);
        assert_eq!((moments, late), (vec![[0, 0]; 10], 160));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Frames of both sides in the order of their times plus a jitter below the window's half come out as if
        /// each sample had been put at its place in an endless array.
        #[test]
        fn disorder_within_the_window_is_put_right(
            frames in prop::collection::vec((any::<bool>(), 1_usize..480, 0_u32..1_200, 0_u32..500, any::<i16>()), 1..120),
            extra in 0_u32..3_000,
        ) {
            let mut clocks = [0_u32; 2];
            let mut sent = Vec::new();
            for (right, length, gap, jitter, value) in frames {
                let side = if right { Side::Right } else { Side::Left };
                let clock = &mut clocks[usize::from(right)];
                let at = *clock + gap;
                *clock = at + u32::try_from(length).unwrap();
                sent.push((*clock + jitter, side, at, vec![value; length]));
            }
            sent.sort_by_key(|(arrival, ..)| *arrival);
            let length = clocks.into_iter().max().unwrap() + extra;
            let mut wanted = vec![[0_i16; 2]; usize::try_from(length).unwrap()];
            for (_, side, at, samples) in &sent {
                let from = usize::try_from(*at).unwrap();
                for (moment, sample) in wanted[from..].iter_mut().zip(samples) {
                    moment[usize::from(*side == Side::Right)] = *sample;
                }
            }
            let frames: Vec<_> = sent.into_iter().map(|(_, side, at, samples)| (side, at, samples)).collect();
            let (moments, late) = aligned(&frames, length);
            prop_assert_eq!(late, 0);
            prop_assert!(moments == wanted);
        }

        /// Whatever comes, exactly the length that was asked for goes out, unless more had gone already.
        #[test]
        fn anything_at_all_keeps_the_length(
            frames in prop::collection::vec((any::<bool>(), 0_u32..100_000, 0_usize..3_000), 0..40),
            length in 0_u32..120_000,
        ) {
            let frames: Vec<_> = frames
                .into_iter()
                .map(|(right, at, length)| (if right { Side::Right } else { Side::Left }, at, vec![1; length]))
                .collect();
            let last = frames.iter().map(|(_, at, samples)| at + u32::try_from(samples.len()).unwrap()).max().unwrap_or(0);
            let (moments, _) = aligned(&frames, length);
            let count = u32::try_from(moments.len()).unwrap();
            prop_assert!(count == length || (count > length && count <= last));
        }
    }
}
