//! Two legs' media joined: a packet of one comes in, a packet for the other goes out of the same bytes.
//!
//! Pure: no clock, no socket, no allocation.

use std::net::SocketAddr;
use std::ops::Range;

use crate::clock::Moment;
use crate::g711;
use crate::io::command::{Codec, LegMedia, LegStats};
use crate::latch::Latch;
use crate::rtp::dtmf::{Event, Keys};
use crate::rtp::packet::Header;
use crate::rtp::rewrite::Rewriter;
use crate::rtp::sequence::{Arrival, Reception};
use crate::srtp::{Crypto, Receiver, Sender};
use crate::tap::{Align, FRAME_SAMPLES, Side, TapFrame};

mod feed;

pub use feed::{PACKET, Tick};

/// RFC 3389.
const COMFORT_NOISE: u8 = 13;

/// Our side of one party's media, without its socket.
#[derive(Debug, Clone)]
pub struct Leg {
    settled: Option<Settled>,
    pub(crate) reception: Reception,
    pub(crate) sending: Rewriter,
    tap: Option<TapPoint>,
    foreign: u64,
    forged: u64,
    /// When a sign of life last came, or was first to be expected.
    alive_at: Moment,
    heard: bool,
    /// What it hears in place of its peer.
    feed: Option<Box<feed::Feed>>,
    /// It hears itself.
    pub(crate) echo: bool,
    keys: Option<Keys>,
    key: Option<char>,
}

/// What an exchange settled, and who turned out to send.
#[derive(Debug, Clone)]
struct Settled {
    media: LegMedia,
    latch: Latch,
    rtcp_from: Option<SocketAddr>,
    srtp: Option<Box<Srtp>>,
}

/// Both directions of a leg that speaks SRTP.
#[derive(Debug, Clone)]
struct Srtp {
    sender: Sender,
    receiver: Receiver,
}

impl Srtp {
    /// What goes on with the same keys keeps its counters.
    fn renew(before: Option<Box<Srtp>>, crypto: Option<&Crypto>) -> Option<Box<Srtp>> {
        let Crypto { ours, theirs } = crypto?;
        let (sender, receiver) = before.map(|srtp| (srtp.sender, srtp.receiver)).unzip();
        Some(Box::new(Srtp {
            sender: sender
                .filter(|sender| sender.is_for(ours))
                .unwrap_or_else(|| Sender::new(ours)),
            receiver: receiver
                .filter(|receiver| receiver.is_for(theirs))
                .unwrap_or_else(|| Receiver::new(theirs)),
        }))
    }
}

#[derive(Debug, Clone)]
struct TapPoint {
    recording: u128,
    side: Side,
    align: Align,
}

/// A datagram on a leg's RTP port.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The datagram, and behind it room for what encryption adds.
    pub buffer: &'a mut [u8],
    /// Of the datagram.
    pub length: usize,
    pub source: SocketAddr,
    pub now: Moment,
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// These bytes of the buffer go to the other leg.
    Forward {
        bytes: Range<usize>,
        to: SocketAddr,
        first: bool,
    },
    /// It was taken in and is not passed on.
    Kept { first: bool },
    /// It came from somebody else.
    Foreign,
    /// It is no packet of this leg's stream.
    Ignored,
}

/// What a payload type means on a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Audio(Codec),
    TelephoneEvent,
    ComfortNoise,
}

impl Leg {
    /// The outgoing stream's first numbers are random (RFC 3550 section 5.1).
    pub fn new(sending: Rewriter, now: Moment) -> Self {
        Leg {
            settled: None,
            reception: Reception::default(),
            sending,
            tap: None,
            foreign: 0,
            forged: 0,
            alive_at: now,
            heard: false,
            feed: None,
            echo: false,
            keys: None,
            key: None,
        }
    }

    /// An exchange was settled, the first or a later one.
    pub fn configure(&mut self, media: LegMedia, now: Moment) {
        let spoke = self
            .settled
            .as_ref()
            .is_some_and(|settled| settled.media.direction.they_send());
        if media.direction.they_send() && !spoke {
            self.alive_at = now;
        }
        match &mut self.settled {
            Some(settled) => {
                settled.latch.describe(media.remote, media.signalling);
                if settled.media.format.codec != media.format.codec || !media.direction.we_send() {
                    self.sending.change_source();
                }
                if settled.media.remote_rtcp != media.remote_rtcp {
                    settled.rtcp_from = None;
                }
                settled.srtp = Srtp::renew(settled.srtp.take(), media.crypto.as_ref());
                settled.media = media;
            }
            None => {
                self.settled = Some(Settled {
                    media,
                    latch: Latch::new(media.remote, media.signalling),
                    rtcp_from: None,
                    srtp: Srtp::renew(None, media.crypto.as_ref()),
                });
            }
        }
        self.retune();
    }

    /// Another leg will be heard from now on, and no sound of ours.
    pub fn change_peer(&mut self) {
        self.stop_playing();
        self.sending.change_source();
    }

