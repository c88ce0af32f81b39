//! What the guard lets through, what it is told, and who hears of its blocks.

use std::net::IpAddr;

use bytes::Bytes;
use frontdesk_sip::Now;
use frontdesk_sip::event::Transmit;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::guard::{Block, Notice, Offence, Verdict, is_scanner};
use frontdesk_sip::overload::TurnedAway;
use frontdesk_sip::wire::Message;

use super::Engine;
use super::output::{BlockChange, BoardChange, JournalEntry, Output};

impl Engine {
    pub(super) fn on_datagram(&mut self, flow: &FlowId, bytes: Bytes, now: Now) {
        self.counters.messages += 1;
        match self.guard.admit(flow.peer, now) {
            Verdict::Trusted => {
                self.hear_phone(flow, now);
                self.endpoint.receive(flow, bytes, now);
            }
            Verdict::Watched if is_scanner(&bytes) => {
                self.counters.blocked += 1;
                self.guard.offence(flow.peer, Offence::Scanner, now);
                self.turn_away(flow);
            }
            Verdict::Watched => {
                self.hear_phone(flow, now);
                self.receive_watched(flow, bytes, now);
            }
            Verdict::Throttled => self.counters.throttled += 1,
            Verdict::Blocked => {
                self.counters.blocked += 1;
                self.turn_away(flow);
            }
        }
        self.tell_blocks();
    }

    /// Blocked and throttled sources get nothing here either.
    pub(super) fn turn_request_away(&mut self, turned: TurnedAway, now: Now) {
        self.counters.messages += 1;
        match self.guard.admit(turned.flow.peer, now) {
            Verdict::Trusted | Verdict::Watched => {
                self.counters.turned_away += 1;
                let Transmit { flow, bytes } = turned.answer;
                self.outputs.push_back(Output::Transmit { flow, bytes });
            }
            Verdict::Throttled => self.counters.throttled += 1,
            Verdict::Blocked => self.counters.blocked += 1,
        }
        self.tell_blocks();
    }

    fn receive_watched(&mut self, flow: &FlowId, bytes: Bytes, now: Now) {
        let before = self.endpoint.totals();
        self.endpoint.receive(flow, bytes, now);
        let after = self.endpoint.totals();
        if (after.unreadable, after.faulty) != (before.unreadable, before.faulty) {
            self.guard.offence(flow.peer, Offence::Malformed, now);
        }
    }

    /// A connection of somebody whose messages are dropped serves nobody.
    fn turn_away(&mut self, flow: &FlowId) {
        match flow.transport {
            Transport::Udp => {}
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                self.outputs.push_back(Output::CloseFlow(*flow));
            }
        }
    }

    /// Somebody proved to be who they say.
    pub(super) fn credentials_passed(&mut self, request: &Message, flow: &FlowId, now: Now) {
        self.guard.passed(flow.peer, &asked_for(request), now);
    }

    pub(super) fn credentials_asked(&mut self, request: &Message, flow: &FlowId, now: Now) {
        self.guard.challenged(flow.peer, &asked_for(request), now);
        self.tell_blocks();
    }

    pub(super) fn credentials_failed(&mut self, flow: &FlowId, now: Now) {
        self.counters.credentials_failed += 1;
        self.guard.offence(flow.peer, Offence::Credentials, now);
        self.tell_blocks();
    }

    pub(super) fn on_block(&mut self, address: IpAddr, until: Option<i64>, now: Now) {
        self.guard.block_by_hand(address, until, now);
        self.tell_blocks();
    }

    pub(super) fn on_lift(&mut self, address: IpAddr) {
        self.guard.lift(address);
        self.tell_blocks();
    }

    pub(super) fn restore_blocks(&mut self, blocks: Vec<Block>, now: Now) {
        for block in blocks {
            self.guard.restore(block, now);
        }
        self.tell_blocks();
    }

    pub(super) fn end_blocks(&mut self, now: Now) {
        if self.guard.deadline().is_some_and(|at| at <= now.instant) {
            self.guard.expire(now);
            self.tell_blocks();
        }
    }

    fn tell_blocks(&mut self) {
        while let Some(notice) = self.guard.poll_notice() {
            let change = match notice {
                Notice::Blocked(block) => {
                    self.counters.blocks += 1;
                    BlockChange::Blocked(block)
                }
                Notice::Lifted(address) => BlockChange::Lifted(address),
            };
            self.outputs
                .push_back(Output::Journal(JournalEntry::Block(change.clone())));
            self.outputs.push_back(Output::Board(BoardChange::Block(change)));
        }
    }
}

/// The user that a request names: of a REGISTER the address of record, of others whom they want.
fn asked_for(request: &Message) -> Vec<u8> {
    let to = request.to().ok();
    let uri = to.as_ref().and_then(|to| to.uri().ok());
    let user = uri.as_ref().and_then(|uri| uri.decoded_user());
    user.map(|user| user.into_owned()).unwrap_or_default()
}
