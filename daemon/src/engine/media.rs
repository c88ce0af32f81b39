//! A leg's media: our half of its SDP, what was agreed, and what the media threads know of it.

use bytes::Bytes;
use frontdesk_media::io::command::{Codec, Direction, LegMedia, MediaLegId};
use frontdesk_media::sdp::{Keys, LocalMedia, Negotiator, SdpError, Srtp};
use frontdesk_sip::command::Body;
use frontdesk_sip::flow::{FlowId, Transport};
use rand::Rng;

use super::Engine;
use super::config::SrtpPolicy;
use super::digits::KeyWays;

/// Our half of a leg's media. Each leg's SDP is negotiated on its own.
#[derive(Debug, Clone)]
pub(super) struct MediaSide {
    pub(super) leg: MediaLegId,
    pub(super) port: u16,
    negotiator: Negotiator,
    /// The negotiation as it goes on when the phone does not take our offer of SRTP; `None`: then it has failed.
    plain: Option<Box<Negotiator>>,
    /// What we last told the phone that we do.
    pub(super) told: Direction,
    /// Our offer went out in a 200; its answer comes in the ACK.
    pub(super) late: bool,
    pub(super) asking: Asking,
    /// What the phone hears in place of its peer, again and again.
    pub(super) tune: Option<Tune>,
    /// The media threads tell which keys it presses.
    pub(super) listens: bool,
    pub(super) ways: KeyWays,
}

/// What a caller's offer comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// What we would answer with.
    first: Codec,
    offered: Vec<Codec>,
}

/// Somebody who talks already and whose codec should be kept.
impl From<Codec> for Wanted {
    fn from(codec: Codec) -> Self {
        Wanted {
            first: codec,
            offered: vec![codec],
        }
    }
}

/// What is played to a party while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tune {
    Music,
    /// Somebody is rung for it.
    Ringback,
}

/// What has become of our re-INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// There is none.
    No,
    /// It is under way.
    Sent,
    /// It is under way, and the phone's own offer has been settled since: whatever the answer, it speaks of the past.
    Overtaken,
}

impl MediaSide {
    fn new(leg: MediaLegId, local: LocalMedia, session_id: u64) -> MediaSide {
        MediaSide {
            leg,
            port: local.port,
            negotiator: Negotiator::new(session_id, local),
            plain: None,
            told: Direction::SendRecv,
            late: false,
            asking: Asking::No,
            tune: None,
            listens: false,
            ways: KeyWays::default(),
        }
    }

    /// The phone itself has put us on hold: we may not send to it.
    pub(super) fn holds(&self) -> bool {
        self.settled()
            .is_some_and(|media| matches!(media.direction, Direction::RecvOnly | Direction::Inactive))
    }

    /// Tries an offer without answering it.
    pub(super) fn try_offer(&self, offer: &[u8]) -> Result<Wanted, SdpError> {
        let first = self
            .negotiator
            .clone()
            .answer(offer, Direction::SendRecv)?
            .media
            .format
            .codec;
        let offered = self.negotiator.offered(offer);
        Ok(Wanted { first, offered })
    }

    /// What this phone is offered beside G.711 is what its caller speaks; G.711 alone where that is not known.
    pub(super) fn follow(&mut self, wanted: Option<&Wanted>) {
        self.negotiator.limit(wanted.map_or(&[], |wanted| &wanted.offered));
        wanted.into_iter().for_each(|wanted| self.prefer(wanted.first));
    }

    /// These codecs and no others, best first; none: all that we have.
    pub(super) fn speak(&mut self, codecs: Vec<Codec>) {
        self.negotiator.speak(codecs);
    }

    pub(super) fn prefer(&mut self, codec: Codec) {
        self.negotiator.prefer(codec);
    }

    /// A new offer of ours.
    pub(super) fn offer(&mut self, direction: Direction) -> Body {
        self.told = direction;
        let offer = Body::sdp(Bytes::from(self.negotiator.offer(direction)));
        self.plain = self.negotiator.plain().map(Box::new);
        offer
    }

