//! Sender and receiver reports (RFC 3550 section 6): writing ours, reading the other side's.

use rtcp_types::prelude::*;
use rtcp_types::{Bye, Compound, Packet, ReceiverReport, ReportBlock, Sdes, SdesChunk, SdesItem, SenderReport};

use super::rewrite::Rewriter;
use super::sequence::{Reception, Report};
use crate::clock::{Moment, low_bits};

/// Our reports of one leg.
#[derive(Debug, Clone)]
pub struct Reporter {
    /// RFC 7022: random, without a trace of who we are.
    name: String,
    /// The middle of the last sender report's time, and when it came.
    heard: Option<(u32, Moment)>,
    received: u64,
    sent: u64,
    round_trip: Option<u32>,
}

/// The clock that reports speak of.
#[derive(Debug, Clone, Copy)]
pub struct ReportTime {
    pub now: Moment,
    /// NTP format (RFC 3550 section 4).
    pub ntp: u64,
}

impl Reporter {
    pub fn new(name: u64) -> Self {
        Reporter {
            name: format!("{name:016x}"),
            heard: None,
            received: 0,
            sent: 0,
            round_trip: None,
        }
    }

    /// Compounds that came from the other side.
    pub fn received(&self) -> u64 {
        self.received
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// In units of 1/65536 s, by the other side's last report (section 6.4.1).
    pub fn round_trip(&self) -> Option<u32> {
        self.round_trip
    }

    /// Reads a compound; false if it is none.
    pub fn read(&mut self, datagram: &[u8], our_ssrc: u32, time: ReportTime) -> bool {
        let Ok(compound) = Compound::parse(datagram) else {
            return false;
        };
        let mut any = false;
        for packet in compound {
            let Ok(packet) = packet else {
                break;
            };
            any = true;
            if let Packet::Sr(report) = &packet {
                self.heard = Some((low_bits(report.ntp_timestamp() >> 16), time.now));
                report
                    .report_blocks()
                    .for_each(|block| self.measure(&block, our_ssrc, time));
            }
            if let Packet::Rr(report) = &packet {
                report
                    .report_blocks()
                    .for_each(|block| self.measure(&block, our_ssrc, time));
            }
        }
        self.received += u64::from(any);
        any
    }

    fn measure(&mut self, block: &ReportBlock<'_>, our_ssrc: u32, time: ReportTime) {
        let last = block.last_sender_report_timestamp();
        if block.ssrc() != our_ssrc || last == 0 {
            return;
        }
        let middle = low_bits(time.ntp >> 16);
        let away = middle
            .wrapping_sub(last)
            .wrapping_sub(block.delay_since_last_sender_report_timestamp());
        // Clocks that disagree give a negative time.
        self.round_trip = (away < 60 << 16).then_some(away);
    }

    /// A report with our name, and a goodbye if `last`.
    pub fn write(
        &mut self,
        sending: &Rewriter,
        reception: &mut Reception,
        time: ReportTime,
        last: bool,
    ) -> Option<Vec<u8>> {
        let ssrc = sending.ssrc();
        let block = reception.report().map(|report| self.block(report, time.now));
        let name = SdesItem::builder(SdesItem::CNAME, &self.name);
        let sdes = Sdes::builder().add_chunk(SdesChunk::builder(ssrc).add_item(name));
        let mut compound = Compound::builder();
        compound = if sending.sent_at().is_some() {
            let mut report = SenderReport::builder(ssrc)
                .ntp_timestamp(time.ntp)
                .rtp_timestamp(sending.timestamp_at(time.now))
                .packet_count(low_bits(sending.packets()))
                .octet_count(low_bits(sending.octets()));
            if let Some(block) = block {
                report = report.add_report_block(block);
            }
            compound.add_packet(report)
        } else {
            let mut report = ReceiverReport::builder(ssrc);
            if let Some(block) = block {
                report = report.add_report_block(block);
            }
            compound.add_packet(report)
        };
        compound = compound.add_packet(sdes);
        if last {
            compound = compound.add_packet(Bye::builder().add_source(ssrc));
        }
        let mut report = vec![0; compound.calculate_size().ok()?];
        compound.write_into(&mut report).ok()?;
        self.sent += 1;
        Some(report)
    }

    fn block(&self, report: Report, now: Moment) -> rtcp_types::ReportBlockBuilder {
        let mut block = ReportBlock::builder(report.ssrc)
            .fraction_lost(report.fraction_lost)
            .cumulative_lost(report.cumulative_lost)
            .extended_sequence_number(report.highest)
            .interarrival_jitter(report.jitter);
        if let Some((middle, at)) = self.heard {
            let delay = u64::try_from(now.since(at).as_micros()).unwrap_or(u64::MAX);
            let delay = u32::try_from(delay.saturating_mul(65_536) / 1_000_000).unwrap_or(u32::MAX);
            block = block
                .last_sender_report_timestamp(middle)
                .delay_since_last_sender_report_timestamp(delay);
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use crate::rtp::Timing;

    use super::*;
    use crate::rtp::packet::{Header, is_rtcp};

    fn header(sequence: u16) -> Header {
        Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 77,
            payload: 12..172,
        }
    }

    fn time(milliseconds: u64) -> ReportTime {
        ReportTime {
            now: Moment::default().after(Duration::from_millis(milliseconds)),
            ntp: (milliseconds << 32) / 1_000,
        }
    }

    fn kinds(datagram: &[u8]) -> Vec<u8> {
        let mut kinds = Vec::new();
        let mut rest = datagram;
        while let [_, kind, high, low, ..] = rest {
            kinds.push(*kind);
            rest = &rest[4 + 4 * usize::from(u16::from_be_bytes([*high, *low]))..];
        }
        kinds
    }

    #[test]
    fn a_sender_reports_as_one_and_a_listener_as_the_other() {
        let mut reporter = Reporter::new(1);
        let mut sending = Rewriter::new(5, 1, 1);
        let mut reception = Reception::default();
        let report = reporter.write(&sending, &mut reception, time(0), false).unwrap();
        assert_eq!(kinds(&report), [201, 202]);
        assert!(is_rtcp(&report));
        sending.rewrite(&mut header(1), Timing::audio(8_000), time(0).now);
        let report = reporter.write(&sending, &mut reception, time(0), true).unwrap();
        assert_eq!(kinds(&report), [200, 202, 203]);
        assert_eq!(reporter.sent(), 2);
    }

    #[test]
    fn a_report_tells_what_was_lost_and_how_long_the_way_is() {
        let (mut ours, mut theirs) = (Reporter::new(1), Reporter::new(2));
        let (mut sending, mut answering) = (Rewriter::new(5, 1, 1), Rewriter::new(6, 1, 1));
        let (mut heard, mut nothing) = (Reception::default(), Reception::default());
        for number in (0..100).filter(|number| *number != 50) {
            heard.arrive(&header(number), Timing::audio(8_000), time(u64::from(number) * 20).now);
        }
        sending.rewrite(&mut header(1), Timing::audio(8_000), time(0).now);
        answering.rewrite(&mut header(1), Timing::audio(8_000), time(0).now);
        let report = ours.write(&sending, &mut heard, time(3_000), false).unwrap();
        let Some(Ok(Packet::Sr(sr))) = Compound::parse(&report).unwrap().next() else {
            panic!("no sender report first");
        };
        let block = sr.report_blocks().next().unwrap();
        assert_eq!(
            (block.ssrc(), block.cumulative_lost(), block.fraction_lost()),
            (77, 1, 2)
        );
        // 40 ms there, a second of thought, 60 ms back.
        let mut back = Reception::default();
        back.arrive(&Header { ssrc: 5, ..header(1) }, Timing::audio(8_000), time(0).now);
        assert!(theirs.read(&report, 6, time(3_040)));
        let reply = theirs.write(&answering, &mut back, time(4_040), false).unwrap();
        assert!(ours.read(&reply, 5, time(4_100)));
        let way = ours.round_trip().unwrap();
        assert!(way.abs_diff(6_553) < 20, "{way}");
        assert!(theirs.write(&answering, &mut nothing, time(5_000), false).is_some());
    }

    proptest! {
        #[test]
        fn reading_anything_never_panics(mut datagram in prop::collection::vec(any::<u8>(), 0..200), kind in 190_u8..210) {
            Reporter::new(1).read(&datagram, 5, time(0));
            if let [version, packet_type, high, low, ..] = datagram.as_mut_slice() {
                *version = *version & 0x3f | 0x80;
                *packet_type = kind;
                *high = 0;
                *low &= 0x1f;
            }
            Reporter::new(1).read(&datagram, 5, time(0));
        }
    }
}
