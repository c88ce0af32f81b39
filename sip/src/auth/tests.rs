use std::time::Instant;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::wire::Framing;

const REALM: &str = "pbx.example";
const SECRET: &str = "s3cret";

fn at(unix_ms: i64) -> Now {
    #[expect(
        clippy::disallowed_methods,
        reason = "any instant will do: nonces go by the wall clock"
    )]
    let instant = Instant::now();
    Now { instant, unix_ms }
}

fn authenticator(secret: u8) -> Authenticator {
    Authenticator::new([secret; 32], AuthConfig::new(REALM))
}

fn secrets(user: &str) -> Option<Ha1> {
    (user == "101" || user == "a\"b").then(|| Ha1::new(user, REALM, SECRET))
}

fn request(header: &str) -> Message {
    let text = format!(
        "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:101@pbx.example>;tag=1\r\nTo: <sip:101@pbx.example>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n\
         {header}Content-Length: 0\r\n\r\n"
    );
    Message::parse(Bytes::from(text), Framing::Datagram).unwrap()
}

fn challenges(reply: &Reply) -> Vec<&[u8]> {
    reply.headers.iter().map(|(_, value)| value.as_bytes()).collect()
}

fn asks(method: &str, count: u32) -> Answering<'_> {
    Answering {
        method,
        uri: "sip:pbx.example",
        cnonce: "0a4f113b",
        count,
    }
}

fn challenged_by(authenticator: &mut Authenticator, now: i64) -> Reply {
    match authenticator.check(&request(""), &secrets, at(now)) {
        Check::Challenge { reply } => reply,
        Check::Passed { .. } | Check::Failed { .. } => panic!("not a challenge"),
    }
}

struct World {
    authenticator: Authenticator,
    now: i64,
}

impl World {
    fn new() -> World {
        World {
            authenticator: authenticator(1),
            now: 1_000_000,
        }
    }

    fn send(&mut self, header: &str) -> Check {
        self.authenticator.check(&request(header), &secrets, at(self.now))
    }

    fn challenged(&mut self) -> Reply {
        challenged_by(&mut self.authenticator, self.now)
    }

    /// The outcome in one word.
    fn outcome(&mut self, header: &str) -> String {
        match self.send(header) {
            Check::Passed { user } => format!("passed {user}"),
            Check::Challenge { reply } if reply.headers.iter().all(|h| h.1.ends_with("stale=true")) => "stale".into(),
            Check::Challenge { reply } => format!("challenge {}", reply.status),
            Check::Failed { reply, user } => format!("failed {user} {}", reply.status),
        }
    }

    fn check(&mut self, value: &str, expected: &str) {
        assert_eq!(
            self.outcome(&format!("Authorization: {value}\r\n")),
            expected,
            "{value}"
        );
    }
}

fn login<'a>(user: &'a str, secret: &'a str) -> Login<'a> {
    Login { user, secret }
}

fn credentials_for(reply: &Reply, count: u32) -> String {
    answer(challenges(reply), &login("101", SECRET), &asks("REGISTER", count)).unwrap()
}

#[test]
fn a_challenge_offers_sha_256_first_and_md5_after_it() {
    let Check::Challenge { reply } = World::new().send("") else {
        panic!("not a challenge");
    };
    assert_eq!(reply.status, 401);
    let [(first_name, first), (_, second)] = &reply.headers[..] else {
        panic!("not two headers");
    };
    assert_eq!(first_name, "WWW-Authenticate");
    assert!(first.starts_with("Digest realm=\"pbx.example\", nonce=\""), "{first}");
    assert!(first.ends_with("algorithm=SHA-256, qop=\"auth\""), "{first}");
    assert_eq!(*second, first.replace("SHA-256", "MD5"));
}

#[test]
fn right_credentials_pass_once_for_each_nonce_count() {
    let mut world = World::new();
    let reply = world.challenged();
    let first = credentials_for(&reply, 1);
    assert!(first.contains("algorithm=SHA-256"));
    world.check(&first, "passed 101");
    world.check(&first, "stale");
    world.check(&credentials_for(&reply, 0x1f), "passed 101");
    world.check(&credentials_for(&reply, 2), "passed 101");
    world.now += 3_600_001;
    world.check(&credentials_for(&reply, 0x20), "stale");
}

#[test]
fn phones_that_know_only_md5_or_no_qop_pass() {
    let mut world = World::new();
    let reply = world.challenged();
    let md5 = reply.headers[1].1.replace(", qop=\"auth\"", "");
    let legacy = answer([md5.as_bytes()], &login("101", SECRET), &asks("REGISTER", 1)).unwrap();
    assert!(!legacy.contains("qop"), "{legacy}");
    world.check(&legacy, "passed 101");
    world.check(&legacy, "stale");
    let silent = legacy.replace(", algorithm=MD5", "");
    world.check(&silent, "stale");
    let reply = world.challenged();
    let md5 = reply.headers[1].1.as_bytes();
    let counted = answer([md5], &login("101", SECRET), &asks("REGISTER", 1)).unwrap();
    assert!(counted.contains("algorithm=MD5, qop=auth, nc=00000001"), "{counted}");
    world.check(&counted, "passed 101");
}

