//! Where a packet's audio belongs on the recording's clock.

use crate::clock::{Moment, RATE, rescale};

/// A position is corrected when it is off by more than this: 100 ms.
const TOLERANCE: u32 = RATE / 10;

/// One side's clock beside the recording's.
///
/// Within a stream the RTP timestamps place the audio, so that jitter does not; where they leave the moment of arrival
/// by more than the tolerance, the arrival places it anew. Both sides thus lie on one clock.
#[derive(Debug, Clone)]
pub struct Align {
    started: Moment,
    /// A timestamp, the ticks a second of its clock, and its position.
    anchor: Option<(u32, u32, u32)>,
}

impl Align {
    pub fn new(started: Moment) -> Self {
        Align { started, anchor: None }
    }

    /// The stream begins anew: its timestamps mean something else.
    pub fn restart(&mut self) {
        self.anchor = None;
    }

    /// Position of the first sample of a packet with `length` samples; its timestamp counts `rate` in a second.
    pub fn place(&mut self, (timestamp, rate): (u32, u32), length: u32, now: Moment) -> u32 {
        let arrived = now.samples_since(self.started).saturating_sub(length);
        let expected = self
            .anchor
            .filter(|(_, anchored, _)| *anchored == rate)
            .map(|(at, _, position)| position.wrapping_add(rescale(timestamp.wrapping_sub(at), rate, RATE)));
        let off = |position: u32| position.wrapping_sub(arrived).cast_signed().unsigned_abs();
        match expected.filter(|position| off(*position) <= TOLERANCE) {
            // A packet from just before the first one would lie before the beginning.
            Some(position) if position > u32::MAX - TOLERANCE => 0,
            Some(position) => {
                // Small steps keep the distance countable over days.
                self.anchor = Some((timestamp, rate, position));
                position
            }
            None => {
                self.anchor = Some((timestamp, rate, arrived));
                arrived
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const START: Moment = Moment::from_micros(7_000_000);

    fn ms(milliseconds: u64) -> Moment {
        START.after(Duration::from_millis(milliseconds))
    }

    /// Arrival in milliseconds and timestamp of packets of 20 ms, and the positions that they get.
    fn check(packets: &[(u64, u32)], expected: &[u32]) {
        let mut align = Align::new(START);
        let positions: Vec<u32> = packets
            .iter()
            .map(|(arrival, timestamp)| align.place((*timestamp, RATE), 160, ms(*arrival)))
            .collect();
        assert_eq!(positions, expected, "{packets:?}");
    }

    #[test]
    fn the_first_packet_lies_where_it_arrived() {
        check(&[(20, 5)], &[0]);
        check(&[(10, 5)], &[0]);
        check(&[(1_020, 5)], &[8_000]);
    }

    #[test]
    fn jitter_does_not_move_audio() {
        check(&[(100, 0), (145, 160), (150, 320), (160, 480)], &[640, 800, 960, 1_120]);
    }

    #[test]
    fn a_late_packet_goes_back_to_its_place() {
        check(&[(100, 320), (120, 640), (125, 480)], &[640, 960, 800]);
    }

    #[test]
    fn a_pause_of_the_sender_is_a_gap_whether_its_clock_went_on_or_not() {
        check(&[(100, 0), (10_100, 80_000)], &[640, 80_640]);
        check(&[(100, 0), (10_100, 160)], &[640, 80_640]);
    }

    #[test]
    fn a_jump_of_the_timestamps_moves_nothing() {
        check(
            &[(100, 0), (120, 3_000_000_000), (140, 3_000_000_160)],
            &[640, 800, 960],
        );
        check(&[(100, 3_000_000_000), (120, 0)], &[640, 800]);
    }

    #[test]
    fn a_faster_clock_places_audio_as_well() {
        let mut align = Align::new(START);
        let packets = [(100, 4_294_966_336), (145, 0), (150, 960), (160, 1_920)];
        let positions = packets.map(|(arrival, timestamp)| align.place((timestamp, 48_000), 160, ms(arrival)));
        assert_eq!(positions, [640, 800, 960, 1_120]);
    }

    #[test]
    fn nothing_lies_before_the_beginning() {
        check(&[(20, 160), (25, 0), (40, 320)], &[0, 0, 160]);
    }

    #[test]
    fn timestamps_wrap_around() {
        check(&[(100, u32::MAX - 159), (120, 0), (140, 160)], &[640, 800, 960]);
    }

    #[test]
    fn a_clock_that_drifts_stays_within_the_tolerance_for_hours() {
        let mut align = Align::new(START);
        // 200 ppm fast, for four hours.
        for number in 0..720_000_u64 {
            let now = Moment::from_micros(START.micros() + 20_000 + number * 19_996);
            let position = align.place((u32::try_from(number * 160).unwrap(), RATE), 160, now);
            let arrived = now.samples_since(START) - 160;
            assert!(position.abs_diff(arrived) <= TOLERANCE, "{number}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_lies_near_its_arrival(packets in prop::collection::vec((0_u64..400, any::<u32>(), 1_u32..480), 1..60)) {
            let mut align = Align::new(START);
            let mut now = 0;
            for (wait, timestamp, length) in packets {
                now += wait;
                let position = align.place((timestamp, RATE), length, ms(now));
                let arrived = ms(now).samples_since(START).saturating_sub(length);
                prop_assert!(position.abs_diff(arrived) <= TOLERANCE);
            }
        }
    }
}
