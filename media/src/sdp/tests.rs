use proptest::prelude::*;

use super::*;
use crate::io::command::Direction::{self, Inactive, RecvOnly, SendOnly, SendRecv};

mod codecs;
mod secure;

const SIGNALLING: &str = "198.51.100.9";

fn local() -> LocalMedia {
    LocalMedia {
        address: "192.0.2.1".parse().unwrap(),
        port: 10_000,
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        signalling: SIGNALLING.parse().unwrap(),
        srtp: Srtp::Never,
    }
}

fn negotiator() -> Negotiator {
    Negotiator::new(84, local())
}

/// Lines with a proper end, and the usual head unless there is one.
fn text(lines: &str) -> Vec<u8> {
    let head = if lines.starts_with("v=") {
        ""
    } else {
        "v=0|o=- 1 1 IN IP4 203.0.113.5|s=-|c=IN IP4 203.0.113.5|t=0 0|"
    };
    let all = format!("{head}{lines}");
    all.split('|')
        .flat_map(|line| [line, "\r\n"])
        .collect::<String>()
        .into_bytes()
}

/// The media lines of a description, with their attributes.
fn media_of(body: &[u8]) -> String {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let from = body.find("m=").unwrap();
    body[from..].trim_end().replace("\r\n", "|")
}

#[test]
fn an_offer_names_all_our_codecs() {
    let body = String::from_utf8(negotiator().offer(SendRecv)).unwrap();
    let expected = "v=0|o=- 42 1 IN IP4 192.0.2.1|s=-|c=IN IP4 192.0.2.1|t=0 0|m=audio 10000 RTP/AVP 0 8 101 13|\
        a=rtpmap:0 PCMU/8000|a=rtpmap:8 PCMA/8000|a=rtpmap:101 telephone-event/8000|a=fmtp:101 0-16|a=rtpmap:13 CN/8000|\
        a=ptime:20|a=sendrecv|";
    assert_eq!(body.replace("\r\n", "|"), expected);
}

#[test]
fn an_offer_from_an_ipv6_address_says_so() {
    let local = LocalMedia {
        address: "2001:db8::1".parse().unwrap(),
        ..local()
    };
    let body = String::from_utf8(Negotiator::new(2, local).offer(SendRecv)).unwrap();
    assert!(
        body.contains("o=- 1 1 IN IP6 2001:db8::1\r\n") && body.contains("c=IN IP6 2001:db8::1\r\n"),
        "{body}"
    );
}

/// What follows from an offer: codec, payload type, event type, direction, RTP and RTCP addresses.
fn check(offer: &str, expected: &str) {
    let answer = negotiator().answer(&text(offer), SendRecv).unwrap();
    let media = answer.media;
    let found = format!(
        "{:?} {} {:?} {:?} {} {}",
        media.format.codec,
        media.format.payload_type,
        media.format.telephone_event.unwrap_or(0),
        media.direction,
        media.remote,
        media.remote_rtcp
    );
    assert_eq!(found, expected, "{offer}");
}

#[test]
fn an_offer_is_answered_by_its_codecs_and_direction() {
    let to = "203.0.113.5:4000 203.0.113.5:4001";
    check("m=audio 4000 RTP/AVP 0", &format!("Pcmu 0 0 SendRecv {to}"));
    check("m=audio 4000 RTP/AVP 8 0", &format!("Pcmu 0 0 SendRecv {to}"));
    check("m=audio 4000 RTP/AVP 18 8 3", &format!("Pcma 8 0 SendRecv {to}"));
    check(
        "m=audio 4000 RTP/AVP 96 97 101|a=rtpmap:96 opus/48000/2|a=rtpmap:97 pcma/8000|a=rtpmap:101 telephone-event/8000",
        &format!("Pcma 97 101 SendRecv {to}"),
    );
    check(
        "m=audio 4000 RTP/AVP 0 110|a=rtpmap:110 telephone-event/48000",
        &format!("Pcmu 0 0 SendRecv {to}"),
    );
    check(
        "m=audio 4000 RTP/AVP 8 0|a=rtpmap:0 G722/8000",
        &format!("Pcma 8 0 SendRecv {to}"),
    );
    check(
        "m=audio 4000 RTP/AVP 8 97|a=rtpmap:97 PCMU/8000/2",
        &format!("Pcma 8 0 SendRecv {to}"),
    );
    check("m=audio 4000 RTP/AVP 0|a=sendonly", &format!("Pcmu 0 0 RecvOnly {to}"));
    check("m=audio 4000 RTP/AVP 0|a=recvonly", &format!("Pcmu 0 0 SendOnly {to}"));
    check("m=audio 4000 RTP/AVP 0|a=inactive", &format!("Pcmu 0 0 Inactive {to}"));
    check("m=audio 4000/2 RTP/AVP 0", &format!("Pcmu 0 0 SendRecv {to}"));
    check("m=audio 4000 RTP/AVPF 0", &format!("Pcmu 0 0 SendRecv {to}"));
}

