//! A phone's side of the audio: G.711 in packets of 20 ms.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_media::g711;
use frontdesk_media::io::command::{Codec, Direction, LegMedia};
use frontdesk_media::sdp::{LocalMedia, Negotiator, Srtp};
use frontdesk_sip::command::Body;
use frontdesk_sip::flow::FlowId;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::net::UdpSocket;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::demo::crew::Crew;
use crate::demo::voice::Speech;

const FRAME: usize = 160;
const FRAME_TIME: Duration = Duration::from_millis(20);
/// The two sides of a conversation take turns of this many frames, with a little overlap.
const TURN: u32 = 170;
const OVERLAP: u32 = 15;

/// The audio of a call: a socket and what has been agreed on; silent until `speak`.
pub(super) struct Audio {
    socket: Arc<UdpSocket>,
    negotiator: Negotiator,
    speaking: Option<(LegMedia, DropGuard)>,
}

impl Audio {
    /// `codecs` as the phone likes them, best first.
    pub(super) async fn open(flow: &FlowId, codecs: &[Codec], session_id: u64) -> io::Result<Audio> {
        let socket = Arc::new(UdpSocket::bind((flow.local.ip(), 0)).await?);
        let local = LocalMedia {
            address: flow.local.ip(),
            port: socket.local_addr()?.port(),
            codecs: codecs.to_vec(),
            signalling: flow.peer.ip(),
            srtp: Srtp::Never,
        };
        Ok(Audio {
            socket,
            negotiator: Negotiator::new(session_id, local),
            speaking: None,
        })
    }

    pub(super) fn offer(&mut self) -> Body {
        self.offer_with(Direction::SendRecv)
    }

    /// Hold is an offer to send only (RFC 3264 section 8.4).
    pub(super) fn offer_hold(&mut self, held: bool) -> Body {
        self.offer_with(if held { Direction::SendOnly } else { Direction::SendRecv })
    }

    fn offer_with(&mut self, direction: Direction) -> Body {
        Body::sdp(self.negotiator.offer(direction).into())
    }

    /// Our answer to an offer; an empty one gets an offer of ours.
    pub(super) fn answer(&mut self, offer: &[u8]) -> Option<Body> {
        if offer.is_empty() {
            return Some(self.offer());
        }
        let answer = self.negotiator.answer(offer, Direction::SendRecv).ok()?;
        Some(Body::sdp(answer.body.into()))
    }

    /// Reads the answer to our offer, if there is one open.
    pub(super) fn accept(&mut self, answer: &[u8]) {
        let _ = self.negotiator.accept(answer);
    }

    /// Our offer was not taken: what was agreed before stays.
    pub(super) fn withdraw(&mut self) {
        self.negotiator.withdraw();
    }

    /// Speaks as agreed until this is dropped; `first`: whose turn it is at the beginning.
    pub(super) fn speak(&mut self, speech: &Speech, first: bool, crew: &Crew) {
        let Some(agreed) = self.negotiator.agreed().copied() else {
            return;
        };
        if self.speaking.as_ref().is_some_and(|(before, _)| *before == agreed) {
            return;
        }
        let quiet = CancellationToken::new();
        let talk = Talk {
            socket: Arc::clone(&self.socket),
            to: agreed,
            speech: Arc::clone(speech),
            first,
            rng: StdRng::seed_from_u64(u64::from(self.negotiator.local().port)),
        };
        let until = quiet.clone();
        crew.spawn(async move {
            until.run_until_cancelled(talk.run()).await;
        });
        self.speaking = Some((agreed, quiet.drop_guard()));
    }
}

struct Talk {
    socket: Arc<UdpSocket>,
    to: LegMedia,
    speech: Speech,
    first: bool,
    rng: StdRng,
}

impl Talk {
    async fn run(mut self) {
        let mut pace = interval(FRAME_TIME);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut sequence, mut timestamp, ssrc) = (
            self.rng.random::<u16>(),
            self.rng.random::<u32>(),
            self.rng.random::<u32>(),
        );
        let mut heard = [0; 2_048];
        let mut frame = 0_u32;
        loop {
            tokio::select! {
                _ = pace.tick() => {}
                _ = self.socket.recv_from(&mut heard) => continue,
            }
            if self.to.direction.we_send() {
                let packet = self.packet(frame, (sequence, timestamp, ssrc));
                let _ = self.socket.send_to(&packet, self.to.remote).await;
            }
            sequence = sequence.wrapping_add(1);
            timestamp = timestamp.wrapping_add(160);
            frame = frame.wrapping_add(1);
        }
    }

    /// RFC 3550 section 5.1; the marker begins a spurt of speech (RFC 3551 section 4.1).
    fn packet(&self, frame: u32, (sequence, timestamp, ssrc): (u16, u32, u32)) -> Vec<u8> {
        let marker = if frame == 0 { 0x80 } else { 0 };
        let mut packet = Vec::with_capacity(12 + FRAME);
        packet.extend([0x80, marker | self.to.format.payload_type]);
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        let from = usize::try_from(frame).unwrap_or(0).wrapping_mul(FRAME) % self.speech.len().max(FRAME);
        let words = self.speech.get(from..from + FRAME).filter(|_| self.has_turn(frame));
        let law = self.to.format.codec.law().unwrap_or(g711::Law::A);
        let encode = |sample: i16| g711::encode(law, sample);
        match words {
            Some(words) => packet.extend(words.iter().map(|sample| encode(*sample))),
            None => packet.extend([encode(0); FRAME]),
        }
        packet
    }

    fn has_turn(&self, frame: u32) -> bool {
        let place = frame % (2 * TURN);
        let first = place < TURN + OVERLAP;
        let second = !(OVERLAP..TURN).contains(&place);
        if self.first { first } else { second }
    }
}