    /// The leg hears itself from now on, or does no longer.
    pub fn set_echo(&mut self, on: bool) {
        if std::mem::replace(&mut self.echo, on) != on {
            self.sending.change_source();
        }
    }

    /// Whether pressed keys are kept for [`Leg::take_key`].
    pub fn listen(&mut self, on: bool) {
        self.keys = on.then(Keys::default);
        self.key = None;
    }

    /// The key whose press the last packet told.
    pub fn take_key(&mut self) -> Option<char> {
        self.key.take()
    }

    /// Copies what this leg says; another tap is replaced.
    pub fn tap(&mut self, recording: u128, side: Side, started: Moment) {
        self.tap = Some(TapPoint {
            recording,
            side,
            align: Align::new(started),
        });
    }

    /// Ends the copying, if it is for this recording.
    pub fn untap(&mut self, recording: u128) {
        self.tap.take_if(|tap| tap.recording == recording);
    }

    /// The recording that this leg is copied to.
    pub fn tapped(&self) -> Option<u128> {
        self.tap.as_ref().map(|tap| tap.recording)
    }

    /// When the last sign of life came, if one is to be expected.
    pub fn expected_since(&self) -> Option<Moment> {
        let settled = self.settled.as_ref()?;
        settled.media.direction.they_send().then_some(self.alive_at)
    }

    /// Where RTCP goes. One port may serve both (RFC 5761).
    pub fn rtcp_target(&self) -> Option<SocketAddr> {
        let settled = self.settled.as_ref()?;
        let rtp = settled.latch.target()?;
        if self.multiplexes_rtcp() {
            return Some(rtp);
        }
        let described = settled.media.remote_rtcp;
        // Behind a NAT the described host cannot be reached: the host that RTP comes from can.
        let guess = if rtp.ip() == settled.media.remote.ip() {
            described
        } else {
            SocketAddr::new(rtp.ip(), described.port())
        };
        let target = settled.rtcp_from.unwrap_or(guess);
        (!target.ip().is_unspecified() && target.port() != 0).then_some(target)
    }

    pub fn multiplexes_rtcp(&self) -> bool {
        let media = self.settled.as_ref().map(|settled| settled.media);
        media.is_some_and(|media| media.remote == media.remote_rtcp)
    }

    /// Opens an RTCP compound in place, if the leg speaks SRTP; gives its length, and `None` if it is not authentic.
    pub fn open_rtcp(&mut self, compound: &mut [u8]) -> Option<usize> {
        let Some(srtp) = self.settled.as_mut().and_then(|settled| settled.srtp.as_mut()) else {
            return Some(compound.len());
        };
        let length = srtp.receiver.open_rtcp(compound);
        self.forged += u64::from(length.is_none());
        length
    }

    /// Protects a report of ours, if the leg speaks SRTP.
    pub fn protect_rtcp(&mut self, compound: &mut Vec<u8>) {
        if let Some(srtp) = self.settled.as_mut().and_then(|settled| settled.srtp.as_mut()) {
            srtp.sender.protect_rtcp(compound);
        }
    }

    /// RTCP came; says whether it is this leg's. From its own port (not RTP's) the answers' address is learned.
    pub fn hear_rtcp(&mut self, from: SocketAddr, own_port: bool, now: Moment) -> bool {
        let Some(settled) = &mut self.settled else {
            return false;
        };
        if !settled.latch.knows(from.ip()) {
            self.foreign += 1;
            return false;
        }
        if own_port {
            settled.rtcp_from = Some(from);
        }
        self.alive_at = now;
        true
    }

    pub fn stats(&self) -> LegStats {
        LegStats {
            packets_received: self.reception.received(),
            packets_sent: self.sending.packets(),
            packets_lost: self.reception.lost(),
            jitter_ms: self.reception.jitter_ms(),
            packets_foreign: self.foreign,
            packets_forged: self.forged,
        }
    }

    fn content(media: &LegMedia, payload_type: u8) -> Option<Content> {
        let format = &media.format;
        if payload_type == format.payload_type {
            return Some(Content::Audio(format.codec));
        }
        if Some(payload_type) == format.telephone_event {
            return Some(Content::TelephoneEvent);
        }
        match payload_type {
            // RFC 3264 section 5.1: whoever was offered several codecs may change among them at any time.
            0 => Some(Content::Audio(Codec::Pcmu)),
            8 => Some(Content::Audio(Codec::Pcma)),
            COMFORT_NOISE => Some(Content::ComfortNoise),
            _ => None,
        }
    }
}

/// A datagram came for `from`; what goes out does so on the port of `to`.
pub fn step(
    from: &mut Leg,
    to: Option<&mut Leg>,
    mut incoming: Incoming<'_>,
    record: &mut impl FnMut(TapFrame),
) -> Outcome {
    let taken = match from.take(&mut incoming, record) {
        Ok(taken) => taken,
        Err(outcome) => return outcome,
    };
    let first = taken.first;
    match to.and_then(|to| forward(to, taken, incoming)) {
        Some((bytes, to)) => Outcome::Forward { bytes, to, first },
        None => Outcome::Kept { first },
    }
}

