//! Looking into a description that somebody else wrote.

use std::net::{IpAddr, SocketAddr};

use sdp_types::{Connection, Media};

use super::SdpError;
use super::sdes::CryptoLine;
use crate::io::command::{COMFORT_NOISE, Codec};

/// Larger bodies are not looked at.
const MAX_BODY: usize = 16 * 1024;
/// More media lines are not looked at.
const MAX_LINES: usize = 32;

/// More keys are not looked at.
const MAX_CRYPTOS: usize = 16;

/// A session description as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session(sdp_types::Session);

impl Session {
    /// Takes what phones really send: no `s=` or `t=`, other charsets, spare ends of line or NUL at the end.
    pub fn parse(body: &[u8]) -> Result<Session, SdpError> {
        if body.len() > MAX_BODY {
            return Err(SdpError::Unreadable("too large".to_owned()));
        }
        let text = String::from_utf8_lossy(body.trim_ascii_end());
        let text = text.trim_end_matches(['\0', '\r', '\n', ' ']);
        let session =
            sdp_types::Session::parse(text.as_bytes()).map_err(|error| SdpError::Unreadable(error.to_string()))?;
        if session.medias.len() > MAX_LINES {
            return Err(SdpError::Unreadable("too many media lines".to_owned()));
        }
        Ok(Session(session))
    }

    pub(super) fn times(&self) -> &[sdp_types::Time] {
        &self.0.times
    }

    pub(super) fn medias(&self) -> &[Media] {
        &self.0.medias
    }

    /// Audio over RTP or SRTP that is not refused.
    pub(super) fn audio_lines(&self) -> impl Iterator<Item = AudioLine<'_>> {
        let lines = self.0.medias.iter().enumerate().map(|(index, media)| AudioLine {
            index,
            media,
            session: &self.0,
        });
        lines.filter(AudioLine::is_usable)
    }
}

/// One `m=audio` line with the session around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct AudioLine<'a> {
    pub(super) index: usize,
    pub(super) media: &'a Media,
    session: &'a sdp_types::Session,
}

/// Where a stream is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) rtp: SocketAddr,
    pub(super) rtcp: SocketAddr,
    /// Nothing may be sent: `c=0.0.0.0` of RFC 2543.
    pub(super) held: bool,
}

/// What a payload type of an `m=` line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Audio(Codec),
    /// With the ticks a second of its clock.
    TelephoneEvent(u32),
    /// Of the clock of 8000, by its fixed number (RFC 3389).
    ComfortNoise,
    Other,
}

impl<'a> AudioLine<'a> {
    fn is_usable(&self) -> bool {
        let profile = &self.media.proto;
        let known = ["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"];
        self.media.media.eq_ignore_ascii_case("audio")
            && self.media.port != 0
            && known.iter().any(|known| profile.eq_ignore_ascii_case(known))
    }

    /// Nothing but SRTP will do.
    pub(super) fn is_secure(self) -> bool {
        let profile = &self.media.proto;
        profile.eq_ignore_ascii_case("RTP/SAVP") || profile.eq_ignore_ascii_case("RTP/SAVPF")
    }