#[test]
fn an_offer_is_answered_by_its_addresses() {
    let to = "203.0.113.5:4000 203.0.113.5:4001";
    check(
        "m=audio 4000 RTP/AVP 0|c=IN IP4 203.0.113.77",
        "Pcmu 0 0 SendRecv 203.0.113.77:4000 203.0.113.77:4001",
    );
    check(
        "m=audio 4000 RTP/AVP 0|c=IN IP4 0.0.0.0",
        "Pcmu 0 0 RecvOnly 0.0.0.0:4000 0.0.0.0:4001",
    );
    check(
        "m=audio 4000 RTP/AVP 0|c=IN IP4 0.0.0.0|a=inactive",
        "Pcmu 0 0 Inactive 0.0.0.0:4000 0.0.0.0:4001",
    );
    check(
        "m=audio 4000 RTP/AVP 0|c=IN IP6 2001:db8::7",
        "Pcmu 0 0 SendRecv [2001:db8::7]:4000 [2001:db8::7]:4001",
    );
    check(
        "m=audio 4000 RTP/AVP 0|c=IN IP4 phone.example",
        "Pcmu 0 0 SendRecv 198.51.100.9:4000 198.51.100.9:4001",
    );
    check(
        "m=audio 4000 RTP/AVP 0|a=rtcp:5555",
        "Pcmu 0 0 SendRecv 203.0.113.5:4000 203.0.113.5:5555",
    );
    check(
        "m=audio 4000 RTP/AVP 0|a=rtcp:5555 IN IP4 203.0.113.6",
        "Pcmu 0 0 SendRecv 203.0.113.5:4000 203.0.113.6:5555",
    );
    check(
        "m=audio 4000 RTP/AVP 0|a=rtcp-mux",
        "Pcmu 0 0 SendRecv 203.0.113.5:4000 203.0.113.5:4000",
    );
    check(
        "m=audio 0 RTP/AVP 0|m=audio 4000 RTP/AVP 0",
        &format!("Pcmu 0 0 SendRecv {to}"),
    );
    check(
        "m=audio 5000 RTP/SAVP 0|m=audio 4000 RTP/AVP 0",
        &format!("Pcmu 0 0 SendRecv {to}"),
    );
    check(
        "v=0|c=IN IP4 203.0.113.5|m=audio 4000 RTP/AVP 0",
        &format!("Pcmu 0 0 SendRecv {to}"),
    );
    check(
        "v=0|o=- 1 1 IN IP4 1.2.3.4|c=IN IP4 203.0.113.5|a=sendonly|m=audio 4000 RTP/AVP 0",
        &format!("Pcmu 0 0 RecvOnly {to}"),
    );
    check(
        "v=0|c=IN IP4 203.0.113.5|a=sendonly|m=audio 4000 RTP/AVP 0|a=sendrecv",
        &format!("Pcmu 0 0 SendRecv {to}"),
    );
}

#[test]
fn our_answer_is_one_codec_and_keeps_the_place_of_each_line() {
    let check = |offer: &str, expected: &str| {
        let answer = negotiator().answer(&text(offer), SendRecv).unwrap();
        assert_eq!(media_of(&answer.body), expected, "{offer}");
    };
    check(
        "m=audio 4000 RTP/AVP 8 0 96|a=rtpmap:96 telephone-event/8000",
        "m=audio 10000 RTP/AVP 0 96|a=rtpmap:0 PCMU/8000|a=rtpmap:96 telephone-event/8000|a=fmtp:96 0-16|a=ptime:20|a=sendrecv",
    );
    check(
        "m=video 5000 RTP/AVP 96 97|a=rtpmap:96 H264/90000|m=audio 4000 RTP/AVPF 8|a=sendonly|m=image 6000 udptl t38",
        "m=video 0 RTP/AVP 96|m=audio 10000 RTP/AVPF 8|a=rtpmap:8 PCMA/8000|a=ptime:20|a=recvonly|m=image 0 udptl t38",
    );
    check(
        "m=audio 4000 RTP/AVP 0|a=rtcp-mux|a=rtcp:4000",
        "m=audio 10000 RTP/AVP 0|a=rtpmap:0 PCMU/8000|a=ptime:20|a=sendrecv|a=rtcp-mux",
    );
}

