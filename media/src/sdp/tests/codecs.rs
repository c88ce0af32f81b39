//! Codecs beyond G.711 in offers and answers.

use super::*;

fn wide() -> Negotiator {
    let codecs = vec![Codec::G722, Codec::Pcma, Codec::Pcmu];
    Negotiator::new(84, LocalMedia { codecs, ..local() })
}

#[test]
fn g722_has_a_clock_of_8000_whatever_it_is() {
    let ours = wide().offer(SendRecv);
    assert!(
        media_of(&ours).starts_with("m=audio 10000 RTP/AVP 9 8 0 101 13|a=rtpmap:9 G722/8000|a=rtpmap:8 PCMA/8000|")
    );
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

fn with_opus() -> Negotiator {
    let codecs = vec![Codec::Opus, Codec::G722, Codec::Pcma];
    Negotiator::new(84, LocalMedia { codecs, ..local() })
}

#[test]
fn opus_is_offered_with_events_by_its_own_clock() {
    let expected = "m=audio 10000 RTP/AVP 96 9 8 102 101 13|a=rtpmap:96 opus/48000/2|a=fmtp:96 useinbandfec=1|\
        a=rtpmap:9 G722/8000|a=rtpmap:8 PCMA/8000|a=rtpmap:102 telephone-event/48000|a=fmtp:102 0-16|\
        a=rtpmap:101 telephone-event/8000|a=fmtp:101 0-16|a=rtpmap:13 CN/8000|a=ptime:20|a=sendrecv";
    assert_eq!(media_of(&with_opus().offer(SendRecv)), expected);
}

#[test]
fn opus_is_answered_by_the_offerers_numbers() {
    let check = |offer: &str, answer: &str, event: (Option<u8>, u32)| {
        let found = with_opus().answer(&text(offer), SendRecv).unwrap();
        assert!(
            media_of(&found.body).starts_with(answer),
            "{offer}: {}",
            media_of(&found.body)
        );
        let format = found.media.format;
        assert_eq!((format.telephone_event, format.event_clock), event, "{offer}");
    };
    check(
        "m=audio 4000 RTP/AVP 8 111 126 110|a=rtpmap:111 OPUS/48000/2|a=fmtp:111 minptime=10;useinbandfec=1|\
         a=rtpmap:110 telephone-event/8000|a=rtpmap:126 telephone-event/48000",
        "m=audio 10000 RTP/AVP 111 126|a=rtpmap:111 opus/48000/2|a=fmtp:111 useinbandfec=1|\
         a=rtpmap:126 telephone-event/48000|a=fmtp:126 0-16|a=ptime",
        (Some(126), 48_000),
    );
    check(
        "m=audio 4000 RTP/AVP 111 101|a=rtpmap:111 opus/48000/2|a=rtpmap:101 telephone-event/8000",
        "m=audio 10000 RTP/AVP 111 101|a=rtpmap:111 opus/48000/2|a=fmtp:111 useinbandfec=1|\
         a=rtpmap:101 telephone-event/8000|",
        (Some(101), 8_000),
    );
    check(
        "m=audio 4000 RTP/AVP 111|a=rtpmap:111 opus/48000/2",
        "m=audio 10000 RTP/AVP 111|a=rtpmap:111 opus/48000/2|a=fmtp:111 useinbandfec=1|a=ptime",
        (None, 48_000),
    );
    check(
        "m=audio 4000 RTP/AVP 8 126|a=rtpmap:126 telephone-event/48000",
        "m=audio 10000 RTP/AVP 8|a=rtpmap:8 PCMA/8000|a=ptime",
        (None, 8_000),
    );
}

#[test]
fn a_number_without_an_rtpmap_is_never_opus() {
    for offer in [
        "m=audio 4000 RTP/AVP 96",
        "m=audio 4000 RTP/AVP 96|a=rtpmap:96 opus/48000",
        "m=audio 4000 RTP/AVP 96|a=rtpmap:96 opus/16000/2",
    ] {
        assert_eq!(
            with_opus().answer(&text(offer), SendRecv),
            Err(SdpError::NoCommonCodec),
            "{offer}"
        );
    }
}

#[test]
fn an_answer_with_other_numbers_is_sent_by_its_own_and_heard_by_ours() {
    let mut ours = with_opus();
    ours.offer(SendRecv);
    let answer = "m=audio 4000 RTP/AVP 111 126|a=rtpmap:111 opus/48000/2|a=rtpmap:126 telephone-event/48000";
    let format = ours.accept(&text(answer)).unwrap().format;
    assert_eq!((format.payload_type, format.telephone_event), (111, Some(126)));
    assert_eq!((format.heard.audio, format.heard.telephone_event), (96, Some(102)));
    // Ours keep their meaning.
    assert!(media_of(&ours.offer(SendRecv)).starts_with("m=audio 10000 RTP/AVP 96 9 8 102 101 13|"));
}

#[test]
fn later_offers_keep_the_numbers_of_the_far_partys() {
    let check = |offer: &str, expected: &str| {
        let mut ours = with_opus();
        ours.answer(&text(offer), SendRecv).unwrap();
        let later = media_of(&ours.offer(SendRecv));
        assert!(later.starts_with(expected), "{offer}: {later}");
    };
    check(
        "m=audio 4000 RTP/AVP 8 111 97|a=rtpmap:111 opus/48000/2|a=rtpmap:97 telephone-event/8000",
        "m=audio 10000 RTP/AVP 111 9 8 102 97 13|",
    );
    check(
        "m=audio 4000 RTP/AVP 8 96 101 102|a=rtpmap:96 telephone-event/8000|a=rtpmap:101 speex/8000|a=rtpmap:102 iLBC/8000",
        "m=audio 10000 RTP/AVP 8 97 9 96 98 13|",
    );
}

#[test]
fn two_phones_number_opus_each_in_its_own_way() {
    let (mut caller, mut called) = (with_opus(), with_opus());
    let offer = "m=audio 4000 RTP/AVP 120|a=rtpmap:120 opus/48000/2";
    called.limit(&caller.offered(&text(offer)));
    assert_eq!(called.local().codecs, [Codec::Opus, Codec::Pcma]);
    called.offer(SendRecv);
    let answered = called.accept(&text("m=audio 5000 RTP/AVP 96|a=rtpmap:96 opus/48000/2"));
    let caller = caller.answer(&text(offer), SendRecv).unwrap().media.format;
    assert_eq!((caller.payload_type, answered.unwrap().format.payload_type), (120, 96));
}

#[test]
fn comfort_noise_is_answered_with_g711_and_only_where_it_is_offered() {
    let check = |offer: &str, line: &str, agreed: bool| {
        let found = with_opus().answer(&text(offer), SendRecv).unwrap();
        let body = media_of(&found.body);
        assert!(
            body.starts_with(&format!("m=audio 10000 RTP/AVP {line}|")),
            "{offer}: {body}"
        );
        assert_eq!(body.contains("|a=rtpmap:13 CN/8000|"), agreed, "{offer}: {body}");
        assert_eq!(found.media.format.comfort_noise, agreed, "{offer}");
    };
    check("m=audio 4000 RTP/AVP 8 13", "8 13", true);
    check("m=audio 4000 RTP/AVP 13 8|a=rtpmap:13 CN/8000", "8 13", true);
    check("m=audio 4000 RTP/AVP 8 13|a=rtpmap:13 cn/8000/1", "8 13", true);
    check(
        "m=audio 4000 RTP/AVP 8 13 101|a=rtpmap:101 telephone-event/8000",
        "8 101 13",
        true,
    );
    check("m=audio 4000 RTP/AVP 8", "8", false);
    check("m=audio 4000 RTP/AVP 8|a=rtpmap:13 CN/8000", "8", false);
    check("m=audio 4000 RTP/AVP 8 13|a=rtpmap:13 CN/16000", "8", false);
    check("m=audio 4000 RTP/AVP 8 13|a=rtpmap:13 VDVI/8000", "8", false);
    check("m=audio 4000 RTP/AVP 8 97|a=rtpmap:97 CN/8000", "8", false);
    check("m=audio 4000 RTP/AVP 9 8 13", "9", false);
    check("m=audio 4000 RTP/AVP 111 8 13|a=rtpmap:111 opus/48000/2", "111", false);
    assert_eq!(
        with_opus().answer(&text("m=audio 4000 RTP/AVP 13|a=rtpmap:13 CN/8000"), SendRecv),
        Err(SdpError::NoCommonCodec)
    );
}

#[test]
fn comfort_noise_that_we_offer_is_agreed_where_the_answer_has_it() {
    let check = |codecs: &[Codec], answer: &str, agreed: bool| {
        let codecs = codecs.to_vec();
        let mut ours = Negotiator::new(84, LocalMedia { codecs, ..local() });
        ours.offer(SendRecv);
        let format = ours.accept(&text(answer)).unwrap().format;
        assert_eq!(format.comfort_noise, agreed, "{answer}");
        // A later offer may have it again.
        let later = media_of(&ours.offer(SendRecv));
        let has_law = ours.local().codecs.iter().any(|codec| codec.law().is_some());
        assert_eq!(later.contains("|a=rtpmap:13 CN/8000|"), has_law, "{later}");
    };
    let both = [Codec::G722, Codec::Pcma];
    check(&both, "m=audio 4000 RTP/AVP 8 13", true);
    check(&both, "m=audio 4000 RTP/AVP 8 13|a=rtpmap:13 CN/8000", true);
    check(&both, "m=audio 4000 RTP/AVP 8", false);
    check(&both, "m=audio 4000 RTP/AVP 9 13", false);
    check(&[Codec::G722], "m=audio 4000 RTP/AVP 9 13", false);
    assert!(
        !media_of(
            &Negotiator::new(
                84,
                LocalMedia {
                    codecs: vec![Codec::G722],
                    ..local()
                }
            )
            .offer(SendRecv)
        )
        .contains("13")
    );
}
