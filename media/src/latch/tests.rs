use super::*;

const PHONE: &str = "203.0.113.7:40000";
const NAT: &str = "203.0.113.7:51234";
const OTHER_NAT: &str = "203.0.113.7:51300";
const THIEF: &str = "198.51.100.66:6000";
const PRIVATE: &str = "192.168.1.20:40000";
const GATEWAY: &str = "192.0.2.80:30000";

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

/// A latch that is fed streams of 20 ms packets on one clock.
struct Scene {
    latch: Latch,
    now: Moment,
    sequence: u16,
}

impl Scene {
    fn new(described: &str) -> Self {
        Scene {
            latch: Latch::new(at(described), at(PHONE).ip()),
            now: Moment::from_micros(1_000_000),
            sequence: 0,
        }
    }

    fn wait(&mut self, milliseconds: u64) -> &mut Self {
        self.now = self.now.after(Duration::from_millis(milliseconds));
        self
    }

    /// How many of `count` packets in a row are admitted.
    fn hear(&mut self, source: &str, count: u16) -> usize {
        let ssrc = u32::from(at(source).port());
        let mut admitted = 0;
        for _ in 0..count {
            self.wait(20);
            self.sequence = self.sequence.wrapping_add(1);
            admitted += usize::from(self.latch.admit(at(source), ssrc, self.sequence, self.now));
        }
        admitted
    }

    fn assert_target(&self, target: &str) {
        assert_eq!(self.latch.target(), Some(at(target)));
    }
}

#[test]
fn before_anything_is_heard_packets_go_where_the_description_says() {
    Scene::new(PHONE).assert_target(PHONE);
    assert_eq!(Latch::new(at("0.0.0.0:4000"), at(PHONE).ip()).target(), None);
}

#[test]
fn a_phone_behind_a_nat_is_answered_where_it_speaks_from() {
    let mut scene = Scene::new(PRIVATE);
    assert_eq!(scene.hear(NAT, 1), 1);
    scene.assert_target(NAT);
    assert_eq!(scene.hear(NAT, 50), 50);
    scene.assert_target(NAT);
}

#[test]
fn a_gateway_of_another_host_than_the_signalling_is_believed_as_described() {
    let mut scene = Scene::new(GATEWAY);
    assert_eq!(scene.hear(GATEWAY, 10), 10);
    scene.assert_target(GATEWAY);
}

#[test]
fn a_stranger_cannot_take_an_active_stream() {
    let mut scene = Scene::new(PHONE);
    scene.hear(PHONE, 10);
    for _ in 0..200 {
        assert_eq!(scene.hear(THIEF, 3), 0);
        assert_eq!(scene.hear(PHONE, 1), 1);
    }
    scene.assert_target(PHONE);
}

#[test]
fn not_even_another_port_of_the_same_host_takes_an_active_stream() {
    let mut scene = Scene::new(PRIVATE);
    scene.hear(NAT, 10);
    for _ in 0..200 {
        assert_eq!(scene.hear(OTHER_NAT, 3), 0);
        assert_eq!(scene.hear(NAT, 1), 1);
    }
    scene.assert_target(NAT);
}

#[test]
fn a_stranger_cannot_take_a_stream_that_fell_silent() {
    let mut scene = Scene::new(PHONE);
    scene.hear(PHONE, 10);
    scene.wait(60_000);
    assert_eq!(scene.hear(THIEF, 100), 0);
    scene.assert_target(PHONE);
    assert_eq!(scene.hear(PHONE, 1), 1);
}

#[test]
fn a_stranger_that_comes_first_loses_to_the_phone() {
    let mut scene = Scene::new(PHONE);
    assert_eq!(scene.hear(THIEF, 6), 0);
    scene.assert_target(PHONE);
    assert_eq!(scene.hear(PHONE, 1), 1);
    assert_eq!(scene.hear(THIEF, 6), 0);
    assert_eq!(scene.hear(PHONE, 5), 5);
    scene.assert_target(PHONE);
}

#[test]
fn a_stranger_beside_the_phone_never_gathers_its_proof() {
    let mut scene = Scene::new(PRIVATE);
    for _ in 0..20 {
        assert_eq!(scene.hear(THIEF, 1), 0);
        assert_eq!(scene.hear(NAT, 1), 1);
    }
    scene.assert_target(NAT);
}

#[test]
fn a_host_that_nobody_named_is_believed_after_a_longer_proof() {
    let mut scene = Scene::new(PRIVATE);
    let elsewhere = "100.64.9.9:7000";
    assert_eq!(scene.hear(elsewhere, 11), 0);
    scene.assert_target(PRIVATE);
    assert_eq!(scene.hear(elsewhere, 10), 10);
    scene.assert_target(elsewhere);
}

#[test]
fn packets_out_of_row_prove_nothing() {
    let mut scene = Scene::new(PRIVATE);
    for _ in 0..100 {
        scene.sequence = scene.sequence.wrapping_add(50);
        assert_eq!(scene.hear(THIEF, 1), 0);
    }
    scene.assert_target(PRIVATE);
}

#[test]
fn a_rebound_nat_is_followed_after_silence() {
    let mut scene = Scene::new(PRIVATE);
    scene.hear(NAT, 10);
    assert_eq!(scene.wait(500).hear(OTHER_NAT, 10), 0);
    scene.wait(2_000);
    assert_eq!(scene.hear(OTHER_NAT, 10), 7);
    scene.assert_target(OTHER_NAT);
}

#[test]
fn a_new_description_opens_the_latch_and_the_same_one_does_not() {
    let mut scene = Scene::new(PRIVATE);
    scene.hear(NAT, 10);
    scene.latch.describe(at(PRIVATE), at(PHONE).ip());
    assert_eq!(scene.hear(OTHER_NAT, 5), 0);
    scene.latch.describe(at("0.0.0.0:40000"), at(PHONE).ip());
    assert_eq!(scene.hear(OTHER_NAT, 5), 0);
    scene.assert_target(NAT);
    scene.latch.describe(at(GATEWAY), at(GATEWAY).ip());
    scene.assert_target(GATEWAY);
    assert_eq!(scene.hear(GATEWAY, 5), 5);
}

#[test]
fn only_the_host_of_the_stream_may_send_its_rtcp() {
    let mut scene = Scene::new(PRIVATE);
    assert!(scene.latch.knows(at(PHONE).ip()));
    scene.hear(NAT, 10);
    assert!(scene.latch.knows(at(NAT).ip()));
    assert!(!scene.latch.knows(at(THIEF).ip()));
    assert!(!scene.latch.knows(at(PRIVATE).ip()));
}
