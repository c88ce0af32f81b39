//! Offers and answers as pure functions.

use sdp_types::Media;

use super::read::{AudioLine, Format, Session};
use super::write::{self, Audio, Refused};
use super::{Answer, LocalMedia, Origin, SdpError};
use crate::io::command::{AudioFormat, Codec, Direction, LegMedia};

/// The dynamic payload type that we offer for telephone-event when none has been agreed on.
const TELEPHONE_EVENT: u8 = 101;

/// What we proposed; an answer can only be read beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub(super) formats: Vec<AudioFormat>,
    pub(super) direction: Direction,
    /// Place of the audio line; the others are `refused`, in order.
    pub(super) audio_line: usize,
    pub(super) refused: Vec<Refused>,
    pub(super) profile: String,
}

impl Offer {
    /// The first offer of a session: all our codecs and telephone-event.
    pub fn new(codecs: &[Codec], direction: Direction) -> Self {
        Offer {
            formats: formats(codecs, TELEPHONE_EVENT),
            direction,
            audio_line: 0,
            refused: Vec::new(),
            profile: "RTP/AVP".to_owned(),
        }
    }

    pub fn build(&self, origin: Origin, local: &LocalMedia) -> Vec<u8> {
        let audio = write::audio(&Audio {
            port: local.port,
            profile: &self.profile,
            formats: &self.formats,
            direction: self.direction,
            multiplex: false,
        });
        let lines = with_refused(&self.refused, self.audio_line, audio);
        write::session(origin, local.address, &[], lines)
    }
}

pub(super) fn formats(codecs: &[Codec], telephone_event: u8) -> Vec<AudioFormat> {
    let format = |codec: &Codec| AudioFormat {
        codec: *codec,
        payload_type: codec.payload_type(),
        telephone_event: Some(telephone_event),
    };
    codecs.iter().map(format).collect()
}

/// The stream of an offer that we take, and how.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) line: usize,
    pub(super) profile: String,
    pub(super) media: LegMedia,
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

pub(super) fn choose(offer: &Session, local: &LocalMedia, wanted: Direction) -> Result<Choice, SdpError> {
    let mut problem = SdpError::NoAudio;
    for line in offer.audio_lines() {
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
    let (they_send, they_receive) = line.wishes();
    let direction = Direction::new(
        wanted.we_send() && they_receive && !target.held,
        wanted.they_send() && they_send,
    );
    Ok(Choice {
        line: line.index,
        profile: line.media.proto.clone(),
        multiplex: line.multiplexes(),
        media: LegMedia {
            remote: target.rtp,
            remote_rtcp: target.rtcp,
            format: AudioFormat {
                codec,
                payload_type,
                telephone_event: telephone_event(line),
            },
            direction,
            signalling: local.signalling,
        },
    })
}

pub(super) fn build_answer(offer: &Session, choice: &Choice, origin: Origin, local: &LocalMedia) -> Vec<u8> {
    let audio = write::audio(&Audio {
        port: local.port,
        profile: &choice.profile,
        formats: &[choice.media.format],
        direction: choice.media.direction,
        multiplex: choice.multiplex,
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
    let (codec, payload_type) = accepted_codec(offer, line).ok_or(SdpError::NoCommonCodec)?;
    let (they_send, they_receive) = line.wishes();
    let direction = Direction::new(
        offer.direction.we_send() && they_receive && !target.held,
        offer.direction.they_send() && they_send,
    );
    Ok(LegMedia {
        remote: target.rtp,
        remote_rtcp: target.rtcp,
        format: AudioFormat {
            codec,
            payload_type,
            telephone_event: telephone_event(line),
        },
        direction,
        signalling: local.signalling,
    })
}

fn accepted_codec(offer: &Offer, line: AudioLine<'_>) -> Option<(Codec, u8)> {
    line.formats().find_map(|(payload_type, format)| match format {
        Format::Audio(codec) => {
            let offered = offer.formats.iter().any(|ours| ours.codec == codec);
            offered.then_some((codec, payload_type))
        }
        Format::TelephoneEvent | Format::Other => None,
    })
}

fn telephone_event(line: AudioLine<'_>) -> Option<u8> {
    let mut formats = line.formats();
    formats.find_map(|(payload_type, format)| (format == Format::TelephoneEvent).then_some(payload_type))
}
