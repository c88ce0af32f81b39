//! One continuous outgoing stream out of whatever comes in: own SSRC, sequence numbers and timestamps.

use std::time::Duration;

use super::Timing;
use super::packet::Header;
use crate::clock::{Moment, RATE, rescale};

/// A timestamp that is more seconds than this from the clock belongs to a new clock.
const NEW_CLOCK: u32 = 5;
/// How long after a change of source late packets of the old one are told by their numbers.
const SETTLING: u16 = 1_000;
/// Speech that comes so many milliseconds too late after noise of ours is moved behind it.
const MOST_MOVED: u32 = 200;

/// A leg's outgoing stream.
#[derive(Debug, Clone)]
pub struct Rewriter {
    ssrc: u32,
    /// Ticks of its clock in a second.
    rate: u32,
    /// The highest that went out.
    sequence: u16,
    timestamp: u32,
    sent_at: Option<Moment>,
    mapping: Option<Mapping>,
    packets: u64,
    octets: u64,
}

/// What is added to the numbers of the present source.
#[derive(Debug, Clone, Copy)]
struct Mapping {
    sequence: u16,
    /// A timestamp of the source, and ours of the same moment.
    timestamps: (u32, u32),
    /// Ticks a second of the source's clock.
    rate: u32,
    /// The source's number where the mapping began, as long as it can be compared.
    begins: Option<u16>,
    /// The last packet was noise: what follows begins at this timestamp of ours or later.
    pause: Option<u32>,
    /// Ticks by which speech was moved behind the noise before it.
    moved: u32,
}

