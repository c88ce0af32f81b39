//! SRTP in offers and answers (RFC 4568).

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::srtp::Suite;

const THEIRS: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

fn keys() -> Keys {
    Keys::random(&mut StdRng::seed_from_u64(1))
}

fn with(srtp: Srtp) -> Negotiator {
    Negotiator::new(84, LocalMedia { srtp, ..local() })
}

/// An audio line with one of their keys.
fn offer(profile: &str, tag: u32, suite: &str) -> Vec<u8> {
    text(&format!(
        "m=audio 4000 {profile} 0|a=crypto:{tag} AES_CM_128_HMAC_SHA1_{suite} inline:{THEIRS}"
    ))
}

fn crypto_lines(body: &[u8]) -> Vec<String> {
    let lines = media_of(body);
    let cryptos = lines.split('|').filter_map(|line| line.strip_prefix("a=crypto:"));
    cryptos
        .map(|line| line.split(" inline:").next().unwrap().to_owned())
        .collect()
}

#[test]
fn an_offer_of_srtp_is_answered_by_its_tag_and_suite() {
    for profile in ["RTP/SAVP", "RTP/SAVPF", "RTP/AVP"] {
        for (number, suite) in [("80", Suite::Sha1_80), ("32", Suite::Sha1_32)] {
            for srtp in [Srtp::Accept(keys()), Srtp::Offer(keys()), Srtp::Require(keys())] {
                let answer = with(srtp).answer(&offer(profile, 7, number), SendRecv).unwrap();
                let crypto = answer.media.crypto.unwrap();
                assert_eq!((crypto.ours.suite, crypto.theirs.suite), (suite, suite));
                assert_eq!(crypto_lines(&answer.body), [format!("7 AES_CM_128_HMAC_SHA1_{number}")]);
                assert!(media_of(&answer.body).starts_with(&format!("m=audio 10000 {profile} 0|")));
            }
        }
    }
}

#[test]
fn srtp_is_refused_where_it_is_not_wanted_or_has_no_key() {
    let refused = Err(SdpError::NoAudio);
    assert_eq!(with(Srtp::Never).answer(&offer("RTP/SAVP", 1, "80"), SendRecv), refused);
    assert_eq!(
        with(Srtp::Accept(keys())).answer(&offer("RTP/SAVP", 1, "99"), SendRecv),
        refused
    );
    let plain = with(Srtp::Never).answer(&offer("RTP/AVP", 1, "80"), SendRecv).unwrap();
    assert_eq!((plain.media.crypto, crypto_lines(&plain.body).len()), (None, 0));
    let plain = with(Srtp::Offer(keys())).answer(&text("m=audio 4000 RTP/AVP 0"), SendRecv);
    assert_eq!(plain.unwrap().media.crypto, None);
    let demanded = with(Srtp::Require(keys())).answer(&text("m=audio 4000 RTP/AVP 0"), SendRecv);
    assert_eq!(demanded, Err(SdpError::Plain));
}

#[test]
fn the_first_key_that_we_understand_is_taken() {
    let several = text(
        &format!(
            "m=audio 4000 RTP/SAVP 0|a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:{THEIRS}{THEIRS}|\
        a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{THEIRS}|2^31|1:1|a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:{THEIRS}"
        )
        .replace("|2^31|1:1", "\u{1}"),
    );
    let several = String::from_utf8(several)
        .unwrap()
        .replace('\u{1}', "|2^31|1:1")
        .into_bytes();
    let answer = with(Srtp::Accept(keys())).answer(&several, SendRecv).unwrap();
    assert_eq!(crypto_lines(&answer.body), ["3 AES_CM_128_HMAC_SHA1_32"]);
}

