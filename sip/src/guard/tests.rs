use super::*;

struct World {
    guard: Guard,
    now: Now,
}

fn world(most_sources: usize) -> World {
    #[expect(clippy::disallowed_methods, reason = "the start of the test's own time")]
    let instant = Instant::now();
    let now = Now { instant, unix_ms: 0 };
    let config = GuardConfig {
        rate: 10,
        burst: 3,
        failures: 2,
        failure_window: Duration::from_secs(60),
        ban: Duration::from_secs(100),
        trust: Duration::from_secs(1000),
        most_sources,
        ..GuardConfig::default()
    };
    World {
        guard: Guard::new(config, now),
        now,
    }
}

fn peer(text: &str) -> SocketAddr {
    match text.parse() {
        Ok(peer) => peer,
        Err(_) => SocketAddr::new(text.parse().unwrap(), 5060),
    }
}

impl World {
    fn after(&mut self, ms: u64) {
        self.now.instant += Duration::from_millis(ms);
        self.now.unix_ms += i64::try_from(ms).unwrap();
        self.guard.expire(self.now);
    }

    fn admit(&mut self, source: &str) -> Verdict {
        self.guard.admit(peer(source), self.now)
    }

    fn failed(&mut self, source: &str) -> bool {
        self.guard.offence(peer(source), Offence::Credentials, self.now)
    }

    fn asked(&mut self, source: &str, user: &str) {
        self.guard.challenged(peer(source), user.as_bytes(), self.now);
    }

    fn passed(&mut self, source: &str, user: &str) {
        self.guard.passed(peer(source), user.as_bytes(), self.now);
    }

    fn notices(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(notice) = self.guard.poll_notice() {
            told.push(match notice {
                Notice::Blocked(block) => format!("{} {}", block.address, block.reason.name()),
                Notice::Lifted(address) => format!("{address} free"),
            });
        }
        told
    }
}

#[test]
fn a_source_may_burst_and_then_goes_at_its_rate() {
    let mut world = world(10);
    let verdicts: Vec<_> = (0..4).map(|_| world.admit("192.0.2.1")).collect();
    assert_eq!(
        verdicts,
        [Verdict::Watched, Verdict::Watched, Verdict::Watched, Verdict::Throttled]
    );
    assert_eq!(world.admit("192.0.2.2"), Verdict::Watched);
    world.after(100);
    assert_eq!(world.admit("192.0.2.1"), Verdict::Watched);
    assert_eq!(world.admit("192.0.2.1"), Verdict::Throttled);
}

#[test]
fn loopback_is_never_throttled_nor_blocked() {
    let mut world = world(10);
    for user in 0..100 {
        assert_eq!(world.admit("127.0.0.1"), Verdict::Trusted);
        assert_eq!(world.admit("::ffff:127.0.0.1"), Verdict::Trusted);
        assert!(!world.failed("127.0.0.1"));
        world.asked("127.0.0.1", &user.to_string());
        world.after(5_000);
    }
    let now = world.now;
    assert!(!world.guard.block_by_hand("127.0.0.1".parse().unwrap(), None, now));
    assert_eq!((world.guard.sources(), world.guard.blocks()), (0, 0));
    assert!(world.notices().is_empty());
}

#[test]
fn wrong_passwords_block_for_a_while() {
    let mut world = world(10);
    assert!(!world.failed("192.0.2.1"));
    world.after(60_001);
    assert!(!world.failed("192.0.2.1"));
    assert!(world.failed("192.0.2.1"));
    assert_eq!(world.admit("192.0.2.1"), Verdict::Blocked);
    assert_eq!(world.admit("192.0.2.2"), Verdict::Watched);
    world.after(99_999);
    assert_eq!(world.admit("192.0.2.1"), Verdict::Blocked);
    world.after(1);
    assert_eq!(world.admit("192.0.2.1"), Verdict::Watched);
    assert!(!world.failed("192.0.2.1"), "the slate is clean");
    assert_eq!(world.notices(), ["192.0.2.1 credentials", "192.0.2.1 free"]);
}