#[test]
fn offers_without_anything_for_us_are_refused() {
    let check = |offer: &str, expected: SdpError| {
        assert_eq!(negotiator().answer(&text(offer), SendRecv), Err(expected), "{offer}");
    };
    check("v=0|s=-", SdpError::NoAudio);
    check("m=video 5000 RTP/AVP 96", SdpError::NoAudio);
    check("m=audio 0 RTP/AVP 0", SdpError::NoAudio);
    check("m=audio 4000 RTP/SAVP 0", SdpError::NoAudio);
    check(
        "m=audio 4000 RTP/AVP 18 101|a=rtpmap:101 telephone-event/8000",
        SdpError::NoCommonCodec,
    );
    check(
        "m=audio 4000 RTP/AVP",
        SdpError::Unreadable("Missing field Media fmt in line 6".to_owned()),
    );
    let no_address = SdpError::BadMedia("no c= line for the audio stream");
    check("v=0|m=audio 4000 RTP/AVP 0", no_address);
    let not_unicast = SdpError::BadMedia("the audio stream has no unicast address");
    check("m=audio 4000 RTP/AVP 0|c=IN IP4 224.2.1.1/127", not_unicast.clone());
    check("m=audio 4000 RTP/AVP 0|c=IN IP4 255.255.255.255", not_unicast);
    let unreadable = |body: &[u8]| {
        let result = negotiator().answer(body, SendRecv);
        assert!(matches!(result, Err(SdpError::Unreadable(_))), "{result:?}");
    };
    unreadable(b"");
    unreadable(b"hello");
    unreadable(&[b'v'; 20_000]);
    unreadable(&text(&["m=audio 0 RTP/AVP 0"; 40].join("|")));
}

#[test]
fn what_phones_really_send_is_read() {
    for offer in [
        &b"v=0\no=x 1 1 IN IP4 1.2.3.4\ns=\nc=IN IP4 203.0.113.5\nt=0 0\nm=audio 4000 RTP/AVP 0\n"[..],
        b"v=0\r\no=x 1 1 IN IP4 1.2.3.4\r\ns=\xcf\xf0\xe8\xe2\xe5\xf2\r\nc=IN IP4 203.0.113.5\r\nm=audio 4000 RTP/AVP 0\r\n\0",
        b"v=0\r\nc=IN IP4 203.0.113.5\r\nm=audio 4000 RTP/AVP 0\r\n\r\n\r\n",
        b"v=0\r\nc=IN IP4 203.0.113.5\r\nm=audio 4000 RTP/AVP 0 \r\na=rtpmap:0  PCMU/8000\r\na=unknown\r\nz=",
    ] {
        let answer = negotiator().answer(offer, SendRecv);
        assert!(answer.is_ok(), "{answer:?} {}", String::from_utf8_lossy(offer));
    }
}

#[test]
fn an_answer_settles_what_we_offered() {
    let check = |answer: &str, expected: Result<(Codec, Direction), SdpError>| {
        let mut negotiator = negotiator();
        negotiator.offer(SendRecv);
        let found = negotiator
            .accept(&text(answer))
            .map(|media| (media.format.codec, media.direction));
        assert_eq!(found, expected, "{answer}");
    };
    check("m=audio 4000 RTP/AVP 0", Ok((Codec::Pcmu, SendRecv)));
    check(
        "m=audio 4000 RTP/AVP 8 101|a=rtpmap:101 telephone-event/8000",
        Ok((Codec::Pcma, SendRecv)),
    );
    check("m=audio 4000 RTP/AVP 8 0", Ok((Codec::Pcma, SendRecv)));
    check("m=audio 4000 RTP/AVP 0|a=recvonly", Ok((Codec::Pcmu, SendOnly)));
    check("m=audio 4000 RTP/AVP 0|c=IN IP4 0.0.0.0", Ok((Codec::Pcmu, RecvOnly)));
    check("m=audio 0 RTP/AVP 0", Err(SdpError::Rejected));
    check("v=0|s=-", Err(SdpError::Rejected));
    check("m=audio 4000 RTP/AVP 18", Err(SdpError::NoCommonCodec));
    assert_eq!(
        negotiator().accept(&text("m=audio 4000 RTP/AVP 0")),
        Err(SdpError::NotOffered)
    );
}

