//! Protecting what goes out and opening what comes in.

use subtle::ConstantTimeEq;

use super::kdf::{Purpose, SessionKeys};
use super::window::Window;
use super::{Key, Suite};

/// Streams of one sender that are told apart: a phone that changes its SSRC begins another.
const STREAMS: usize = 4;
/// Bytes of RTCP's tag (RFC 4568 section 6.2).
const RTCP_TAG: usize = 10;
/// RTCP's index and the flag that says that it is encrypted.
const RTCP_INDEX: usize = 4;
/// What of an RTCP compound is never encrypted.
const RTCP_CLEAR: usize = 8;
const ENCRYPTED: u32 = 1 << 31;

/// One direction's keys.
#[derive(Clone)]
struct Keys {
    suite: Suite,
    rtp: SessionKeys,
    rtcp: SessionKeys,
}

impl Keys {
    fn new(key: &Key) -> Keys {
        Keys {
            suite: key.suite,
            rtp: SessionKeys::derive(key, Purpose::Rtp),
            rtcp: SessionKeys::derive(key, Purpose::Rtcp),
        }
    }
}

/// Protects our one stream.
#[derive(Clone)]
pub struct Sender {
    key: Key,
    keys: Keys,
    sent: Option<Window>,
    reports: u32,
}

impl Sender {
    /// Takes memory and time: not for the packet path.
    pub fn new(key: &Key) -> Sender {
        Sender {
            key: *key,
            keys: Keys::new(key),
            sent: None,
            reports: 0,
        }
    }

    pub fn is_for(&self, key: &Key) -> bool {
        self.key == *key
    }

    /// Encrypts an RTP packet of `length` bytes at the beginning of `buffer` and puts the tag behind it; gives the new length.
    /// `None` if there is no room.
    pub fn protect(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let rtp = Rtp::read(buffer.get(..length)?)?;
        let index = self
            .sent
            .map_or(u64::from(rtp.sequence), |sent| sent.guess(rtp.sequence));
        match &mut self.sent {
            Some(sent) => sent.take(index),
            None => self.sent = Some(Window::starting(index)),
        }
        let tag = self.keys.suite.tag();
        let (packet, behind) = buffer.split_at_mut(length);
        let place = behind.get_mut(..tag)?;
        self.keys.rtp.crypt(rtp.ssrc, index, packet.get_mut(rtp.payload..)?);
        let mac = self.keys.rtp.authenticate(packet, &rollover(index));
        place.copy_from_slice(mac.get(..tag)?);
        Some(length + tag)
    }

    /// Encrypts an RTCP compound and appends index and tag (section 3.4).
    pub fn protect_rtcp(&mut self, compound: &mut Vec<u8>) {
        let Some(ssrc) = compound.get(4..8).and_then(|ssrc| ssrc.first_chunk()) else {
            return;
        };
        let ssrc = u32::from_be_bytes(*ssrc);
        self.reports = self.reports.wrapping_add(1) & !ENCRYPTED;
        let index = u64::from(self.reports);
        if let Some(secret) = compound.get_mut(RTCP_CLEAR..) {
            self.keys.rtcp.crypt(ssrc, index, secret);
        }
        compound.extend_from_slice(&(self.reports | ENCRYPTED).to_be_bytes());
        let mac = self.keys.rtcp.authenticate(compound, &[]);
        compound.extend(mac.into_iter().take(RTCP_TAG));
    }
}

/// Opens what one phone sends.
#[derive(Clone)]
pub struct Receiver {
    key: Key,
    keys: Keys,
    streams: [Option<(u32, Window)>; STREAMS],
    /// Where the next new stream is kept.
    next: usize,
    reports: Option<Window>,
}

impl Receiver {
    /// Takes memory and time: not for the packet path.
    pub fn new(key: &Key) -> Receiver {
        Receiver {
            key: *key,
            keys: Keys::new(key),
            streams: [None; STREAMS],
            next: 0,
            reports: None,
        }
    }

    pub fn is_for(&self, key: &Key) -> bool {
        self.key == *key
    }

