//! Several flows of one device (RFC 5626 section 6).

use super::*;

const OURS: &str = "<urn:uuid:00000000-0000-4000-8000-000000000001>";
const OTHER: &str = "<urn:uuid:00000000-0000-4000-8000-000000000002>";

fn contact(uri: &str, instance: &str, reg_id: u32) -> String {
    format!("Contact: <{uri}>;+sip.instance=\"{instance}\";reg-id={reg_id}")
}

impl World {
    /// Registers over a connection of its own; gives the status.
    fn over(&mut self, connection: u64, cseq: u32, headers: &str) -> u16 {
        self.after(1);
        self.flow = flow(Transport::Tcp, connection);
        self.register(&format!("call {connection}"), cseq, headers).reply.status
    }

    /// Connections to each device, the first one to be tried first.
    fn devices(&self) -> Vec<Vec<u64>> {
        let devices = self.registrar.devices(AOR).into_iter();
        devices
            .map(|flows| flows.iter().map(|binding| binding.flow.connection).collect())
            .collect()
    }
}

#[test]
fn flows_of_one_device_are_told_apart_by_reg_id_and_not_by_contact() {
    let mut world = world();
    let uri = "sip:a@10.0.0.5:5060;transport=tcp;ob";
    for (connection, reg_id) in [(1, 1), (2, 2)] {
        assert_eq!(world.over(connection, 1, &contact(uri, OURS, reg_id)), 200);
    }
    assert_eq!(world.contacts(), [uri, uri]);
    assert_eq!(world.devices(), [[2, 1]]);
    // Another device behind another NAT may have the same private address.
    assert_eq!(world.over(3, 1, &contact(uri, OTHER, 1)), 200);
    assert_eq!(world.devices(), [vec![3], vec![2, 1]]);
    // A refreshed flow is the newest.
    assert_eq!(world.over(1, 2, &contact(uri, OURS, 1)), 200);
    assert_eq!(world.devices(), [vec![1, 2], vec![3]]);
}

#[test]
fn a_flow_that_comes_over_a_new_connection_takes_the_place_of_the_old_one() {
    let mut world = world();
    assert_eq!(world.over(1, 1, &contact("sip:a@10.0.0.5:1", OURS, 1)), 200);
    assert_eq!(world.over(2, 1, &contact("sip:a@10.0.0.5:2", OURS, 2)), 200);
    world.after(1);
    world.flow = flow(Transport::Tcp, 3);
    let moved = world.register("call 1", 2, &contact("sip:a@10.0.0.5:3", OURS, 1));
    assert_eq!(
        edges(&moved.changes),
        ["saved sip:a@10.0.0.5:3"],
        "it is the same binding"
    );
    assert_eq!(world.devices(), [[3, 2]]);
    assert_eq!(world.registrar.flow_closed(&flow(Transport::Tcp, 1)), []);
    let lost = world.registrar.flow_closed(&flow(Transport::Tcp, 3));
    assert_eq!(edges(&lost), ["removed sip:a@10.0.0.5:3"], "it is still online");
    assert_eq!(world.devices(), [[2]]);
    let lost = world.registrar.flow_closed(&flow(Transport::Tcp, 2));
    assert_eq!(edges(&lost), ["removed sip:a@10.0.0.5:2", "offline"]);
}

#[test]
fn a_flow_that_does_not_answer_is_tried_last() {
    let mut world = world();
    for connection in [1, 2] {
        let reg_id = u32::try_from(connection).unwrap();
        world.over(connection, 1, &contact("sip:a@h", OURS, reg_id));
    }
    let name = world.registrar.devices(AOR)[0][0].name().into_owned();
    world.registrar.set_reachable(AOR, &name, false);
    assert_eq!(world.devices(), [[1, 2]]);
    world.over(2, 2, &contact("sip:a@h", OURS, 2));
    assert_eq!(world.devices(), [[2, 1]]);
}

#[test]
fn a_phone_that_keeps_flows_is_told_that_we_do_so_too() {
    let check = |headers: &str, told: bool| {
        let reply = world().register("x", 1, headers).reply;
        assert_eq!(reply.status, 200, "{headers}");
        let required = reply
            .headers
            .iter()
            .any(|(name, value)| name == "Require" && value == "outbound");
        assert_eq!(required, told, "{headers}");
    };
    let own = contact("sip:a@h;ob", OURS, 1);
    check(&format!("{own}|Supported: path, Outbound"), true);
    check(&format!("{own}|k: outbound|Require: outbound"), true);
    check(&own, false);
    check("Contact: <sip:a@h>|Supported: outbound", false);
    check("Contact: <sip:a@h>;reg-id=1|Supported: outbound", false);
    check(&format!("{own};expires=0|Supported: outbound"), false);
    check("Supported: outbound", false);
    // Behind a proxy it is that one's to keep them.
    let behind = format!("{own}|Supported: outbound, path|Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK2");
    check(&behind, false);
    check(
        &format!("{behind}|Path: <sip:a.example;lr>, <sip:edge.example;lr;ob>"),
        true,
    );
    check(
        &format!("{behind}|Path: <sip:a.example;lr;ob>, <sip:edge.example;lr>"),
        false,
    );
}

#[test]
fn a_reg_id_of_nobody_or_beyond_its_bounds_is_none() {
    for reg_id in ["0", "-1", "2147483648", "one"] {
        let mut world = world();
        world.register(
            "x",
            1,
            &format!("Contact: <sip:a@h>;+sip.instance=\"{OURS}\";reg-id={reg_id}"),
        );
        assert_eq!(world.registrar.bindings(AOR)[0].reg_id, None, "{reg_id}");
    }
    let mut world = world();
    world.register("x", 1, "Contact: <sip:a@h>;reg-id=1");
    assert_eq!(world.registrar.bindings(AOR)[0].reg_id, None);
}

#[test]
fn flows_come_back_after_a_restart() {
    let mut before = world();
    for reg_id in [1, 2] {
        before.after(1);
        before.register(&reg_id.to_string(), 1, &contact("sip:a@h", OURS, reg_id));
    }
    let mut world = world();
    for binding in before.registrar.bindings(AOR).to_vec() {
        world.registrar.restore(AOR, binding.clone(), world.now);
        assert_eq!(world.registrar.restore(AOR, binding, world.now), []);
    }
    assert_eq!(world.registrar.devices(AOR)[0].len(), 2);
    world.register("1", 2, &contact("sip:a@h", OURS, 1));
    assert_eq!(world.registrar.bindings(AOR).len(), 2);
}