#[test]
fn we_never_go_further_than_wanted() {
    let check = |wanted: Direction, theirs: &str, expected: Direction| {
        let offer = text(&format!("m=audio 4000 RTP/AVP 0|a={theirs}"));
        let answered = negotiator().answer(&offer, wanted).unwrap();
        assert_eq!(answered.media.direction, expected, "{wanted:?} {theirs}");
        assert!(media_of(&answered.body).ends_with(write::direction_name(expected)));
        let mut offering = negotiator();
        offering.offer(wanted);
        assert_eq!(
            offering.accept(&offer).unwrap().direction,
            expected,
            "offered {wanted:?}, {theirs}"
        );
    };
    check(SendRecv, "sendrecv", SendRecv);
    check(SendOnly, "sendrecv", SendOnly);
    check(SendOnly, "sendonly", Inactive);
    check(RecvOnly, "sendonly", RecvOnly);
    check(Inactive, "sendrecv", Inactive);
    check(SendRecv, "inactive", Inactive);
}

fn version(body: &[u8]) -> u64 {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let line = body.lines().find(|line| line.starts_with("o=")).unwrap();
    line.split(' ').nth(2).unwrap().parse().unwrap()
}

#[test]
fn the_version_grows_with_each_change_and_only_then() {
    let mut negotiator = negotiator();
    let offer = text("m=audio 4000 RTP/AVP 0");
    let hold = text("m=audio 4000 RTP/AVP 0|a=sendonly");
    let mut said = Vec::new();
    for theirs in [&offer, &offer, &hold, &hold, &offer] {
        said.push(version(&negotiator.answer(theirs, SendRecv).unwrap().body));
    }
    assert_eq!(said, [1, 1, 2, 2, 3]);
}

#[test]
fn our_later_offers_keep_what_was_settled() {
    let mut negotiator = negotiator();
    let theirs = "m=video 5000 RTP/AVP 96|m=audio 4000 RTP/AVP 8 110|a=rtpmap:110 telephone-event/8000";
    negotiator.answer(&text(theirs), SendRecv).unwrap();
    let offer = negotiator.offer(SendOnly);
    let expected = "m=video 0 RTP/AVP 96|m=audio 10000 RTP/AVP 8 0 110 13|a=rtpmap:8 PCMA/8000|a=rtpmap:0 PCMU/8000|\
        a=rtpmap:110 telephone-event/8000|a=fmtp:110 0-16|a=rtpmap:13 CN/8000|a=ptime:20|a=sendonly";
    assert_eq!((media_of(&offer).as_str(), version(&offer)), (expected, 2));
    let answer = text("m=video 0 RTP/AVP 96|m=audio 4000 RTP/AVP 8|a=recvonly");
    assert_eq!(negotiator.accept(&answer).unwrap().direction, SendOnly);
}

#[test]
fn a_failed_offer_changes_nothing_that_was_agreed() {
    let mut negotiator = negotiator();
    let agreed = negotiator
        .answer(&text("m=audio 4000 RTP/AVP 0"), SendRecv)
        .unwrap()
        .media;
    negotiator.offer(Inactive);
    assert!(negotiator.has_open_offer());
    negotiator.withdraw();
    assert_eq!(negotiator.agreed(), Some(&agreed));
    assert_eq!(
        negotiator.accept(&text("m=audio 4000 RTP/AVP 0")),
        Err(SdpError::NotOffered)
    );
    let answered = negotiator.answer(&text("m=audio 4000 RTP/AVP 18"), SendRecv);
    assert_eq!(
        (answered, negotiator.agreed()),
        (Err(SdpError::NoCommonCodec), Some(&agreed))
    );
}

#[test]
fn the_other_legs_codec_can_be_preferred() {
    let mut negotiator = negotiator();
    negotiator.prefer(Codec::Pcma);
    let answer = negotiator.answer(&text("m=audio 4000 RTP/AVP 0 8"), SendRecv).unwrap();
    assert_eq!(answer.media.format.codec, Codec::Pcma);
}

#[test]
fn hold_and_retrieve_by_either_side() {
    let mut negotiator = negotiator();
    let theirs = |direction: &str| text(&format!("m=audio 4000 RTP/AVP 0|a={direction}"));
    assert_eq!(
        negotiator
            .answer(&theirs("sendonly"), SendRecv)
            .unwrap()
            .media
            .direction,
        RecvOnly
    );
    assert_eq!(
        negotiator
            .answer(&theirs("inactive"), SendRecv)
            .unwrap()
            .media
            .direction,
        Inactive
    );
    negotiator.offer(SendOnly);
    assert_eq!(negotiator.accept(&theirs("recvonly")).unwrap().direction, SendOnly);
    assert_eq!(
        negotiator
            .answer(&theirs("sendrecv"), SendRecv)
            .unwrap()
            .media
            .direction,
        SendRecv
    );
}