    /// Decrypts an RTP packet in place and gives its length without the tag. `None` if it is not authentic or came before.
    pub fn open(&mut self, packet: &mut [u8]) -> Option<usize> {
        let length = packet.len().checked_sub(self.keys.suite.tag())?;
        let (packet, tag) = packet.split_at_mut(length);
        let rtp = Rtp::read(packet)?;
        let known = self.streams.iter_mut().flatten().find(|(ssrc, _)| *ssrc == rtp.ssrc);
        let index = match &known {
            Some((_, window)) => window.guess(rtp.sequence),
            None => u64::from(rtp.sequence),
        };
        if known.as_ref().is_some_and(|(_, window)| !window.is_new(index)) {
            return None;
        }
        let mac = self.keys.rtp.authenticate(packet, &rollover(index));
        if !bool::from(mac.get(..tag.len())?.ct_eq(tag)) {
            return None;
        }
        match known {
            Some((_, window)) => window.take(index),
            None => {
                let place = self.streams.get_mut(self.next % STREAMS)?;
                *place = Some((rtp.ssrc, Window::starting(index)));
                self.next = (self.next + 1) % STREAMS;
            }
        }
        self.keys.rtp.crypt(rtp.ssrc, index, packet.get_mut(rtp.payload..)?);
        Some(length)
    }

    /// Decrypts an RTCP compound in place and gives its length without index and tag.
    pub fn open_rtcp(&mut self, compound: &mut [u8]) -> Option<usize> {
        let authenticated = compound.len().checked_sub(RTCP_TAG)?;
        let length = authenticated.checked_sub(RTCP_INDEX)?;
        let mac = self.keys.rtcp.authenticate(compound.get(..authenticated)?, &[]);
        let tag = compound.get(authenticated..)?;
        if !bool::from(mac.get(..RTCP_TAG)?.ct_eq(tag)) {
            return None;
        }
        let flagged = u32::from_be_bytes(*compound.get(length..)?.first_chunk()?);
        let index = u64::from(flagged & !ENCRYPTED);
        match &mut self.reports {
            Some(reports) if !reports.is_new(index) => return None,
            Some(reports) => reports.take(index),
            None => self.reports = Some(Window::starting(index)),
        }
        let ssrc = u32::from_be_bytes(*compound.get(4..)?.first_chunk()?);
        if flagged & ENCRYPTED != 0 {
            self.keys.rtcp.crypt(ssrc, index, compound.get_mut(RTCP_CLEAR..length)?);
        }
        Some(length)
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sender").field(&self.key).finish()
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Receiver").field(&self.key).finish()
    }
}

/// What SRTP must know of a packet.
#[derive(Debug, Clone, Copy)]
struct Rtp {
    sequence: u16,
    ssrc: u32,
    /// Behind the header, its sources and its extension: what is encrypted (section 3.1).
    payload: usize,
}

impl Rtp {
    fn read(packet: &[u8]) -> Option<Rtp> {
        let [first, _, high, low, _, _, _, _, a, b, c, d, ..] = packet else {
            return None;
        };
        let mut payload = 12 + 4 * usize::from(first & 0x0f);
        if first & 0x10 != 0 {
            let [_, _, high, low] = packet.get(payload..)?.first_chunk::<4>()?;
            payload += 4 + 4 * usize::from(u16::from_be_bytes([*high, *low]));
        }
        (first >> 6 == 2 && payload <= packet.len()).then_some(Rtp {
            sequence: u16::from_be_bytes([*high, *low]),
            ssrc: u32::from_be_bytes([*a, *b, *c, *d]),
            payload,
        })
    }
}

