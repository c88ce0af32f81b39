//! A name server on loopback: a zone of a few records, names that meet silence, names that meet failure.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// What a record says.
#[derive(Debug, Clone)]
pub enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(&'static str),
    /// Priority, weight, port, target.
    Srv(u16, u16, u16, &'static str),
    /// Order, preference, flags, service, replacement.
    Naptr(u16, u16, &'static str, &'static str, &'static str),
}

/// Owner, TTL in seconds, data.
pub type Record = (&'static str, u32, Data);

/// What a name server knows.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    pub records: Vec<Record>,
    /// Names whose questions are not answered.
    pub silent: Vec<&'static str>,
    /// Names for which it fails (SERVFAIL).
    pub broken: Vec<&'static str>,
}

/// Serves until it is dropped.
#[derive(Debug)]
pub struct NameServer {
    pub addr: SocketAddr,
    _serving: JoinSet<()>,
}

impl NameServer {
    pub async fn start(zone: Zone) -> NameServer {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut buffer = [0; 1_500];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
                let question = Question::read(&buffer[..length]);
                if let Some(answer) = zone.answer(&question) {
                    let _ = socket.send_to(&answer, peer).await;
                }
            }
        });
        NameServer {
            addr,
            _serving: serving,
        }
    }
}

/// The one question of a query (RFC 1035 section 4.1).
#[derive(Debug, Clone)]
pub struct Question {
    id: [u8; 2],
    /// As it came: name, type, class.
    raw: Vec<u8>,
    /// In lower case, without the last dot.
    pub name: String,
    pub kind: u16,
}

impl Question {
    pub fn read(packet: &[u8]) -> Question {
        let (mut labels, mut at) = (Vec::new(), 12);
        while packet[at] != 0 {
            let end = at + 1 + usize::from(packet[at]);
            labels.push(String::from_utf8_lossy(&packet[at + 1..end]).to_lowercase());
            at = end;
        }
        Question {
            id: [packet[0], packet[1]],
            raw: packet[12..at + 5].to_vec(),
            name: labels.join("."),
            kind: u16::from_be_bytes([packet[at + 1], packet[at + 2]]),
        }
    }

    /// A response with a code (RFC 1035 section 4.1.1) and records.
    pub fn response(&self, code: u8, records: &[&(&str, u32, Data)]) -> Vec<u8> {
        let mut packet = self.id.to_vec();
        packet.extend([0x81, 0x80 | code, 0, 1, 0]);
        packet.push(u8::try_from(records.len()).unwrap());
        packet.extend([0; 4]);
        packet.extend(&self.raw);
        for (owner, ttl, data) in records {
            let (kind, data) = data.wire();
            packet.extend(wire_name(owner));
            packet.extend(kind.to_be_bytes());
            packet.extend([0, 1]);
            packet.extend(ttl.to_be_bytes());
            packet.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            packet.extend(data);
        }
        packet
    }
}

impl Data {
    fn wire(&self) -> (u16, Vec<u8>) {
        match self {
            Data::A(ip) => (1, ip.octets().to_vec()),
            Data::Aaaa(ip) => (28, ip.octets().to_vec()),
            Data::Cname(name) => (5, wire_name(name)),
            Data::Srv(priority, weight, port, target) => {
                let mut data: Vec<u8> = [priority, weight, port].iter().flat_map(|n| n.to_be_bytes()).collect();
                data.extend(wire_name(target));
                (33, data)
            }
            Data::Naptr(order, preference, flags, service, replacement) => {
                let mut data: Vec<u8> = [order, preference].iter().flat_map(|n| n.to_be_bytes()).collect();
                for text in [*flags, *service, ""] {
                    data.push(u8::try_from(text.len()).unwrap());
                    data.extend(text.as_bytes());
                }
                data.extend(wire_name(replacement));
                (35, data)
            }
        }
    }
}

impl Zone {
    fn answer(&self, question: &Question) -> Option<Vec<u8>> {
        let name = question.name.as_str();
        if self.silent.contains(&name) {
            return None;
        }
        if self.broken.contains(&name) {
            return Some(question.response(2, &[]));
        }
        if self.records.iter().all(|(owner, ..)| *owner != name) {
            return Some(question.response(3, &[]));
        }
        let (mut found, mut name) = (Vec::new(), name);
        loop {
            let own = || self.records.iter().filter(|(owner, ..)| *owner == name);
            found.extend(own().filter(|(.., data)| data.wire().0 == question.kind));
            let alias = own().find_map(|record| match record.2 {
                Data::Cname(to) => Some((record, to)),
                Data::A(_) | Data::Aaaa(_) | Data::Srv(..) | Data::Naptr(..) => None,
            });
            let Some((record, to)) = alias else { break };
            found.push(record);
            name = to;
        }
        Some(question.response(0, &found))
    }
}

fn wire_name(name: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        wire.push(u8::try_from(label.len()).unwrap());
        wire.extend(label.as_bytes());
    }
    wire.push(0);
    wire
}
