//! Offers and answers as pure functions.

use sdp_types::Media;

use super::numbers::Numbers;
use super::read::{AudioLine, Format, Session};
use super::sdes::CryptoLine;
use super::write::{self, Audio, Refused};
use super::{Answer, LocalMedia, Origin, SdpError, Srtp};
use crate::clock::RATE;
use crate::io::command::{AudioFormat, Codec, Direction, LegMedia};
use crate::srtp::{Crypto, Suite};

/// What we proposed; an answer can only be read beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub(super) formats: Vec<AudioFormat>,
    pub(super) direction: Direction,
    /// Place of the audio line; the others are `refused`, in order.
    pub(super) audio_line: usize,
    pub(super) refused: Vec<Refused>,
    pub(super) profile: String,
    /// Our keys; empty: plain RTP.
    pub(super) cryptos: Vec<CryptoLine>,
}

impl Offer {
    /// The first offer of a session: all our codecs and telephone-event, with G.711 comfort noise.
    pub fn new(codecs: &[Codec], direction: Direction) -> Self {
        Offer {
            formats: Numbers::default().formats(codecs),
            direction,
            audio_line: 0,
            refused: Vec::new(),
            profile: "RTP/AVP".to_owned(),
            cryptos: Vec::new(),
        }
    }

    /// Nothing but SRTP, in either suite.
    pub(super) fn secure(&mut self, local: &LocalMedia) {
        let keys = Suite::ALL.into_iter().filter_map(|suite| local.srtp.key(suite));
        let lines = (1..).zip(keys).map(|(tag, key)| CryptoLine { tag, key });
        self.cryptos = lines.collect();
        self.profile = "RTP/SAVP".to_owned();
    }

    pub fn build(&self, origin: Origin, local: &LocalMedia) -> Vec<u8> {
        let audio = write::audio(&Audio {
            port: local.port,
            profile: &self.profile,
            formats: &self.formats,
            direction: self.direction,
            multiplex: false,
            cryptos: &self.cryptos,
        });
        let lines = with_refused(&self.refused, self.audio_line, audio);
        write::session(origin, local.address, &[], lines)
    }
}

/// The stream of an offer that we take, and how.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) line: usize,
    pub(super) profile: String,
    pub(super) media: LegMedia,
    /// Our key in the answer.
    pub(super) crypto: Option<CryptoLine>,
    multiplex: bool,
}

/// Takes one audio stream with one codec and refuses the rest (RFC 3264 section 6). `wanted` is how far we would go.
pub fn answer(offer: &Session, origin: Origin, local: &LocalMedia, wanted: Direction) -> Result<Answer, SdpError> {
    let choice = choose(offer, local, wanted)?;
    let body = build_answer(offer, &choice, origin, local);
    Ok(Answer {
        body,
        media: choice.media,
    })
}

/// The codecs of a description's first stream that has any.
pub(super) fn codecs(session: &Session) -> Vec<Codec> {
    let of = |line: AudioLine<'_>| -> Vec<Codec> {
        let codecs = line.formats().filter_map(|(_, format)| match format {
            Format::Audio(codec) => Some(codec),
            Format::TelephoneEvent(_) | Format::ComfortNoise | Format::Other => None,
        });
        codecs.collect()
    };
    session
        .audio_lines()
        .map(of)
        .find(|codecs| !codecs.is_empty())
        .unwrap_or_default()
}

/// Of a stream that is offered both ways the SRTP is taken, wherever it stands.
pub(super) fn choose(offer: &Session, local: &LocalMedia, wanted: Direction) -> Result<Choice, SdpError> {
    let mut problem = SdpError::NoAudio;
    let secure = offer.audio_lines().filter(|line| line.is_secure());
    let plain = offer.audio_lines().filter(|line| !line.is_secure());
    for line in secure.chain(plain) {
        match choose_line(line, local, wanted) {
            Ok(choice) => return Ok(choice),
            Err(error) if problem == SdpError::NoAudio => problem = error,
            Err(_) => {}
        }
    }
    Err(problem)
}

fn choose_line(line: AudioLine<'_>, local: &LocalMedia, wanted: Direction) -> Result<Choice, SdpError> {
    let target = line.target(local.signalling)?;
    let offered = |codec: &Codec| line.formats().find(|(_, format)| *format == Format::Audio(*codec));
    let best = local.codecs.iter().find_map(|codec| Some((*codec, offered(codec)?.0)));
    let (codec, payload_type) = best.ok_or(SdpError::NoCommonCodec)?;
    let keys = keys(line, local);
    if line.is_secure() && keys.is_none() {
        return Err(SdpError::NoAudio);
    }
    if matches!(local.srtp, Srtp::Require(_)) && keys.is_none() {
        return Err(SdpError::Plain);
    }
    let (they_send, they_receive) = line.wishes();
    let direction = Direction::new(
        wanted.we_send() && they_receive && !target.held,
        wanted.they_send() && they_send,
    );
    Ok(Choice {
        line: line.index,
        profile: line.media.proto.clone(),
        multiplex: line.multiplexes(),
        crypto: keys.map(|(line, _)| line),
        media: LegMedia {
            remote: target.rtp,
            remote_rtcp: target.rtcp,
            format: format(line, codec, payload_type),
            direction,
            signalling: local.signalling,
            crypto: keys.map(|(_, crypto)| crypto),
        },
    })
}

