//! Two legs' media joined: a packet of one comes in, a packet for the other goes out of the same bytes.
//!
//! Pure: no clock, no socket, no allocation.

use std::net::SocketAddr;
use std::ops::Range;

use crate::clock::Moment;
use crate::codec::{Ear, Voice};
use crate::io::command::{COMFORT_NOISE, Codec, LegMedia, LegStats};
use crate::keytones::KeyTones;
use crate::latch::Latch;
use crate::rtp::dtmf::{Holding, Keys};
use crate::rtp::rewrite::Rewriter;
use crate::rtp::sequence::Reception;
use crate::srtp::{Crypto, Receiver, Sender};
use crate::tap::{Align, Side};

mod attention;
mod feed;
mod pause;
mod step;

pub use feed::{PACKET, Tick};
pub use pause::fill_pause;
pub use step::{echo, step};

/// Our side of one party's media, without its socket.
#[derive(Debug)]
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
    attention: Option<attention::Attention>,
    keys: Option<Keys>,
    /// Keys are listened for in its audio too.
    tones: Option<Box<KeyTones>>,
    /// It has sent telephone-event, agreed or not.
    has_events: bool,
    key: Option<char>,
    holding: Holding,
    pause: pause::Pause,
    /// What it says, where somebody needs samples of it.
    voice: Option<Box<Voice>>,
    /// What it hears, where that must be encoded anew.
    ear: Option<Box<Ear>>,
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
            attention: None,
            keys: None,
            tones: None,
            has_events: false,
            key: None,
            holding: Holding::default(),
            pause: pause::Pause::default(),
            voice: None,
            ear: None,
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
        self.sending.set_rate(media.format.codec.clock());
        if !media.direction.they_send() || self.codec() != Some(media.format.codec) {
            self.pause.stop();
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
        self.prick_up();
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

    /// Whether pressed keys are kept for [`Leg::take_key`]: those told by telephone-event, and those heard in the audio of
    /// a leg that has agreed on none.
    pub fn listen(&mut self, on: bool) {
        self.keys = on.then(Keys::default);
        self.key = None;
        self.prick_up();
    }

    fn prick_up(&mut self) {
        let settled = self.settled.as_ref();
        let eventless = settled.is_some_and(|settled| settled.media.format.telephone_event.is_none());
        if self.keys.is_none() || !eventless || self.has_events {
            self.tones = None;
        } else if self.tones.is_none() {
            self.tones = Some(Box::new(KeyTones::new()));
        }
    }

    /// The key whose press the last packet told.
    pub fn take_key(&mut self) -> Option<char> {
        self.key.take()
    }

    pub fn codec(&self) -> Option<Codec> {
        self.settled.as_ref().map(|settled| settled.media.format.codec)
    }

    /// Makes what the leg needs to be heard by a peer with that codec, by a recorder, and by us who listen for its keys; lets
    /// go of what it does not. To be called when any of these has changed.
    pub fn outfit(&mut self, peer: Option<Codec>) {
        let Some(own) = self.codec() else { return };
        let differs = peer.is_some_and(|peer| peer != own);
        let stateless = own.law().is_some() && peer.is_none_or(|peer| peer.law().is_some());
        let voice = self.voice.take().filter(|voice| voice.codec == own);
        if differs || self.tap.is_some() || self.tones.is_some() {
            self.voice = voice.or_else(|| Voice::new(own).map(Box::new));
        }
        let ear = self.ear.take().filter(|ear| ear.codec == own);
        if differs && !stateless {
            self.ear = Some(ear.unwrap_or_else(|| Box::new(Ear::new(own))));
        }
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

    /// When the last sign of life came, if one is to be expected: of a leg that has told a pause none is.
    pub fn expected_since(&self) -> Option<Moment> {
        let settled = self.settled.as_ref()?;
        let speaks = settled.media.direction.they_send() && self.pause.due().is_none();
        speaks.then_some(self.alive_at)
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
        for (audio, telephone_event) in [
            (format.heard.audio, format.heard.telephone_event),
            (format.payload_type, format.telephone_event),
        ] {
            if payload_type == audio {
                return Some(Content::Audio(format.codec));
            }
            if Some(payload_type) == telephone_event {
                return Some(Content::TelephoneEvent);
            }
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

#[cfg(test)]
mod tests;
