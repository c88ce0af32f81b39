//! A leg's media: our half of its SDP, what was agreed, and what the media threads know of it.

use std::net::IpAddr;

use bytes::Bytes;
use frontdesk_media::io::command::{Codec, Direction, LegMedia, MediaLegId};
use frontdesk_media::sdp::{LocalMedia, Negotiator, SdpError};
use frontdesk_sip::command::Body;

/// Our half of a leg's media. Each leg's SDP is negotiated on its own.
#[derive(Debug, Clone)]
pub(super) struct MediaSide {
    pub(super) leg: MediaLegId,
    pub(super) port: u16,
    negotiator: Negotiator,
    /// What we last told the phone that we do.
    pub(super) told: Direction,
    /// Our offer went out in a 200; its answer comes in the ACK.
    pub(super) late: bool,
    pub(super) asking: Asking,
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
    /// `address` is ours as the phone is told it, `signalling` the phone's as its messages come from it.
    pub(super) fn new(leg: MediaLegId, port: u16, address: IpAddr, signalling: IpAddr, session_id: u64) -> MediaSide {
        let codecs = vec![Codec::Pcma, Codec::Pcmu];
        let negotiator = Negotiator::new(
            session_id,
            LocalMedia {
                address,
                port,
                codecs,
                signalling,
            },
        );
        MediaSide {
            leg,
            port,
            negotiator,
            told: Direction::SendRecv,
            late: false,
            asking: Asking::No,
        }
    }

    /// The phone itself has put us on hold: we may not send to it.
    pub(super) fn holds(&self) -> bool {
        self.settled()
            .is_some_and(|media| matches!(media.direction, Direction::RecvOnly | Direction::Inactive))
    }

    pub(super) fn prefer(&mut self, codec: Codec) {
        self.negotiator.prefer(codec);
    }

    /// A new offer of ours.
    pub(super) fn offer(&mut self, direction: Direction) -> Body {
        self.told = direction;
        Body::sdp(Bytes::from(self.negotiator.offer(direction)))
    }

    /// Answers the phone's offer; `wanted` is how far we would go.
    pub(super) fn answer(&mut self, offer: &[u8], wanted: Direction) -> Result<Body, SdpError> {
        let answer = self.negotiator.answer(offer, wanted)?;
        self.told = wanted;
        self.overtake();
        Ok(Body::sdp(Bytes::from(answer.body)))
    }

    /// Takes the phone's answer to our open offer.
    pub(super) fn accept(&mut self, answer: &[u8]) -> Result<(), SdpError> {
        self.late = false;
        self.negotiator.accept(answer)?;
        self.negotiator.withdraw();
        Ok(())
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

/// The status that a failed negotiation deserves.
pub(super) fn status_of(error: &SdpError) -> u16 {
    match error {
        SdpError::Unreadable(_) => 400,
        SdpError::NoAudio
        | SdpError::NoCommonCodec
        | SdpError::BadMedia(_)
        | SdpError::Rejected
        | SdpError::NotOffered => 488,
    }
}