/// The first of the offered keys whose suite we have: our line of the answer (RFC 4568 section 5.1.2), and both keys.
fn keys(line: AudioLine<'_>, local: &LocalMedia) -> Option<(CryptoLine, Crypto)> {
    line.cryptos().find_map(|theirs| {
        let ours = local.srtp.key(theirs.key.suite)?;
        let tag = theirs.tag;
        let theirs = theirs.key;
        Some((CryptoLine { tag, key: ours }, Crypto { ours, theirs }))
    })
}

pub(super) fn build_answer(offer: &Session, choice: &Choice, origin: Origin, local: &LocalMedia) -> Vec<u8> {
    let audio = write::audio(&Audio {
        port: local.port,
        profile: &choice.profile,
        formats: &[choice.media.format],
        direction: choice.media.direction,
        multiplex: choice.multiplex,
        cryptos: choice.crypto.as_slice(),
    });
    let lines = with_refused(&refused(offer, choice.line), choice.line, audio);
    write::session(origin, local.address, offer.times(), lines)
}

/// All lines but the one at `taken`.
pub(super) fn refused(session: &Session, taken: usize) -> Vec<Refused> {
    let others = session.medias().iter().enumerate().filter(|(index, _)| *index != taken);
    others.map(|(_, media)| Refused::of(media)).collect()
}

fn with_refused(refused: &[Refused], audio_line: usize, audio: Media) -> Vec<Media> {
    let mut lines: Vec<Media> = refused.iter().map(Refused::line).collect();
    lines.insert(audio_line.min(lines.len()), audio);
    lines
}

/// Reads the answer to our offer: its first codec that we offered is the one (RFC 3264 section 7).
pub fn accept(offer: &Offer, answer: &Session, local: &LocalMedia) -> Result<LegMedia, SdpError> {
    let mut lines = answer.audio_lines();
    let line = lines.find(|line| line.index == offer.audio_line);
    let line = line.or_else(|| answer.audio_lines().next()).ok_or(SdpError::Rejected)?;
    let target = line.target(local.signalling)?;
    let (ours, payload_type) = accepted_codec(offer, line).ok_or(SdpError::NoCommonCodec)?;
    let mut format = format(line, ours.codec, payload_type);
    format.heard = ours.heard;
    format.comfort_noise &= ours.comfort_noise;
    let crypto = accepted_keys(offer, line);
    if crypto.is_none() && (!offer.cryptos.is_empty() || line.is_secure()) {
        return Err(SdpError::BadMedia("the answer has no key of ours"));
    }
    let (they_send, they_receive) = line.wishes();
    let direction = Direction::new(
        offer.direction.we_send() && they_receive && !target.held,
        offer.direction.they_send() && they_send,
    );
    Ok(LegMedia {
        remote: target.rtp,
        remote_rtcp: target.rtcp,
        format,
        direction,
        signalling: local.signalling,
        crypto,
    })
}

/// RFC 4568 section 5.1.3: the answer names the tag and the suite of one of our lines.
fn accepted_keys(offer: &Offer, line: AudioLine<'_>) -> Option<Crypto> {
    let theirs = line.cryptos().next()?;
    let same = |ours: &&CryptoLine| ours.tag == theirs.tag && ours.key.suite == theirs.key.suite;
    let ours = offer.cryptos.iter().find(same)?.key;
    let theirs = theirs.key;
    Some(Crypto { ours, theirs })
}

/// What we offered of it, and the number that it has in the answer.
fn accepted_codec<'a>(offer: &'a Offer, line: AudioLine<'_>) -> Option<(&'a AudioFormat, u8)> {
    line.formats().find_map(|(payload_type, format)| match format {
        Format::Audio(codec) => {
            let ours = offer.formats.iter().find(|ours| ours.codec == codec);
            ours.map(|ours| (ours, payload_type))
        }
        Format::TelephoneEvent(_) | Format::ComfortNoise | Format::Other => None,
    })
}

/// What a codec of the line is sent as: with events by its own clock, or by the one of 8000 that most phones know; and
/// G.711 with comfort noise where the line has it.
fn format(line: AudioLine<'_>, codec: Codec, payload_type: u8) -> AudioFormat {
    let event = |clock: u32| {
        let mut formats = line.formats();
        let event = formats.find(|(_, format)| *format == Format::TelephoneEvent(clock));
        event.map(|(number, _)| (number, clock))
    };
    let slower = || (codec.clock() > RATE).then(|| event(RATE)).flatten();
    let event = event(codec.clock()).or_else(slower);
    let mut format = AudioFormat::new(codec, payload_type, event.map(|(number, _)| number));
    format.event_clock = event.map_or(codec.clock(), |(_, clock)| clock);
    let noise = line.formats().any(|(_, format)| format == Format::ComfortNoise);
    if noise { format.with_comfort_noise() } else { format }
}