    /// The keys in it, best first. Beside a plain profile they are a wish (RFC 8643).
    pub(super) fn cryptos(self) -> impl Iterator<Item = CryptoLine> + 'a {
        self.values("crypto").take(MAX_CRYPTOS).filter_map(CryptoLine::read)
    }

    /// Payload types in the order of preference, each with its meaning.
    pub(super) fn formats(self) -> impl Iterator<Item = (u8, Format)> + 'a {
        let tokens = self.media.fmt.split_ascii_whitespace();
        tokens
            .filter_map(|token| token.parse::<u8>().ok().filter(|number| *number < 128))
            .map(move |number| (number, self.meaning(number)))
    }

    fn meaning(self, number: u8) -> Format {
        let mapped = self.values("rtpmap").find_map(|value| {
            let (payload_type, encoding) = value.trim_start().split_once([' ', '\t'])?;
            (payload_type.parse() == Ok(number)).then(|| encoding.trim())
        });
        if number == COMFORT_NOISE {
            let named = mapped.is_none_or(|encoding| {
                let encoding = encoding.strip_suffix("/1").unwrap_or(encoding);
                encoding.eq_ignore_ascii_case("CN/8000")
            });
            return if named { Format::ComfortNoise } else { Format::Other };
        }
        let Some(encoding) = mapped else {
            let mut fixed = Codec::ALL.into_iter().filter(|codec| !codec.is_dynamic());
            let fixed = fixed.find(|codec| codec.payload_type() == number);
            return fixed.map_or(Format::Other, Format::Audio);
        };
        // RFC 8866 section 6.6: one channel need not be said.
        let encoding = encoding.strip_suffix("/1").unwrap_or(encoding);
        for (event, clock) in [("telephone-event/8000", 8_000), ("telephone-event/48000", 48_000)] {
            if encoding.eq_ignore_ascii_case(event) {
                return Format::TelephoneEvent(clock);
            }
        }
        let codec = Codec::ALL
            .into_iter()
            .find(|codec| codec.encoding().eq_ignore_ascii_case(encoding));
        codec.map_or(Format::Other, Format::Audio)
    }

    /// Whether the writer wants to send, and whether it wants to receive.
    pub(super) fn wishes(self) -> (bool, bool) {
        let of = |attributes: &[sdp_types::Attribute]| {
            attributes.iter().find_map(|attribute| {
                let is = |name: &str| attribute.attribute.eq_ignore_ascii_case(name);
                match () {
                    () if is("sendrecv") => Some((true, true)),
                    () if is("sendonly") => Some((true, false)),
                    () if is("recvonly") => Some((false, true)),
                    () if is("inactive") => Some((false, false)),
                    () => None,
                }
            })
        };
        let session_wide = || of(&self.session.attributes);
        of(&self.media.attributes).or_else(session_wide).unwrap_or((true, true))
    }

    /// `a=rtcp-mux` (RFC 5761).
    pub(super) fn multiplexes(self) -> bool {
        let mut attributes = self.media.attributes.iter();
        attributes.any(|attribute| attribute.attribute.eq_ignore_ascii_case("rtcp-mux"))
    }

    /// `stand_in` takes the place of a host name.
    pub(super) fn target(self, stand_in: IpAddr) -> Result<Target, SdpError> {
        let connection = self.media.connections.first().or(self.session.connection.as_ref());
        let connection = connection.ok_or(SdpError::BadMedia("no c= line for the audio stream"))?;
        let ip = address(connection).unwrap_or(stand_in);
        let held = ip.is_unspecified();
        let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
        if ip.is_multicast() || broadcast {
            return Err(SdpError::BadMedia("the audio stream has no unicast address"));
        }
        let rtp = SocketAddr::new(ip, self.media.port);
        let rtcp = if self.multiplexes() { rtp } else { self.rtcp(rtp) };
        Ok(Target { rtp, rtcp, held })
    }

    /// `a=rtcp` (RFC 3605), else the next port.
    fn rtcp(self, rtp: SocketAddr) -> SocketAddr {
        let next = SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1));
        let Some(value) = self.values("rtcp").next() else {
            return next;
        };
        let mut words = value.split_ascii_whitespace();
        let port = words
            .next()
            .and_then(|word| word.parse::<u16>().ok())
            .filter(|port| *port != 0);
        let ip = words.nth(2).and_then(|word| word.parse::<IpAddr>().ok());
        let ip = ip.filter(|ip| !ip.is_multicast() && !ip.is_unspecified());
        port.map_or(next, |port| SocketAddr::new(ip.unwrap_or(rtp.ip()), port))
    }

    fn values(self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let mut seen = self.media.attributes.iter();
        std::iter::from_fn(move || {
            seen.by_ref()
                .find(|attribute| attribute.attribute.eq_ignore_ascii_case(name))
        })
        .filter_map(|attribute| attribute.value.as_deref())
    }
}

fn address(connection: &Connection) -> Option<IpAddr> {
    let text = connection.connection_address.split('/').next().unwrap_or_default();
    let text = text.trim_matches(['[', ']']);
    text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}