#[test]
fn the_first_401_of_a_phone_is_no_offence() {
    let mut world = world(10);
    for user in 0..200 {
        let (user, source) = (user.to_string(), format!("192.0.2.1:{}", 20_000 + user));
        world.asked(&source, &user);
        world.after(3_000);
        world.passed(&source, &user);
    }
    assert_eq!(world.guard.blocks(), 0);
}

#[test]
fn a_phone_without_a_password_asks_for_one_user_only() {
    let mut world = world(10);
    for _ in 0..200 {
        world.asked("192.0.2.1", "101");
        world.after(10_000);
        assert_ne!(world.admit("192.0.2.1"), Verdict::Blocked);
    }
}

#[test]
fn whoever_asks_for_users_and_never_proves_to_be_one_is_blocked() {
    let mut world = world(10);
    for user in 100..110 {
        world.asked("192.0.2.1", &user.to_string());
        world.after(100);
    }
    assert_eq!(world.guard.blocks(), 0, "they may still answer");
    world.after(4_000);
    world.asked("192.0.2.1", "110");
    assert_eq!(world.admit("192.0.2.1"), Verdict::Blocked);
    assert_eq!(world.notices(), ["192.0.2.1 guessing"]);
}

#[test]
fn scanners_malformed_messages_and_floods_are_blocked() {
    let check = |offence: Offence, times: usize, reason: &str| {
        let mut world = world(10);
        let before = (1..times).any(|_| world.guard.offence(peer("192.0.2.1"), offence, world.now));
        assert!(!before, "{reason}");
        assert!(world.guard.offence(peer("192.0.2.1"), offence, world.now), "{reason}");
        assert_eq!(world.notices(), [format!("192.0.2.1 {reason}")]);
    };
    check(Offence::Scanner, 1, "scanner");
    check(Offence::Credentials, 2, "credentials");
    check(Offence::Malformed, 10, "malformed");
    check(Offence::Excess, 100, "flood");
}

#[test]
fn a_known_phone_behind_an_attackers_address_goes_on() {
    let mut world = world(10);
    world.passed("192.0.2.1:7000", "101");
    assert!(world.guard.offence(peer("192.0.2.1:5060"), Offence::Scanner, world.now));
    assert_eq!(world.admit("192.0.2.1:5060"), Verdict::Blocked);
    for _ in 0..3 {
        assert_eq!(world.admit("192.0.2.1:7000"), Verdict::Trusted);
    }
    assert_eq!(world.admit("192.0.2.1:7000"), Verdict::Throttled, "at its own rate");
    world.after(1_000_001);
    world.failed("192.0.2.1:5060");
    world.failed("192.0.2.1:5060");
    assert_ne!(world.admit("192.0.2.1:7000"), Verdict::Trusted, "trust runs out");
}

#[test]
fn a_new_phone_behind_an_attackers_address_can_be_let_in() {
    let mut world = world(10);
    assert!(world.guard.offence(peer("192.0.2.1:5060"), Offence::Scanner, world.now));
    for _ in 0..100 {
        assert_eq!(world.admit("192.0.2.1:5060"), Verdict::Blocked);
    }
    assert_eq!(world.admit("192.0.2.1:7000"), Verdict::Watched, "its first REGISTER");
    world.asked("192.0.2.1:7000", "101");
    assert_eq!(
        world.admit("192.0.2.1:7000"),
        Verdict::Watched,
        "the one with credentials"
    );
    world.passed("192.0.2.1:7000", "101");
    assert_eq!(world.admit("192.0.2.1:7000"), Verdict::Trusted);
    assert_eq!(world.admit("192.0.2.1:5060"), Verdict::Blocked);
}

#[test]
fn an_attacker_who_changes_ports_rings_the_doorbell_only_slowly() {
    let mut world = world(10);
    assert!(world.guard.offence(peer("192.0.2.1:5060"), Offence::Scanner, world.now));
    let mut heard = 0;
    for port in 10_000..20_000 {
        let source = format!("192.0.2.1:{port}");
        if world.admit(&source) == Verdict::Watched {
            heard += 1;
            assert!(!world.failed(&source));
            assert_eq!(world.admit(&source), Verdict::Blocked, "one offence silences a port");
        }
        world.after(1);
    }
    assert!((6..=20).contains(&heard), "{heard} in ten seconds");
}

