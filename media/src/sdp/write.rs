//! Writing our own descriptions.

use std::net::IpAddr;

use sdp_types::{Attribute, Connection, Media, Session, Time};

use super::Origin;
use super::sdes::CryptoLine;
use crate::io::command::{AudioFormat, COMFORT_NOISE, Codec, Direction};

/// What our audio line says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Audio<'a> {
    pub(super) port: u16,
    pub(super) profile: &'a str,
    pub(super) formats: &'a [AudioFormat],
    pub(super) direction: Direction,
    pub(super) multiplex: bool,
    pub(super) cryptos: &'a [CryptoLine],
}

/// A media line of a kind that we do not take: it keeps its place with port 0 (RFC 3264 section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    media: String,
    profile: String,
    format: String,
}

impl Refused {
    pub(super) fn of(media: &Media) -> Self {
        let first = media.fmt.split_ascii_whitespace().next().unwrap_or("0");
        Refused {
            media: word(&media.media, "audio"),
            profile: word(&media.proto, "RTP/AVP"),
            format: word(first, "0"),
        }
    }

    pub(super) fn line(&self) -> Media {
        line(&self.media, 0, &self.profile, self.format.clone())
    }
}

/// A description around `lines`.
pub(super) fn session(origin: Origin, address: IpAddr, times: &[Time], lines: Vec<Media>) -> Vec<u8> {
    let origin = sdp_types::Origin::with_ip_addr(origin.id, origin.version, address);
    let mut session = Session::new(origin, "-");
    session.connection = Some(Connection::from_ip_addr(address));
    let plain = times.iter().map(|time| Time::new(time.start_time, time.stop_time));
    session.times = plain.collect();
    if session.times.is_empty() {
        session.times.push(Time::new(0, 0));
    }
    session.medias = lines;
    let mut body = Vec::with_capacity(256);
    if session.write(&mut body).is_err() {
        body.clear();
    }
    body
}

pub(super) fn audio(audio: &Audio<'_>) -> Media {
    let mut types: Vec<u8> = Vec::with_capacity(4);
    let mut attributes = Vec::with_capacity(8);
    for format in audio.formats {
        types.push(format.payload_type);
        let value = format!("{} {}", format.payload_type, format.codec.encoding());
        attributes.push(Attribute::with_value("rtpmap", value));
        if format.codec == Codec::Opus {
            // What a lost packet said may be said again in the next one (RFC 7587 section 6.1): the other phone makes use of it.
            let value = format!("{} useinbandfec=1", format.payload_type);
            attributes.push(Attribute::with_value("fmtp", value));
        }
    }
    for format in audio.formats {
        let Some(event) = format.telephone_event.filter(|event| !types.contains(event)) else {
            continue;
        };
        types.push(event);
        let value = format!("{event} telephone-event/{}", format.event_clock);
        attributes.push(Attribute::with_value("rtpmap", value));
        attributes.push(Attribute::with_value("fmtp", format!("{event} 0-16")));
    }
    if audio.formats.iter().any(|format| format.comfort_noise) {
        types.push(COMFORT_NOISE);
        attributes.push(Attribute::with_value("rtpmap", format!("{COMFORT_NOISE} CN/8000")));
    }
    let cryptos = audio.cryptos.iter();
    attributes.extend(cryptos.map(|line| Attribute::with_value("crypto", line.write())));
    attributes.push(Attribute::with_value("ptime", 20));
    attributes.push(Attribute::new(direction_name(audio.direction)));
    if audio.multiplex {
        attributes.push(Attribute::new("rtcp-mux"));
    }
    let types: Vec<String> = types.iter().map(u8::to_string).collect();
    let mut media = line("audio", audio.port, audio.profile, types.join(" "));
    media.attributes = attributes;
    media
}

/// RFC 8866 section 6.7, from our point of view.
pub(super) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::SendRecv => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::RecvOnly => "recvonly",
        Direction::Inactive => "inactive",
    }
}

fn line(media: &str, port: u16, profile: &str, format: String) -> Media {
    Media {
        media: media.to_owned(),
        port,
        num_ports: None,
        proto: profile.to_owned(),
        fmt: format,
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}

/// A field that may stand in a line of ours: without blanks and control characters, and never empty.
fn word(text: &str, otherwise: &str) -> String {
    let clean: String = text.chars().filter(char::is_ascii_graphic).take(64).collect();
    if clean.is_empty() { otherwise.to_owned() } else { clean }
}
