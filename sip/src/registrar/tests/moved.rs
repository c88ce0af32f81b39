use super::*;

#[test]
fn a_phone_that_speaks_from_a_new_port_takes_the_place_of_its_old_contact() {
    let from = |world: &mut World, port: u16, call_id: &str, cseq: u32, headers: &str| {
        world.flow.peer.set_port(port);
        world.after(1);
        world.register(call_id, cseq, headers).reply.status
    };
    let contact = |port: u16| format!("Contact: <sip:a@198.51.100.7:{port}>;expires=100");
    let mut world = world();
    assert_eq!(from(&mut world, 1024, "x", 1, &contact(1024)), 200);
    assert_eq!(from(&mut world, 1025, "x", 2, &contact(1025)), 200);
    assert_eq!(world.contacts(), ["sip:a@198.51.100.7:1025"]);
    // Late, from where it no longer is.
    assert_eq!(from(&mut world, 1024, "x", 1, &contact(1024)), 500);
    assert_eq!(world.contacts(), ["sip:a@198.51.100.7:1025"]);
    // Another phone; another line of the same phone; a phone that says who it is.
    assert_eq!(from(&mut world, 1026, "y", 9, &contact(1026)), 200);
    assert_eq!(from(&mut world, 1027, "x", 3, &B.replace(">", ":1027>")), 200);
    assert_eq!(world.contacts().len(), 3);
    let instance = contact(1028) + ";+sip.instance=\"<urn:uuid:1>\"";
    world.registrar.remove(AOR);
    assert_eq!(from(&mut world, 1024, "x", 4, &contact(1024)), 200);
    assert_eq!(from(&mut world, 1028, "x", 5, &instance), 200);
    assert_eq!(world.contacts().len(), 2);
}