    /// What is offered in place of the last offer when the phone does not take that.
    pub(super) fn second_offer(&mut self) -> Option<Body> {
        let plain = self.plain.as_mut()?;
        Some(Body::sdp(Bytes::from(plain.offer(self.told))))
    }

    /// The phone did not take our offer of SRTP: from now on the second one counts. False: there is none.
    pub(super) fn go_plain(&mut self) -> bool {
        let Some(plain) = self.plain.take() else { return false };
        self.negotiator = *plain;
        true
    }

    /// Answers the phone's offer; `wanted` is how far we would go.
    pub(super) fn answer(&mut self, offer: &[u8], wanted: Direction) -> Result<Body, SdpError> {
        let answer = self.negotiator.answer(offer, wanted)?;
        self.plain = None;
        self.told = wanted;
        self.overtake();
        Ok(Body::sdp(Bytes::from(answer.body)))
    }

    /// Takes the phone's answer to our open offer.
    pub(super) fn accept(&mut self, answer: &[u8]) -> Result<(), SdpError> {
        self.late = false;
        self.negotiator.accept(answer)?;
        self.negotiator.withdraw();
        self.plain = None;
        Ok(())
    }

    /// The same before the phone answers: its final answer is still to come, and says the same (RFC 6337 section 3.1).
    pub(super) fn accept_early(&mut self, answer: &[u8]) -> Result<(), SdpError> {
        self.negotiator.accept(answer).map(|_| ())
    }

    /// The answer in a 2xx, which may be left out after an early one.
    pub(super) fn accept_final(&mut self, answer: &[u8]) -> Result<(), SdpError> {
        if answer.is_empty() && self.settled().is_some() {
            self.negotiator.withdraw();
            return Ok(());
        }
        self.accept(answer)
    }

    /// An exchange that the phone began comes between our re-INVITE and its answer.
    pub(super) fn overtake(&mut self) {
        if self.asking == Asking::Sent {
            self.asking = Asking::Overtaken;
        }
    }

    /// Our open offer came to nothing.
    pub(super) fn withdraw(&mut self) {
        self.negotiator.withdraw();
    }

    /// What the last exchange settled.
    pub(super) fn settled(&self) -> Option<LegMedia> {
        self.negotiator.agreed().copied()
    }

    pub(super) fn codec(&self) -> Option<Codec> {
        self.settled().map(|media| media.format.codec)
    }
}

impl Engine {
    /// Our half of a leg's description. `flow` is the phone's.
    pub(super) fn local_media(&mut self, flow: &FlowId, port: u16) -> LocalMedia {
        let secret = matches!(flow.transport, Transport::Tls | Transport::Wss);
        let srtp = match (self.config.srtp, secret) {
            (SrtpPolicy::Never, _) | (SrtpPolicy::Tls, false) => Srtp::Never,
            (SrtpPolicy::Always, _) => Srtp::Require(Keys::random(&mut self.rng)),
            (SrtpPolicy::Tls, true) => Srtp::Offer(Keys::random(&mut self.rng)),
        };
        LocalMedia {
            address: self.config.endpoint.advertise.media_address(flow),
            port,
            codecs: self.config.codecs.clone(),
            signalling: flow.peer.ip(),
            srtp,
        }
    }

    pub(super) fn new_media_side(&mut self, flow: &FlowId, port: u16) -> MediaSide {
        self.next_media_leg += 1;
        let local = self.local_media(flow, port);
        let session_id = self.rng.random();
        MediaSide::new(MediaLegId(self.next_media_leg), local, session_id)
    }
}

/// The status that a failed negotiation deserves.
pub(super) fn status_of(error: &SdpError) -> u16 {
    match error {
        SdpError::Unreadable(_) => 400,
        SdpError::NoAudio
        | SdpError::NoCommonCodec
        | SdpError::Plain
        | SdpError::BadMedia(_)
        | SdpError::Rejected
        | SdpError::NotOffered => 488,
    }
}
