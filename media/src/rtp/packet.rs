//! Reading an RTP header and writing one in place.

use std::ops::Range;

use rtp_rs::RtpReader;

/// Length of a header without sources and extension.
pub const HEADER: usize = 12;

/// RFC 3550 section 5.1, as far as a relay needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// Where the payload is in the datagram, without padding.
    pub payload: Range<usize>,
}

impl Header {
    /// `None` for what is no RTP packet of version 2 with a payload.
    pub fn read(datagram: &[u8]) -> Option<Header> {
        let reader = RtpReader::new(datagram).ok()?;
        let start = reader.payload_offset();
        let payload = reader.payload();
        if payload.is_empty() {
            return None;
        }
        Some(Header {
            marker: reader.mark(),
            payload_type: reader.payload_type(),
            sequence: reader.sequence_number().into(),
            timestamp: reader.timestamp(),
            ssrc: reader.ssrc(),
            payload: start..start + payload.len(),
        })
    }

    /// Writes a plain header right before the payload and says where the packet then is: sources, extensions and
    /// padding of the other leg are left out.
    pub fn write(&self, datagram: &mut [u8]) -> Option<Range<usize>> {
        let start = self.payload.start.checked_sub(HEADER)?;
        let header = datagram.get_mut(start..)?.first_chunk_mut::<HEADER>()?;
        let [version, kind, rest @ ..] = header;
        *version = 0x80;
        *kind = self.payload_type & 0x7f | if self.marker { 0x80 } else { 0 };
        let [sequence_high, sequence_low, rest @ ..] = rest;
        [*sequence_high, *sequence_low] = self.sequence.to_be_bytes();
        let (timestamp, ssrc) = rest.split_at_mut(4);
        timestamp.copy_from_slice(&self.timestamp.to_be_bytes());
        ssrc.copy_from_slice(&self.ssrc.to_be_bytes());
        Some(start..self.payload.end)
    }
}

/// RFC 5761 section 4: tells RTCP from RTP on one port.
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [version, 192..=223, ..] if version >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_is_read_with_all_its_parts() {
        let mut datagram = vec![0xb2, 0x88, 0x12, 0x34, 0, 0, 0, 160, 1, 2, 3, 4];
        datagram.extend([0; 8]);
        datagram.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
        datagram.extend([7; 20]);
        datagram.extend([0, 0, 3]);
        let header = Header::read(&datagram).unwrap();
        let expected = Header {
            marker: true,
            payload_type: 8,
            sequence: 0x1234,
            timestamp: 160,
            ssrc: 0x0102_0304,
            payload: 28..48,
        };
        assert_eq!(header, expected);
        let out = header.write(&mut datagram).unwrap();
        assert_eq!(out, 16..48);
        let written = Header::read(&datagram[out]).unwrap();
        assert_eq!(
            written,
            Header {
                payload: 12..32,
                ..expected
            }
        );
    }

    #[test]
    fn rtcp_is_told_from_rtp() {
        for (datagram, rtcp) in [
            (&[0x80, 200, 0, 6][..], true),
            (&[0x81, 201, 0, 7], true),
            (&[0x80, 0x80 | 8, 0, 6], false),
            (&[0x80, 0, 0, 1], false),
            (&[0x00, 200, 0, 1], false),
            (&[0x80], false),
            (&[], false),
        ] {
            assert_eq!(is_rtcp(datagram), rtcp, "{datagram:?}");
        }
    }

    proptest! {
        #[test]
        fn reading_anything_never_panics(datagram in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut datagram = datagram;
            if let Some(header) = Header::read(&datagram) {
                prop_assert!(header.payload.end <= datagram.len());
                prop_assert!(header.write(&mut datagram).is_some());
            }
        }

        #[test]
        fn what_was_written_is_read_again(
            marker: bool, payload_type in 0_u8..128, sequence: u16, timestamp: u32, ssrc: u32, size in 1_usize..200
        ) {
            let mut datagram = vec![5; HEADER + size];
            let header = Header { marker, payload_type, sequence, timestamp, ssrc, payload: HEADER..HEADER + size };
            prop_assert_eq!(header.write(&mut datagram), Some(0..HEADER + size));
            prop_assert_eq!(Header::read(&datagram), Some(header));
        }
    }
}
