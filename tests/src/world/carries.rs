//! What goes between the server and the phones, over which flow.

use std::net::SocketAddr;

use bytes::Bytes;
use frontdesk::engine::input::Input;
use frontdesk_sip::flow::{FlowId, Transport};

use super::nat::Nat;
use super::net::{End, Packet};
use super::phone::Phone;
use super::transcript::Line;
use super::{World, second};

impl World {
    pub(super) fn deliver(&mut self, packet: Packet) {
        let (now, elapsed) = (self.now(), self.elapsed);
        let current = |phone: &Phone| phone.flow.connection == packet.flow.connection;
        match packet.to {
            // What was under way on a connection that has broken arrives nowhere.
            End::Server if !packet.flow.is_for_size() && !self.phones.iter().any(current) => {}
            End::Server => {
                self.transcript.arrived(&packet.bytes, packet.flow.connection);
                let Packet { flow, bytes, .. } = packet;
                match self.front {
                    Some(_) => self.knock(flow, &bytes),
                    None => self.input(Input::Datagram { flow, bytes }),
                }
            }
            End::Phone(index) if !self.phones[index].gone => {
                let taken = packet.flow.is_for_size();
                let flow = if taken {
                    from_beyond(&packet.flow)
                } else {
                    self.phones[index].flow
                };
                self.phones[index].receive(&flow, packet.bytes, now, elapsed);
                self.take_from_phone(index);
            }
            End::Phone(_) => {}
        }
    }

    pub(super) fn take_from_phone(&mut self, index: usize) {
        while let Some((flow, bytes)) = self.phones[index].sends() {
            if self.phones[index].gone {
                continue;
            }
            let elapsed = self.elapsed;
            if let Some(nat) = &mut self.phones[index].nat {
                nat.leave(elapsed);
            }
            let bytes = self.phones[index].rewrites.map_or(bytes.clone(), |rewrites| {
                Bytes::from(rewrites(&String::from_utf8_lossy(&bytes)))
            });
            let line = self.line(index, (false, self.flow_of(index).peer), bytes.clone());
            let lost = self.lose.as_mut().is_some_and(|lose| lose(&line));
            self.transcript.sent(line);
            if !lost {
                let taken = flow.is_for_size();
                let flow = if taken { from_beyond(&flow) } else { self.flow_of(index) };
                let packet = Packet {
                    to: End::Server,
                    flow,
                    bytes,
                };
                self.net.send(packet, flow.transport != Transport::Udp, self.elapsed);
            }
        }
    }

    pub(super) fn transmit(&mut self, flow: FlowId, bytes: Bytes) {
        if let Some(what) = second::disagreement(&bytes) {
            self.disagreements
                .push(format!("{what}\n{}", String::from_utf8_lossy(&bytes)));
        }
        self.take_connection(&flow);
        let Some(index) = self.phone_at(&flow) else {
            if flow.is_opened_here() {
                self.refused.push(flow);
            } else {
                self.transcript.answered(&bytes);
                self.astray.push(flow.peer);
            }
            return;
        };
        let line = self.line(index, (true, flow.peer), bytes.clone());
        let lost = self.lose.as_mut().is_some_and(|lose| lose(&line));
        self.transcript.sent(line);
        if !lost {
            let packet = Packet {
                to: End::Phone(index),
                flow,
                bytes,
            };
            self.net.send(packet, flow.transport != Transport::Udp, self.elapsed);
        }
    }

    /// The server opens a connection to somebody who takes it; that one goes on by it.
    fn take_connection(&mut self, flow: &FlowId) {
        let takes = |index: &usize| {
            let (phone, own) = (&self.phones[*index], self.flow_of(*index));
            phone.takes && own.transport == flow.transport && own.peer == flow.peer
        };
        let taker = (0..self.phones.len())
            .find(takes)
            .filter(|_| flow.is_opened_here() && !flow.is_for_size());
        if let Some(index) = taker
            && self.phones[index].flow.connection != flow.connection
        {
            let old = self.phones[index].flow;
            self.phones[index].flow.connection = flow.connection;
            self.act(index, |phone, now| phone.reconnect(&old, now));
        }
    }

    fn phone_at(&self, flow: &FlowId) -> Option<usize> {
        let takes = |index: &usize| {
            let own = self.flow_of(*index);
            let listens = self.phones[*index].listens && flow.is_for_size() && flow.transport == Transport::Tcp;
            let closed = |nat: &Nat| !nat.lets_in(self.elapsed);
            let gone = self.phones[*index].nat.as_ref().is_some_and(closed);
            let elsewhere = flow.transport == Transport::Udp && self.phones[*index].elsewhere.contains(&flow.peer);
            !gone && (own == *flow || elsewhere || listens && own.peer == flow.peer)
        };
        (0..self.phones.len()).find(takes)
    }

    fn line(&self, index: usize, (from_server, end): (bool, SocketAddr), bytes: Bytes) -> Line {
        Line {
            at: self.elapsed,
            phone: self.phones[index].name.clone(),
            from_server,
            end,
            bytes,
        }
    }
}

/// A flow as its other end sees it.
fn from_beyond(flow: &FlowId) -> FlowId {
    FlowId {
        local: flow.peer,
        peer: flow.local,
        ..*flow
    }
}
