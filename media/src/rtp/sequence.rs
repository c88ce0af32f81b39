//! What comes from one sender: order, loss, jitter (RFC 3550 appendices A.1, A.3, A.8).

use std::time::Duration;

use super::Timing;
use super::packet::Header;
use crate::clock::{Moment, RATE, low_bits};

/// Appendix A.1: a larger step ahead is a restart and no loss.
const MAX_DROPOUT: u16 = 3_000;
/// Appendix A.1: a larger step back is a restart and no disorder.
const MAX_MISORDER: u16 = 100;
/// Packets of a source that was just replaced are late ones, not a change back.
const STRAGGLERS: Duration = Duration::from_millis(200);

/// What a packet means for the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The stream goes on.
    Next,
    /// The stream begins anew: another SSRC, or the same one with other numbers.
    Restart,
    /// Not to be passed on.
    Stray,
}

/// A leg's incoming stream over all its sources.
#[derive(Debug, Clone, Default)]
pub struct Reception {
    source: Option<Source>,
    replaced: Option<(u32, Moment)>,
    received: u64,
    /// Lost packets of sources that are over.
    lost_before: u64,
    reported: (u64, u64),
}

#[derive(Debug, Clone)]
struct Source {
    ssrc: u32,
    /// Extended by the number of wraparounds.
    first: u64,
    highest: u64,
    received: u64,
    /// Appendix A.1 `bad_seq`: where a restarted stream would go on.
    restart_at: Option<u16>,
    transit: Option<u32>,
    /// In sixteenths of a tick.
    jitter: u32,
    /// Ticks a second.
    rate: u32,
}

/// What a report block says of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub ssrc: u32,
    pub fraction_lost: u8,
    pub cumulative_lost: u32,
    pub highest: u32,
    pub jitter: u32,
}

impl Reception {
    /// A packet came.
    pub fn arrive(&mut self, header: &Header, timing: Timing, now: Moment) -> Arrival {
        let arrival = self.place(header, now);
        if arrival != Arrival::Stray {
            self.received += 1;
        }
        if let (true, Some(source)) = (timing.flows && arrival != Arrival::Stray, &mut self.source) {
            source.measure(header.timestamp, timing.rate, now);
        }
        arrival
    }

    fn place(&mut self, header: &Header, now: Moment) -> Arrival {
        let Some(source) = &mut self.source else {
            self.source = Some(Source::new(header));
            return Arrival::Restart;
        };
        if source.ssrc == header.ssrc {
            return match source.place(header.sequence) {
                Arrival::Restart => {
                    self.begin(header);
                    Arrival::Restart
                }
                arrival @ (Arrival::Next | Arrival::Stray) => arrival,
            };
        }
        let straggles = |(ssrc, at): (u32, Moment)| ssrc == header.ssrc && now.since(at) < STRAGGLERS;
        if self.replaced.is_some_and(straggles) {
            return Arrival::Stray;
        }
        self.replaced = Some((source.ssrc, now));
        self.begin(header);
        Arrival::Restart
    }

    fn begin(&mut self, header: &Header) {
        self.lost_before += self.source.as_ref().map_or(0, Source::lost);
        self.source = Some(Source::new(header));
        self.reported = (0, 0);
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    pub fn lost(&self) -> u64 {
        self.lost_before + self.source.as_ref().map_or(0, Source::lost)
    }

    pub fn jitter_ms(&self) -> f64 {
        self.source.as_ref().map_or(0.0, |source| {
            f64::from(source.jitter) / 16.0 * 1_000.0 / f64::from(source.rate)
        })
    }

    /// For the next report block; the fraction is counted since the last call.
    pub fn report(&mut self) -> Option<Report> {
        let source = self.source.as_ref()?;
        let (expected, received) = (source.expected(), source.received);
        let (expected_before, received_before) = self.reported;
        self.reported = (expected, received);
        let expected_now = expected.saturating_sub(expected_before);
        let lost_now = expected_now.saturating_sub(received.saturating_sub(received_before));
        let fraction = (lost_now * 256).checked_div(expected_now).unwrap_or(0);
        Some(Report {
            ssrc: source.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            cumulative_lost: u32::try_from(source.lost()).unwrap_or(u32::MAX).min(0x7f_ffff),
            highest: low_bits(source.highest),
            jitter: source.jitter / 16,
        })
    }
}

impl Source {
    fn new(header: &Header) -> Self {
        // One cycle ahead, so that late packets from before the first one have a place.
        let first = u64::from(header.sequence) + (1 << 16);
        Source {
            ssrc: header.ssrc,
            first,
            highest: first,
            received: 1,
            restart_at: None,
            transit: None,
            jitter: 0,
            rate: RATE,
        }
    }

    fn place(&mut self, sequence: u16) -> Arrival {
        let highest = u16::try_from(self.highest & 0xffff).unwrap_or(0);
        let ahead = sequence.wrapping_sub(highest);
        let behind = highest.wrapping_sub(sequence);
        if ahead < MAX_DROPOUT {
            self.highest += u64::from(ahead);
        } else if behind >= MAX_MISORDER {
            if self.restart_at == Some(sequence) {
                return Arrival::Restart;
            }
            self.restart_at = Some(sequence.wrapping_add(1));
            return Arrival::Stray;
        }
        self.restart_at = None;
        self.received += 1;
        Arrival::Next
    }

