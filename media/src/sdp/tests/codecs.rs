//! Codecs beyond G.711 in offers and answers.

use super::*;

fn wide() -> Negotiator {
    let codecs = vec![Codec::G722, Codec::Pcma, Codec::Pcmu];
    Negotiator::new(84, LocalMedia { codecs, ..local() })
}

#[test]
fn g722_has_a_clock_of_8000_whatever_it_is() {
    let ours = wide().offer(SendRecv);
    assert!(media_of(&ours).starts_with("m=audio 10000 RTP/AVP 9 8 0 101|a=rtpmap:9 G722/8000|a=rtpmap:8 PCMA/8000|"));
    for theirs in [
        "m=audio 4000 RTP/AVP 8 9",
        "m=audio 4000 RTP/AVP 8 9|a=rtpmap:9 G722/8000",
        "m=audio 4000 RTP/AVP 8 9|a=rtpmap:9 g722/8000/1",
    ] {
        let format = wide().answer(&text(theirs), SendRecv).unwrap().media.format;
        assert_eq!((format.codec, format.payload_type), (Codec::G722, 9), "{theirs}");
    }
    let other = wide().answer(&text("m=audio 4000 RTP/AVP 8 9|a=rtpmap:9 G722/16000"), SendRecv);
    assert_eq!(other.unwrap().media.format.codec, Codec::Pcma);
    let format = wide()
        .answer(&text("m=audio 4000 RTP/AVP 120|a=rtpmap:120 G722/8000"), SendRecv)
        .unwrap()
        .media
        .format;
    assert_eq!((format.codec, format.payload_type), (Codec::G722, 120));
}

#[test]
fn the_called_phone_is_offered_what_the_caller_speaks_and_g711() {
    let check = |theirs: &str, expected: &[Codec]| {
        let mut called = wide();
        called.limit(&wide().offered(&text(theirs)));
        assert_eq!(called.local().codecs, expected, "{theirs}");
    };
    let (g722, pcma, pcmu) = (Codec::G722, Codec::Pcma, Codec::Pcmu);
    check("m=audio 4000 RTP/AVP 0 9", &[g722, pcma, pcmu]);
    check("m=audio 4000 RTP/AVP 9", &[g722, pcma, pcmu]);
    check("m=audio 4000 RTP/AVP 0 18", &[pcma, pcmu]);
    check("m=video 4000 RTP/AVP 9", &[pcma, pcmu]);
    check("", &[pcma, pcmu]);
}