impl Rewriter {
    /// RFC 3550 section 5.1: all three are random.
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Rewriter {
            ssrc,
            rate: RATE,
            sequence,
            timestamp,
            sent_at: None,
            mapping: None,
            packets: 0,
            octets: 0,
        }
    }

    /// The stream goes on by a clock of that many ticks a second (RFC 7160).
    pub fn set_rate(&mut self, rate: u32) {
        if std::mem::replace(&mut self.rate, rate) != rate {
            self.change_source();
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Of payload.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    pub fn sent_at(&self) -> Option<Moment> {
        self.sent_at
    }

    /// What the stream's timestamp would be now (RFC 3550 section 6.4.1).
    pub fn timestamp_at(&self, now: Moment) -> u32 {
        let elapsed = self.sent_at.map_or(0, |sent_at| now.ticks_since(sent_at, self.rate));
        self.timestamp.wrapping_add(elapsed)
    }

    /// The next packet comes from another source or after a break: the numbers go on, the timestamps with the clock.
    pub fn change_source(&mut self) {
        self.mapping = None;
    }

    /// A packet of the source is not passed on: the numbers must not show a gap.
    pub fn leave_out(&mut self) {
        if let Some(mapping) = &mut self.mapping {
            mapping.sequence = mapping.sequence.wrapping_sub(1);
        }
    }

    /// Gives the packet the stream's numbers; false if it came too late to have a place.
    pub fn rewrite(&mut self, header: &mut Header, timing: Timing, now: Moment) -> bool {
        let Some(mut mapping) = self.mapping.filter(|mapping| mapping.rate == timing.rate) else {
            self.begin(header, timing.rate, now);
            return true;
        };
        if let Some(begins) = mapping.begins {
            let distance = header.sequence.wrapping_sub(begins).cast_signed();
            if distance < 0 {
                return false;
            }
            if distance.unsigned_abs() > SETTLING {
                mapping.begins = None;
            }
        }
        let sequence = header.sequence.wrapping_add(mapping.sequence);
        let mut timestamp = mapping.timestamp(header.timestamp, self.rate);
        if timing.flows {
            let due = self.timestamp_at(now);
            let off = timestamp.wrapping_sub(due).cast_signed().unsigned_abs();
            if off > NEW_CLOCK * self.rate {
                (mapping.timestamps, mapping.moved) = ((header.timestamp, due), 0);
                timestamp = due;
            }
        }
        let newer = sequence.wrapping_sub(self.sequence).cast_signed() > 0;
        if newer
            && timing.flows
            && let Some(earliest) = mapping.pause.take()
        {
            // RFC 3551 section 4.1: the first packet of a talkspurt.
            header.marker = true;
            match self.behind(timestamp, earliest) {
                Some(0) => {}
                Some(behind) => {
                    mapping.shift(behind);
                    timestamp = earliest;
                }
                None => {
                    self.begin(header, timing.rate, now);
                    return true;
                }
            }
        }
        if newer {
            self.sequence = sequence;
        }
        if newer && timing.flows {
            mapping.go_on(header.timestamp, timestamp, self.rate);
        }
        self.mapping = Some(mapping);
        if newer && timing.flows {
            self.timestamp = timestamp;
            self.sent_at = Some(now);
        }
        self.write(header, sequence, timestamp);
        true
    }

    /// What went out last was noise that the source has told: speech after it is a new talkspurt.
    pub fn pause(&mut self) {
        self.pause_after(0);
    }

    /// Gives the stream's next number to noise of ours that stands for what the source does not send; its number is that
    /// of the source's last packet, its timestamp is by the source's clock of `rate` ticks a second. False if what went out
    /// before has reached that far already.
    pub fn fill(&mut self, header: &mut Header, rate: u32, now: Moment) -> bool {
        let frame = self.rate / 50;
        let begins = Some(header.sequence);
        let mapping = self.mapping.filter(|mapping| mapping.rate == rate);
        let placed = mapping.and_then(|mut mapping| {
            let moved = std::mem::take(&mut mapping.moved);
            let (from, to) = mapping.timestamps;
            mapping.timestamps = (from, to.wrapping_sub(moved));
            let timestamp = mapping.timestamp(header.timestamp, self.rate);
            let earliest = mapping.pause.unwrap_or(self.timestamp.wrapping_add(frame));
            let behind = self.behind(timestamp, earliest)?;
            let off = timestamp.wrapping_sub(self.timestamp_at(now)).cast_signed();
            (off.unsigned_abs() <= NEW_CLOCK * self.rate).then_some((mapping, timestamp, behind))
        });
        let Some((mut mapping, timestamp, behind)) = placed else {
            self.begin(header, rate, now);
            self.pause_after(frame);
            return true;
        };
        if behind == 0 {
            let sequence = self.sequence.wrapping_add(1);
            mapping.sequence = mapping.sequence.wrapping_add(1);
            mapping.begins = begins;
            mapping.go_on(header.timestamp, timestamp, self.rate);
            self.sequence = sequence;
            self.timestamp = timestamp;
            self.sent_at = Some(now);
            self.write(header, sequence, timestamp);
        }
        self.mapping = Some(mapping);
        if behind == 0 {
            self.pause_after(frame);
        }
        behind == 0
    }

    /// Noise of that many ticks went out.
    fn pause_after(&mut self, ticks: u32) {
        let earliest = self.timestamp.wrapping_add(ticks);
        self.mapping
            .iter_mut()
            .for_each(|mapping| mapping.pause = Some(earliest));
    }

    /// By how many ticks a timestamp is too early; `None`: by so many that it belongs to another clock.
    fn behind(&self, timestamp: u32, earliest: u32) -> Option<u32> {
        let behind = u32::try_from(earliest.wrapping_sub(timestamp).cast_signed()).unwrap_or(0);
        (behind <= MOST_MOVED * (self.rate / 1_000)).then_some(behind)
    }

    fn begin(&mut self, header: &mut Header, rate: u32, now: Moment) {
        let frame = self.rate / 50;
        let elapsed = |sent_at| now.ticks_since(sent_at, self.rate).max(frame);
        let elapsed = self.sent_at.map_or(0, elapsed);
        let sequence = self.sequence.wrapping_add(1);
        let timestamp = self.timestamp.wrapping_add(elapsed);
        self.mapping = Some(Mapping {
            sequence: sequence.wrapping_sub(header.sequence),
            timestamps: (header.timestamp, timestamp),
            rate,
            begins: Some(header.sequence),
            pause: None,
            moved: 0,
        });
        self.sequence = sequence;
        self.timestamp = timestamp;
        self.sent_at = Some(now);
        // RFC 3551 section 4.1: the first packet of a talkspurt.
        header.marker = true;
        self.write(header, sequence, timestamp);
    }

    fn write(&mut self, header: &mut Header, sequence: u16, timestamp: u32) {
        header.sequence = sequence;
        header.timestamp = timestamp;
        header.ssrc = self.ssrc;
        self.packets += 1;
        self.octets += u64::try_from(header.payload.len()).unwrap_or(0);
    }

    /// Whether something went out within `time`: a sender in the sense of RFC 3550 section 6.3.8.
    pub fn sent_within(&self, time: Duration, now: Moment) -> bool {
        self.sent_at.is_some_and(|sent_at| now.since(sent_at) <= time)
    }
}

impl Mapping {
    /// What a timestamp of the source is in ours, by a clock of `rate` ticks a second.
    fn timestamp(&self, theirs: u32, rate: u32) -> u32 {
        let (from, to) = self.timestamps;
        to.wrapping_add(rescale(theirs.wrapping_sub(from), self.rate, rate))
    }

    /// What follows comes so many ticks of ours later.
    fn shift(&mut self, ticks: u32) {
        let (from, to) = self.timestamps;
        self.timestamps = (from, to.wrapping_add(ticks));
        self.moved = self.moved.wrapping_add(ticks);
    }

    /// Keeps differences countable over days. A pair that was rounded would add up.
    fn go_on(&mut self, theirs: u32, ours: u32, rate: u32) {
        let (from, to) = self.timestamps;
        if rescale(ours.wrapping_sub(to), rate, self.rate) == theirs.wrapping_sub(from) {
            self.timestamps = (theirs, ours);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AUDIO: Timing = Timing {
        rate: RATE,
        flows: true,
    };
    const EVENT: Timing = Timing {
        rate: RATE,
        flows: false,
    };

    fn packet(sequence: u16, timestamp: u32) -> Header {
        Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp,
            ssrc: 99,
            payload: 12..172,
        }
    }

    fn at_frame(number: u64) -> Moment {
        Moment::from_micros(1_000_000 + number * 20_000)
    }

    fn sent(rewriter: &mut Rewriter, sequence: u16, timestamp: u32, frame: u64) -> (u16, u32, bool) {
        let mut header = packet(sequence, timestamp);
        assert!(rewriter.rewrite(&mut header, AUDIO, at_frame(frame)));
        assert_eq!(header.ssrc, rewriter.ssrc());
        (header.sequence, header.timestamp, header.marker)
    }

    #[test]
    fn numbers_go_on_over_a_change_of_source() {
        let mut rewriter = Rewriter::new(5, 100, 1_000);
        assert_eq!(sent(&mut rewriter, 7, 70_000, 0), (101, 1_000, true));
        assert_eq!(sent(&mut rewriter, 8, 70_160, 1), (102, 1_160, false));
        rewriter.change_source();
        assert_eq!(sent(&mut rewriter, 60_000, 5, 4), (103, 1_640, true));
        assert_eq!(sent(&mut rewriter, 60_002, 325, 6), (105, 1_960, false));
        assert_eq!(sent(&mut rewriter, 60_001, 165, 6), (104, 1_800, false));
        assert_eq!(sent(&mut rewriter, 60_003, 485, 7), (106, 2_120, false));
    }

    #[test]
    fn a_late_packet_from_before_the_change_has_no_place() {
        let mut rewriter = Rewriter::new(5, 100, 1_000);
        sent(&mut rewriter, 7, 0, 0);
        assert!(!rewriter.rewrite(&mut packet(6, 0), AUDIO, at_frame(1)));
        assert_eq!(rewriter.packets(), 1);
    }

    #[test]
    fn what_is_left_out_leaves_no_gap() {
        let mut rewriter = Rewriter::new(5, 100, 1_000);
        sent(&mut rewriter, 7, 0, 0);
        rewriter.leave_out();
        assert_eq!(sent(&mut rewriter, 9, 320, 2).0, 102);
    }

    #[test]
    fn a_clock_that_jumps_is_brought_back() {
        let mut rewriter = Rewriter::new(5, 100, 1_000);
        sent(&mut rewriter, 7, 0, 0);
        assert_eq!(sent(&mut rewriter, 8, 3_000_000_000, 1), (102, 1_160, false));
        assert_eq!(sent(&mut rewriter, 9, 3_000_000_160, 2), (103, 1_320, false));
    }

    #[test]
    fn all_packets_of_an_event_keep_one_timestamp() {
        let mut rewriter = Rewriter::new(5, 100, 1_000);
        sent(&mut rewriter, 7, 1_600, 0);
        for frame in 1..500_u16 {
            let mut header = packet(7 + frame, 1_760);
            assert!(rewriter.rewrite(&mut header, EVENT, at_frame(u64::from(frame))));
            assert_eq!((header.sequence, header.timestamp), (101 + frame, 1_160));
        }
        assert_eq!(sent(&mut rewriter, 507, 81_600, 500), (601, 81_000, false));
    }

    #[test]
    fn a_source_of_another_clock_is_told_by_ours_for_days() {
        for (from, to) in [(8_000, 48_000), (48_000, 8_000)] {
            let mut rewriter = Rewriter::new(5, 100, u32::MAX - 7);
            rewriter.set_rate(to);
            // A packet a second, for two days.
            for number in 0..172_800_u32 {
                let sequence = u16::try_from(number & 0xffff).unwrap();
                let mut header = packet(sequence, 4_000_000_000_u32.wrapping_add(number.wrapping_mul(from)));
                let now = at_frame(u64::from(number) * 50);
                assert!(rewriter.rewrite(&mut header, Timing::audio(from), now));
                let expected = (u32::MAX - 7).wrapping_add(number.wrapping_mul(to));
                assert_eq!(header.timestamp, expected, "{from} {number}");
            }
        }
    }

    #[test]
    fn a_stream_goes_on_when_its_clock_changes() {
        let mut rewriter = Rewriter::new(5, 100, 1_000);
        assert_eq!(sent(&mut rewriter, 7, 0, 0), (101, 1_000, true));
        rewriter.set_rate(48_000);
        assert_eq!(sent(&mut rewriter, 8, 160, 1), (102, 1_960, true));
        assert_eq!(sent(&mut rewriter, 9, 320, 2), (103, 2_920, false));
    }

    proptest! {
        /// Over any number of changes, and with the numbers wrapping around, each packet has the next number and a
        /// timestamp that is later by what the clock went on.
        #[test]
        fn the_stream_is_continuous_whatever_the_sources_do(
            first: u16, timestamp: u32, sources in prop::collection::vec((any::<u16>(), any::<u32>(), 1_u16..40), 1..12)
        ) {
            let mut rewriter = Rewriter::new(5, first, timestamp);
            let mut frame = 0;
            let mut last: Option<(u16, u32)> = None;
            for (sequence, begin, count) in sources {
                rewriter.change_source();
                for number in 0..count {
                    let (out, stamp, marker) = sent(
                        &mut rewriter,
                        sequence.wrapping_add(number),
                        begin.wrapping_add(u32::from(number) * 160),
                        frame,
                    );
                    prop_assert_eq!(marker, number == 0);
                    if let Some((before, stamp_before)) = last {
                        prop_assert_eq!(out, before.wrapping_add(1));
                        prop_assert_eq!(stamp, stamp_before.wrapping_add(160));
                    }
                    last = Some((out, stamp));
                    frame += 1;
                }
            }
        }
    }
}