    fn measure(&mut self, timestamp: u32, rate: u32, now: Moment) {
        if std::mem::replace(&mut self.rate, rate) != rate {
            (self.transit, self.jitter) = (None, 0);
        }
        let arrived = now.ticks_since(Moment::default(), rate);
        let transit = arrived.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let change = transit.wrapping_sub(before).cast_signed().unsigned_abs();
            // A step of more than a second is a new clock, not jitter.
            if change < rate {
                self.jitter = self.jitter + change - ((self.jitter + 8) >> 4);
            }
        }
    }

    fn expected(&self) -> u64 {
        self.highest - self.first + 1
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp,
            ssrc,
            payload: 12..172,
        }
    }

    fn received(packets: &[(u32, u16)]) -> (Vec<Arrival>, Reception) {
        let mut reception = Reception::default();
        let arrivals = packets.iter().zip(0_u64..).map(|((ssrc, sequence), place)| {
            let now = Moment::from_micros(place * 20_000);
            reception.arrive(
                &header(*ssrc, *sequence, u32::from(*sequence) * 160),
                Timing::audio(RATE),
                now,
            )
        });
        let arrivals = arrivals.collect();
        (arrivals, reception)
    }

    #[test]
    fn a_stream_is_followed() {
        use Arrival::{Next, Restart, Stray};
        let check = |packets: &[(u32, u16)], expected: &[Arrival], lost: u64| {
            let (arrivals, reception) = received(packets);
            assert_eq!(arrivals, expected, "{packets:?}");
            assert_eq!(reception.lost(), lost, "{packets:?}");
        };
        check(&[(1, 10), (1, 11), (1, 12)], &[Restart, Next, Next], 0);
        check(&[(1, 10), (1, 13)], &[Restart, Next], 2);
        check(&[(1, 10), (1, 12), (1, 11)], &[Restart, Next, Next], 0);
        check(&[(1, 65_535), (1, 0), (1, 2)], &[Restart, Next, Next], 1);
        check(&[(1, 10), (1, 30_000), (1, 11)], &[Restart, Stray, Next], 0);
        check(
            &[(1, 10), (1, 30_000), (1, 30_001), (1, 30_002)],
            &[Restart, Stray, Restart, Next],
            0,
        );
        check(
            &[(1, 10), (1, 12), (2, 500), (1, 13), (2, 502)],
            &[Restart, Next, Restart, Stray, Next],
            2,
        );
        check(&[(1, 10), (1, 9)], &[Restart, Next], 0);
    }

    #[test]
    fn an_even_stream_has_no_jitter_and_an_uneven_one_has() {
        let mut even = Reception::default();
        let mut uneven = Reception::default();
        for number in 0..200_u16 {
            let at = u64::from(number) * 20_000;
            let late = if number % 2 == 0 { 0 } else { 10_000 };
            let packet = header(1, number, u32::from(number) * 160);
            even.arrive(&packet, Timing::audio(RATE), Moment::from_micros(at));
            uneven.arrive(&packet, Timing::audio(RATE), Moment::from_micros(at + late));
        }
        assert!(even.jitter_ms() < 0.2, "{}", even.jitter_ms());
        assert!((uneven.jitter_ms() - 10.0).abs() < 1.0, "{}", uneven.jitter_ms());
    }

    #[test]
    fn jitter_is_told_by_the_clock_of_the_stream() {
        let mut opus = Reception::default();
        for number in 0..200_u16 {
            let late = if number % 2 == 0 { 0 } else { 10_000 };
            let packet = header(1, number, u32::from(number) * 960);
            let now = Moment::from_micros(u64::from(number) * 20_000 + late);
            opus.arrive(&packet, Timing::audio(48_000), now);
        }
        assert!((opus.jitter_ms() - 10.0).abs() < 1.0, "{}", opus.jitter_ms());
        assert!(opus.report().unwrap().jitter.abs_diff(480) < 48);
    }

    #[test]
    fn a_report_counts_the_fraction_since_the_last_one() {
        let mut reception = Reception::default();
        let event = Timing {
            rate: RATE,
            flows: false,
        };
        let send = |reception: &mut Reception, numbers: std::ops::Range<u16>, every: usize| {
            for number in numbers.step_by(every) {
                reception.arrive(&header(7, number, 0), event, Moment::default());
            }
        };
        send(&mut reception, 0..100, 1);
        assert_eq!(
            reception.report().map(|report| (report.ssrc, report.fraction_lost)),
            Some((7, 0))
        );
        send(&mut reception, 101..200, 2);
        let report = reception.report().unwrap();
        assert_eq!((report.fraction_lost, report.cumulative_lost), (128, 50));
        assert_eq!(report.highest & 0xffff, 199);
        assert_eq!(reception.report().map(|report| report.fraction_lost), Some(0));
    }
}