/// The rollover counter, which is authenticated and not sent.
fn rollover(index: u64) -> [u8; 4] {
    let [_, _, a, b, c, d, _, _] = index.to_be_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::super::OVERHEAD;
    use super::*;
    use crate::rtp::packet::{HEADER, Header};

    fn pair(suite: Suite) -> (Sender, Receiver) {
        let key = Key::random(suite, &mut StdRng::seed_from_u64(5));
        (Sender::new(&key), Receiver::new(&key))
    }

    fn packet(ssrc: u32, sequence: u16) -> Vec<u8> {
        let mut packet = vec![7; HEADER + 160];
        let header = Header {
            marker: false,
            payload_type: 8,
            sequence,
            timestamp: 1,
            ssrc,
            payload: HEADER..HEADER + 160,
        };
        header.write(&mut packet).unwrap();
        packet
    }

    fn protected(sender: &mut Sender, packet: &[u8]) -> Vec<u8> {
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + OVERHEAD, 0);
        let length = sender.protect(&mut buffer, packet.len()).unwrap();
        buffer.truncate(length);
        buffer
    }

    #[test]
    fn what_was_protected_can_be_opened_and_read_by_nobody_else() {
        for suite in Suite::ALL {
            let (mut sender, mut receiver) = pair(suite);
            let plain = packet(9, 65_535);
            let mut secret = protected(&mut sender, &plain);
            assert_eq!(secret.len(), plain.len() + suite.tag());
            assert_eq!(secret[..HEADER], plain[..HEADER]);
            assert!(secret[HEADER..].windows(8).all(|window| window != [7; 8]));
            let length = receiver.open(&mut secret).unwrap();
            assert_eq!(secret[..length], plain);
            let other = Key::random(suite, &mut StdRng::seed_from_u64(6));
            assert_eq!(Receiver::new(&other).open(&mut protected(&mut sender, &plain)), None);
        }
    }

    #[test]
    fn a_changed_bit_or_a_repeated_packet_is_no_packet() {
        let (mut sender, mut receiver) = pair(Suite::Sha1_80);
        let secret = protected(&mut sender, &packet(9, 1));
        for place in 0..secret.len() {
            let mut changed = secret.clone();
            changed[place] ^= 4;
            assert_eq!(receiver.clone().open(&mut changed), None, "{place}");
        }
        assert!(receiver.open(&mut secret.clone()).is_some());
        assert_eq!(receiver.open(&mut secret.clone()), None);
    }

    #[test]
    fn numbers_may_roll_over_and_come_out_of_order() {
        let (mut sender, mut receiver) = pair(Suite::Sha1_32);
        for number in (0..200_000_u32).step_by(1_000) {
            let sequences = [number, number + 1].map(|number| u16::try_from(number % 65_536).unwrap());
            let [mut first, mut second] = sequences.map(|sequence| protected(&mut sender, &packet(3, sequence)));
            assert!(receiver.open(&mut second).is_some(), "{number}");
            assert!(receiver.open(&mut first).is_some(), "{number}");
        }
    }

    #[test]
    fn another_ssrc_is_another_stream() {
        let key = Key::random(Suite::Sha1_80, &mut StdRng::seed_from_u64(5));
        let mut receiver = Receiver::new(&key);
        for ssrc in 0..10 {
            let mut sender = Sender::new(&key);
            for number in 0..3 {
                assert!(
                    receiver
                        .open(&mut protected(&mut sender, &packet(ssrc, 100 + number)))
                        .is_some()
                );
            }
        }
    }

    #[test]
    fn reports_are_protected_too() {
        let (mut sender, mut receiver) = pair(Suite::Sha1_32);
        let plain: Vec<u8> = [0x81, 201, 0, 7].into_iter().chain(0..28).collect();
        let mut secret = plain.clone();
        sender.protect_rtcp(&mut secret);
        assert_eq!(secret.len(), plain.len() + OVERHEAD);
        assert_ne!(secret[8..plain.len()], plain[8..]);
        let mut changed = secret.clone();
        changed[9] ^= 1;
        assert_eq!(receiver.open_rtcp(&mut changed), None);
        let again = secret.clone();
        let length = receiver.open_rtcp(&mut secret).unwrap();
        assert_eq!(secret[..length], plain);
        assert_eq!(receiver.open_rtcp(&mut again.clone()), None);
    }

    proptest! {
        #[test]
        fn opening_anything_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let (mut sender, mut receiver) = pair(Suite::Sha1_80);
            prop_assert_eq!(receiver.open(&mut bytes), None);
            prop_assert_eq!(receiver.open_rtcp(&mut bytes), None);
            let length = bytes.len();
            bytes.resize(length + OVERHEAD, 0);
            sender.protect(&mut bytes, length);
            sender.protect_rtcp(&mut bytes);
        }
    }
}