#[test]
fn an_unknown_user_cannot_be_told_from_a_wrong_password() {
    let mut world = World::new();
    let mut reply_to = |user: &str| {
        let reply = world.challenged();
        let value = answer(challenges(&reply), &login(user, "wrong"), &asks("REGISTER", 1)).unwrap();
        let Check::Failed {
            mut reply,
            user: failed,
        } = world.send(&format!("Authorization: {value}\r\n"))
        else {
            panic!("not failed");
        };
        assert_eq!(failed, user);
        for (_, value) in &mut reply.headers {
            let nonce = value.find("nonce=").unwrap() + 7;
            value.replace_range(nonce..nonce + 40, "");
        }
        (reply.status, reply.reason, reply.headers)
    };
    assert_eq!(reply_to("101"), reply_to("999"));
}

#[test]
fn a_nonce_of_an_earlier_run_is_stale_only_for_who_knows_the_password() {
    let mut world = World::new();
    let reply = challenged_by(&mut authenticator(2), world.now);
    world.check(&credentials_for(&reply, 1), "stale");
    let wrong = answer(challenges(&reply), &login("101", "wrong"), &asks("REGISTER", 1)).unwrap();
    world.check(&wrong, "failed 101 401");
}

#[test]
fn what_is_not_for_us_is_a_first_request_and_what_cannot_be_read_is_a_bad_one() {
    let mut world = World::new();
    let right = credentials_for(&world.challenged(), 1);
    world.check("NoOneKnowsThisScheme opaque-data=here", "challenge 401");
    world.check(
        &right.replace("pbx.example\", n", "other.example\", n"),
        "challenge 401",
    );
    world.check(&right.replace("username=", "user="), "failed  400");
    world.check(&right.replace("response=", "answer="), "failed  400");
    world.check(&right.replace("nc=00000001", "nc=x"), "failed  400");
    world.check(&right.replace("nc=00000001", "nc=000000001"), "failed  400");
    world.check(&right.replace("qop=auth", "qop=auth-int"), "failed  400");
    world.check("Digest realm=\"", "failed  400");
    world.check(&right.replace("SHA-256", "SHA-512-256"), "failed 101 401");
    world.check(&right.replace("SHA-256", "SHA-256-sess"), "failed 101 401");
    world.check(&right.replace("sip:pbx.example", "sip:other.example"), "failed 101 401");
    let invite = answer(
        challenges(&world.challenged()),
        &login("101", SECRET),
        &asks("INVITE", 1),
    )
    .unwrap();
    world.check(&invite, "failed 101 401");
    world.check(&right, "passed 101");
}

#[test]
fn credentials_are_found_in_either_header_and_behind_others() {
    let mut world = World::new();
    let value = credentials_for(&world.challenged(), 1);
    let other = value.replace(REALM, "other.example");
    let outcome = world.outcome(&format!("Authorization: {other}\r\nProxy-Authorization: {value}\r\n"));
    assert_eq!(outcome, "passed 101");
}

#[test]
fn odd_spellings_of_right_credentials_pass() {
    let mut world = World::new();
    let value = credentials_for(&world.challenged(), 1);
    let hash = value
        .split("response=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    world.check(
        &value
            .replace(&hash, &hash.to_uppercase())
            .replace("SHA-256", "\"sha-256\""),
        "passed 101",
    );
    let reply = world.challenged();
    let quoted = answer(challenges(&reply), &login("a\"b", SECRET), &asks("REGISTER", 1)).unwrap();
    world.check(&quoted, "passed a\"b");
    let uri = Answering {
        uri: "sip:127.0.0.1:5060;transport=UDP",
        ..asks("REGISTER", 2)
    };
    let elsewhere = answer(challenges(&reply), &login("101", SECRET), &uri).unwrap();
    world.check(&elsewhere, "passed 101");
}

#[test]
fn algorithms_are_offered_as_configured_and_no_other_is_taken() {
    let config = AuthConfig {
        offers: vec![Algorithm::Md5],
        ..AuthConfig::new(REALM)
    };
    let mut world = World::new();
    let sha_256 = credentials_for(&world.challenged(), 1);
    world.authenticator = Authenticator::new([1; 32], config);
    world.check(&sha_256, "failed 101 401");
    let reply = world.challenged();
    assert_eq!(reply.headers.len(), 1);
    world.check(&credentials_for(&reply, 1), "passed 101");
}

#[test]
fn a_phone_that_gives_up_at_sha_256_is_asked_for_md5_alone() {
    let mut world = World::new();
    let mut offered = |user_agent: &str| {
        let Check::Challenge { reply } = world.send(&format!("User-Agent: {user_agent}\r\n")) else {
            panic!("not a challenge");
        };
        reply.headers.len()
    };
    assert_eq!(offered("baresip v1.0.0 (x86_64/linux)"), 1);
    assert_eq!(offered("Linphone/5.2"), 2);
}

proptest! {
    #[test]
    fn no_credentials_without_the_password_pass(
        noise in "[ -~]{0,80}",
        field in "(username|realm|nonce|uri|response|algorithm|qop|nc|cnonce)",
        text in "[ -~]{0,40}",
    ) {
        let mut world = World::new();
        let reply = world.challenged();
        let wrong = answer(challenges(&reply), &login("101", "wrong"), &asks("REGISTER", 1)).unwrap();
        for value in [noise.clone(), format!("Digest {noise}"), format!("{wrong}, {field}={text}"), format!("{wrong}{noise}")] {
            let passed = matches!(world.send(&format!("Authorization: {value}\r\n")), Check::Passed { .. });
            prop_assert!(!passed, "{}", value);
        }
    }
}