/// A datagram came for a leg that hears itself.
pub fn echo(leg: &mut Leg, mut incoming: Incoming<'_>, record: &mut impl FnMut(TapFrame)) -> Outcome {
    let taken = match leg.take(&mut incoming, record) {
        Ok(taken) => taken,
        Err(outcome) => return outcome,
    };
    let first = taken.first;
    match forward(leg, taken, incoming) {
        Some((bytes, to)) => Outcome::Forward { bytes, to, first },
        None => Outcome::Kept { first },
    }
}

/// A packet of a leg's stream.
struct Taken {
    header: Header,
    content: Content,
    restarted: bool,
    first: bool,
}

impl Leg {
    /// Judges a datagram that came for this leg, and takes from it what stays here.
    fn take(&mut self, incoming: &mut Incoming<'_>, record: &mut impl FnMut(TapFrame)) -> Result<Taken, Outcome> {
        let Incoming {
            buffer,
            length: size,
            source,
            now,
        } = incoming;
        let settled = self.settled.as_mut().ok_or(Outcome::Ignored)?;
        let mut datagram = buffer.get_mut(..*size).ok_or(Outcome::Ignored)?;
        if let Some(srtp) = &mut settled.srtp {
            let opened = srtp.receiver.open(datagram);
            self.forged += u64::from(opened.is_none());
            *size = opened.ok_or(Outcome::Foreign)?;
            datagram = datagram.get_mut(..*size).ok_or(Outcome::Ignored)?;
        }
        let header = Header::read(datagram).ok_or(Outcome::Ignored)?;
        let content = Leg::content(&settled.media, header.payload_type).ok_or(Outcome::Ignored)?;
        if !settled.latch.admit(*source, header.ssrc, header.sequence, *now) {
            self.foreign += 1;
            return Err(Outcome::Foreign);
        }
        if !settled.media.direction.they_send() {
            return Err(Outcome::Ignored);
        }
        self.alive_at = *now;
        let audio = matches!(content, Content::Audio(_));
        let arrival = self.reception.arrive(&header, audio, *now);
        if arrival == Arrival::Stray {
            return Err(Outcome::Ignored);
        }
        let restarted = arrival == Arrival::Restart;
        let payload = datagram.get(header.payload.clone()).unwrap_or_default();
        if let (Some(tap), Content::Audio(codec)) = (&mut self.tap, content) {
            if restarted {
                tap.align.restart();
            }
            let at = tap.align.place(header.timestamp, length(payload), *now);
            tap.copy(codec, at, payload, record);
        }
        if let (Some(keys), Content::TelephoneEvent) = (&mut self.keys, content) {
            self.key = Event::read(payload).and_then(|event| keys.hear(header.ssrc, header.timestamp, event));
        }
        Ok(Taken {
            header,
            content,
            restarted,
            first: !std::mem::replace(&mut self.heard, true),
        })
    }
}

impl TapPoint {
    fn copy(&self, codec: Codec, mut at: u32, audio: &[u8], record: &mut impl FnMut(TapFrame)) {
        for piece in audio.chunks(FRAME_SAMPLES) {
            record(TapFrame::new(self.recording, self.side, at, codec, piece));
            at = at.saturating_add(length(piece));
        }
    }
}

fn length(audio: &[u8]) -> u32 {
    u32::try_from(audio.len()).unwrap_or(0)
}

fn forward(to: &mut Leg, taken: Taken, incoming: Incoming<'_>) -> Option<(Range<usize>, SocketAddr)> {
    let Taken {
        mut header,
        content,
        restarted,
        ..
    } = taken;
    let Incoming { buffer, now, .. } = incoming;
    if to.feed.is_some() {
        return None;
    }
    if restarted {
        to.sending.change_source();
    }
    let settled = to.settled.as_mut()?;
    let target = settled.latch.target();
    let (Some(target), true) = (target, settled.media.direction.we_send()) else {
        to.sending.change_source();
        return None;
    };
    let format = settled.media.format;
    let payload = buffer.get_mut(header.payload.clone())?;
    let payload_type = match content {
        Content::Audio(codec) => {
            g711::transcode(codec, format.codec, payload);
            Some(format.payload_type)
        }
        Content::TelephoneEvent => format.telephone_event.filter(|_| Event::read(payload).is_some()),
        Content::ComfortNoise => None,
    };
    let Some(payload_type) = payload_type else {
        to.sending.leave_out();
        return None;
    };
    header.payload_type = payload_type;
    let audio = matches!(content, Content::Audio(_));
    if !to.sending.rewrite(&mut header, audio, now) {
        return None;
    }
    let packet = header.write(buffer)?;
    Some((settled.protect(buffer, packet)?, target))
}

impl Settled {
    /// The packet as it goes out.
    fn protect(&mut self, buffer: &mut [u8], packet: Range<usize>) -> Option<Range<usize>> {
        let Some(srtp) = &mut self.srtp else {
            return Some(packet);
        };
        let length = srtp.sender.protect(buffer.get_mut(packet.start..)?, packet.len())?;
        Some(packet.start..packet.start + length)
    }
}

#[cfg(test)]
mod tests;