fn line() -> impl Strategy<Value = String> {
    let attribute = prop::sample::select(vec![
        "a=sendrecv",
        "a=sendonly",
        "a=recvonly",
        "a=inactive",
        "a=rtcp-mux",
        "a=rtcp:77",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:97 PCMU/8000",
        "a=rtpmap:13 CN/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=rtpmap:",
        "a=",
        "c=IN IP4 203.0.113.9",
        "c=IN IP4 0.0.0.0",
        "c=IN IP6 ::",
        "c=IN IP4 host",
        "a=rtcp:x IN IP4 y",
        "a=mid:1",
        "b=AS:64",
        "i=title",
    ]);
    let media = (
        prop::sample::select(vec!["audio", "video", "image", "AUDIO", "a\u{1}udio"]),
        prop::sample::select(vec![0_u16, 1, 4_000, 65_535]),
        prop::sample::select(vec!["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "udptl", "UDP/TLS/RTP/SAVPF"]),
        prop::sample::select(vec![
            "0", "8 0 101", "97", "18 101", "0 13", "13 8", "0 0 0", "*", "999 8", "", "t38",
        ]),
    );
    let media = media.prop_map(|(media, port, profile, formats)| format!("m={media} {port} {profile} {formats}"));
    prop_oneof![3 => media, 5 => attribute.prop_map(str::to_owned)]
}

proptest! {
    #[test]
    fn reading_anything_never_panics(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Session::parse(&body);
        let mut mixed = b"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 4 RTP/AVP 0\r\n".to_vec();
        mixed.extend(body);
        let _ = negotiator().answer(&mixed, SendRecv);
    }

    /// RFC 3264 section 6: as many lines, of the same kinds; formats and profile that were offered; a direction that
    /// fits; and the far party, reading it as the answer to its offer, comes to the same end.
    #[test]
    fn each_answer_is_a_valid_one(lines in prop::collection::vec(line(), 0..12), wanted in 0..4_usize) {
        let wanted = [SendRecv, SendOnly, RecvOnly, Inactive][wanted];
        let offer = text(&lines.join("|"));
        let Ok(parsed) = Session::parse(&offer) else { return Ok(()) };
        let Ok(answer) = negotiator().answer(&offer, wanted) else { return Ok(()) };
        let said = Session::parse(&answer.body).unwrap();
        prop_assert_eq!(said.medias().len(), parsed.medias().len());
        let mut taken = 0;
        for (theirs, ours) in parsed.medias().iter().zip(said.medias()) {
            let clean: String = theirs.media.chars().filter(char::is_ascii_graphic).collect();
            prop_assert_eq!(&ours.media.to_ascii_lowercase(), &clean.to_ascii_lowercase());
            prop_assert_eq!(&ours.proto, &theirs.proto);
            if ours.port == 0 {
                continue;
            }
            taken += 1;
            prop_assert!(theirs.port != 0);
            let offered: Vec<&str> = theirs.fmt.split(' ').collect();
            prop_assert!(ours.fmt.split(' ').all(|format| offered.contains(&format)), "{} {}", ours.fmt, theirs.fmt);
        }
        prop_assert_eq!(taken, 1);
        let line = said.audio_lines().next().unwrap();
        let asked = parsed.audio_lines().find(|asked| asked.index == line.index).unwrap();
        let ((we_send, we_receive), (they_send, they_receive)) = (line.wishes(), asked.wishes());
        prop_assert!((!we_send || they_receive) && (!we_receive || they_send));
        prop_assert_eq!(answer.media.direction, Direction::new(we_send, we_receive));
        prop_assert_eq!(line.multiplexes(), asked.multiplexes());
        prop_assert!(answer.media.direction.we_send() <= !answer.media.remote.ip().is_unspecified());
    }

    /// What one of us offers and the other answers, both understand alike.
    #[test]
    fn two_of_us_agree(first in 0..4_usize, second in 0..4_usize, pcma_first: bool) {
        let all = [SendRecv, SendOnly, RecvOnly, Inactive];
        let (mut anna, mut boris) = (negotiator(), negotiator());
        if pcma_first {
            boris.prefer(Codec::Pcma);
        }
        let answer = boris.answer(&anna.offer(all[first]), all[second]).unwrap();
        let media = anna.accept(&answer.body).unwrap();
        prop_assert_eq!(media.format, answer.media.format);
        prop_assert_eq!(media.direction.we_send(), answer.media.direction.they_send());
        prop_assert_eq!(media.direction.they_send(), answer.media.direction.we_send());
    }
}