#[test]
fn our_offer_names_both_suites_and_the_answer_chooses() {
    let mut negotiator = with(Srtp::Offer(keys()));
    let ours = negotiator.offer(SendRecv);
    assert!(media_of(&ours).starts_with("m=audio 10000 RTP/SAVP 0 8 101 13|"));
    assert_eq!(
        crypto_lines(&ours),
        ["1 AES_CM_128_HMAC_SHA1_80", "2 AES_CM_128_HMAC_SHA1_32"]
    );
    let media = negotiator.accept(&offer("RTP/SAVP", 2, "32")).unwrap();
    assert_eq!(media.crypto.unwrap().ours.suite, Suite::Sha1_32);
    let hold = negotiator.offer(SendOnly);
    assert!(media_of(&hold).starts_with("m=audio 10000 RTP/SAVP 0 8 101 13|"));
    assert_eq!(crypto_lines(&hold), ["2 AES_CM_128_HMAC_SHA1_32"]);
    let again = negotiator.accept(&offer("RTP/SAVP", 2, "32")).unwrap();
    assert_eq!(again.crypto, media.crypto);
}

#[test]
fn an_answer_without_the_right_key_is_none() {
    for answer in [
        text("m=audio 4000 RTP/AVP 0"),
        text("m=audio 4000 RTP/SAVP 0"),
        offer("RTP/SAVP", 3, "80"),
        offer("RTP/SAVP", 1, "32"),
    ] {
        let mut negotiator = with(Srtp::Offer(keys()));
        negotiator.offer(SendRecv);
        let refused = negotiator.accept(&answer);
        assert!(matches!(refused, Err(SdpError::BadMedia(_))), "{refused:?}");
    }
}

#[test]
fn of_an_offer_both_ways_the_srtp_is_taken_where_we_have_it_and_the_other_one_where_not() {
    let secure = format!("m=audio 4002 RTP/SAVP 0|a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{THEIRS}");
    let check = |srtp: Srtp, lines: String, taken: &str, refused: &str| {
        let answer = with(srtp).answer(&text(&lines), SendRecv).unwrap();
        let lines = media_of(&answer.body);
        assert!(lines.contains(taken) && lines.contains(refused), "{lines}");
        assert_eq!(answer.media.crypto.is_some(), taken.contains("SAVP"));
    };
    for srtp in [Srtp::Accept(keys()), Srtp::Offer(keys()), Srtp::Require(keys())] {
        for lines in [
            format!("m=audio 4000 RTP/AVP 0|{secure}"),
            format!("{secure}|m=audio 4000 RTP/AVP 0"),
        ] {
            check(srtp, lines, "m=audio 10000 RTP/SAVP", "m=audio 0 RTP/AVP");
        }
    }
    let lines = format!("{secure}|m=audio 4000 RTP/AVP 0");
    check(Srtp::Never, lines, "m=audio 10000 RTP/AVP", "m=audio 0 RTP/SAVP");
}

#[test]
fn an_offer_of_srtp_that_came_to_nothing_is_made_once_more_without_it() {
    let mut negotiator = with(Srtp::Offer(keys()));
    assert!(negotiator.plain().is_none());
    negotiator.offer(SendRecv);
    let mut plain = negotiator.plain().unwrap();
    let second = plain.offer(SendRecv);
    assert!(media_of(&second).starts_with("m=audio 10000 RTP/AVP 0 8 101 13|"));
    assert!(String::from_utf8(second.clone()).unwrap().contains("o=- 42 2 IN"));
    assert_eq!(crypto_lines(&second), Vec::<String>::new());
    assert!(plain.plain().is_none());
    let media = plain.accept(&text("m=audio 4000 RTP/AVP 0")).unwrap();
    assert_eq!(media.crypto, None);
    negotiator.accept(&offer("RTP/SAVP", 1, "80")).unwrap();
    assert!(negotiator.plain().is_none());
    for srtp in [Srtp::Never, Srtp::Accept(keys()), Srtp::Require(keys())] {
        let mut other = with(srtp);
        other.offer(SendRecv);
        assert!(other.plain().is_none());
    }
}

#[test]
fn what_we_offer_after_an_answer_keeps_its_key() {
    let mut negotiator = with(Srtp::Accept(keys()));
    let first = negotiator.answer(&offer("RTP/SAVP", 4, "80"), SendRecv).unwrap();
    let ours = negotiator.offer(SendRecv);
    assert_eq!(crypto_lines(&ours), crypto_lines(&first.body));
    let mut plain = with(Srtp::Offer(keys()));
    plain.answer(&text("m=audio 4000 RTP/AVP 0"), SendRecv).unwrap();
    assert_eq!(crypto_lines(&plain.offer(SendRecv)), Vec::<String>::new());
}