#[test]
fn a_known_phone_that_guesses_passwords_is_known_no_longer() {
    let mut world = world(10);
    world.passed("192.0.2.1:7000", "101");
    world.passed("192.0.2.1:7001", "102");
    assert!(!world.failed("192.0.2.1:7000"));
    assert!(world.failed("192.0.2.1:7000"));
    assert_eq!(world.admit("192.0.2.1:7000"), Verdict::Blocked);
    assert_eq!(world.admit("192.0.2.1:7001"), Verdict::Trusted);
}

#[test]
fn a_block_by_hand_leaves_nobody_out_until_it_is_lifted() {
    let mut world = world(10);
    world.passed("192.0.2.1:7000", "101");
    let address = "192.0.2.1".parse().unwrap();
    let now = world.now;
    assert!(world.guard.block_by_hand(address, None, now));
    assert!(
        !world.guard.offence(peer("192.0.2.1:5060"), Offence::Scanner, now),
        "not weakened"
    );
    world.after(100_000_000);
    world.passed("192.0.2.1:7000", "101");
    assert_eq!(world.admit("192.0.2.1:7000"), Verdict::Blocked);
    world.guard.lift(address);
    assert_eq!(world.admit("192.0.2.1:7000"), Verdict::Trusted);
    world.guard.lift(address);
    assert_eq!(world.notices(), ["192.0.2.1 by_hand", "192.0.2.1 free"]);
    assert_eq!(world.guard.deadline(), None);
}

#[test]
fn blocks_come_back_after_a_restart_unless_they_are_over() {
    let mut world = world(10);
    world.after(1_000);
    let block = |last: u8, until_ms| Block {
        address: IpAddr::from([192, 0, 2, last]),
        reason: Reason::Guessing,
        since_ms: 0,
        until_ms,
    };
    for block in [block(1, Some(1_000)), block(2, Some(3_000)), block(3, None)] {
        let now = world.now;
        world.guard.restore(block, now);
    }
    assert_eq!(world.notices(), ["192.0.2.2 guessing", "192.0.2.3 guessing"]);
    world.after(2_000);
    assert_eq!(world.notices(), ["192.0.2.2 free"]);
    assert_eq!(world.guard.blocks(), 1);
}

#[test]
fn neighbours_in_an_ipv6_network_share_a_bucket_and_a_block() {
    let mut world = world(10);
    for host in 1..=3 {
        assert_eq!(world.admit(&format!("2001:db8::{host}")), Verdict::Watched);
    }
    assert_eq!(world.admit("2001:db8::4"), Verdict::Throttled);
    assert_eq!(world.admit("2001:db8:0:1::4"), Verdict::Watched);
    let now = world.now;
    world
        .guard
        .block_by_hand("2001:db8::7".parse().unwrap(), Some(i64::MAX), now);
    world.after(1_000);
    assert_eq!(world.admit("2001:db8::9"), Verdict::Blocked);
    assert_eq!(world.notices(), ["2001:db8:: by_hand"]);
}

#[test]
fn memory_is_bounded_and_newcomers_share_what_is_left() {
    let mut world = world(2);
    world.admit("192.0.2.1");
    world.admit("192.0.2.2");
    let verdicts: Vec<_> = (3..7).map(|host| world.admit(&format!("192.0.2.{host}"))).collect();
    assert_eq!(
        verdicts,
        [Verdict::Watched, Verdict::Watched, Verdict::Watched, Verdict::Throttled]
    );
    assert!(!world.failed("192.0.2.9"));
    assert_eq!(world.guard.sources(), 2);
    for port in 1..100 {
        world.passed(&format!("192.0.2.8:{port}"), "101");
    }
    assert_eq!(world.guard.known.len(), 8);
    for host in 0..100u32 {
        let address = IpAddr::from([10, 0, 0, u8::try_from(host).unwrap()]);
        let block = Block {
            address,
            reason: Reason::Scanner,
            since_ms: 0,
            until_ms: Some(50_000),
        };
        let now = world.now;
        world.guard.restore(block, now);
    }
    assert_eq!(world.guard.blocks(), 2);
    world.after(60_000);
    world.admit("192.0.2.8:5060");
    assert_eq!((world.guard.sources(), world.guard.blocks()), (1, 0));
}
