//! The few lines of SDP that a simulated phone writes and looks at.

use std::net::SocketAddr;

pub const ALAW: u8 = 8;
pub const ULAW: u8 = 0;
pub const G722: u8 = 9;
/// Comfort noise.
pub const NOISE: u8 = 13;
/// The number that phones here give to Opus. In what they read it stands for Opus whatever its number is.
pub const OPUS: u8 = 111;

/// A phone's description of its audio.
pub fn write(at: SocketAddr, codecs: &[u8], direction: &str, version: u32) -> String {
    let family = if at.is_ipv4() { "IP4" } else { "IP6" };
    let types: Vec<String> = codecs.iter().map(u8::to_string).collect();
    let mut text = format!(
        "v=0\r\no=phone 1 {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {types} 101\r\n",
        ip = at.ip(),
        port = at.port(),
        types = types.join(" "),
    );
    for codec in codecs {
        let name = match *codec {
            ALAW => "PCMA/8000",
            ULAW => "PCMU/8000",
            G722 => "G722/8000",
            OPUS => "opus/48000/2",
            NOISE => "CN/8000",
            _ => "G729/8000",
        };
        text.push_str(&format!("a=rtpmap:{codec} {name}\r\n"));
    }
    text.push_str(&format!(
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na={direction}\r\n"
    ));
    text
}

/// The same from a phone that does not know telephone-event.
pub fn without_events(body: &str) -> String {
    let lines = body.lines().filter(|line| !line.contains(":101 "));
    lines
        .map(|line| {
            line.strip_suffix(" 101")
                .filter(|_| line.starts_with("m="))
                .unwrap_or(line)
        })
        .flat_map(|line| [line, "\r\n"])
        .collect()
}

/// The same over SRTP, with the suite that every phone has and the tag that answers our offer of it.
pub fn secured(body: &str) -> String {
    let key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    body.replace("RTP/AVP", "RTP/SAVP") + key
}

/// The same with the stream refused.
pub fn rejected(body: &str) -> String {
    let (head, stream) = body.split_once("m=audio ").expect("a stream");
    let (_, rest) = stream.split_once(' ').expect("a port");
    format!("{head}m=audio 0 {rest}")
}

/// The same stream twice: as it is, and over SRTP.
pub fn both_ways(body: &str) -> String {
    let stream = body.find("m=audio ").expect("a stream");
    body.to_owned() + &secured(&body[stream..])
}

/// What a phone reads in a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub address: String,
    pub port: u16,
    /// For example `RTP/SAVP`.
    pub profile: String,
    /// Audio payload types, in order, without that of comfort noise.
    pub codecs: Vec<u8>,
    /// Comfort noise is among them.
    pub noise: bool,
    pub direction: String,
    pub version: u64,
}

/// `None` for anything that a careful phone would refuse.
pub fn read(body: &[u8]) -> Option<Seen> {
    let text = std::str::from_utf8(body).ok()?;
    let line = |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix));
    let streams = text.lines().filter_map(|line| line.strip_prefix("m=audio "));
    let open = streams.clone().find(|stream| !stream.starts_with("0 "));
    let media: Vec<&str> = open.or(streams.clone().next())?.split(' ').collect();
    let is_opus = |format: &u8| text.contains(&format!("a=rtpmap:{format} opus/48000/2\r\n"));
    let directions = ["sendrecv", "sendonly", "recvonly", "inactive"];
    let direction = text
        .lines()
        .find_map(|line| line.strip_prefix("a=").filter(|value| directions.contains(value)));
    Some(Seen {
        address: line("c=IN IP4 ").or_else(|| line("c=IN IP6 "))?.to_owned(),
        port: media.first()?.parse().ok()?,
        profile: (*media.get(1)?).to_owned(),
        codecs: media
            .iter()
            .skip(2)
            .filter_map(|format| format.parse().ok())
            .filter(|format| *format != NOISE && (*format < 96 || is_opus(format)))
            .map(|format| if format < 96 { format } else { OPUS })
            .collect(),
        noise: media.iter().skip(2).any(|format| *format == "13"),
        direction: direction.unwrap_or("sendrecv").to_owned(),
        version: line("o=")?.split(' ').nth(2)?.parse().ok()?,
    })
}

/// RFC 3264 section 6.1: what may answer an offer of that direction by somebody who wants everything.
pub fn mirrored(direction: &str) -> &'static str {
    match direction {
        "sendonly" => "recvonly",
        "recvonly" => "sendonly",
        "inactive" => "inactive",
        _ => "sendrecv",
    }
}
