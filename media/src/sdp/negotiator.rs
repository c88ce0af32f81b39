//! What one session remembers between offers and answers.

use super::negotiate::{self, Choice, Offer};
use super::numbers::Numbers;
use super::sdes::CryptoLine;
use super::write::Refused;
use super::{Answer, LocalMedia, Origin, SdpError, Session, Srtp};
use crate::io::command::{Codec, Direction, LegMedia};

/// One leg's side of all its exchanges.
///
/// Keeps what must not change (place and number of the media lines, payload types), raises the version in `o=` exactly
/// when our description changes, and forgets an offer that failed.
#[derive(Debug, Clone)]
pub struct Negotiator {
    local: LocalMedia,
    origin: Origin,
    /// Our last description.
    said: Option<Vec<u8>>,
    layout: Option<Layout>,
    agreed: Option<LegMedia>,
    open: Option<Offer>,
    numbers: Numbers,
}

/// The media lines that the session has; their number never shrinks (RFC 3264 section 8).
#[derive(Debug, Clone)]
struct Layout {
    audio_line: usize,
    profile: String,
    refused: Vec<Refused>,
    /// Our key, with the tag that it has; a later offer repeats both.
    crypto: Option<CryptoLine>,
}

impl Negotiator {
    /// `session_id` should not be guessable from others; its sign bit is not used.
    pub fn new(session_id: u64, local: LocalMedia) -> Self {
        Negotiator {
            local,
            origin: Origin {
                id: session_id >> 1,
                version: 0,
            },
            said: None,
            layout: None,
            agreed: None,
            open: None,
            numbers: Numbers::default(),
        }
    }

    /// These codecs, as far as we have them, and no others; none at all changes nothing.
    pub fn speak(&mut self, mut codecs: Vec<Codec>) {
        codecs.retain(|codec| self.local.codecs.contains(codec));
        if !codecs.is_empty() {
            self.local.codecs = codecs;
        }
    }

    /// Our offer: the first of the session, a re-INVITE, or the offer in a 200 to an INVITE that had none.
    pub fn offer(&mut self, direction: Direction) -> Vec<u8> {
        let mut codecs = self.local.codecs.clone();
        let mut offer = Offer::new(&codecs, direction);
        if let Some(agreed) = &self.agreed {
            // The codec in use goes first: a mere hold must not change it.
            codecs.sort_by_key(|codec| *codec != agreed.format.codec);
        }
        offer.formats = self.numbers.formats(&codecs);
        if let (Srtp::Offer(_) | Srtp::Require(_), None) = (&self.local.srtp, &self.layout) {
            offer.secure(&self.local);
        }
        if let Some(layout) = &self.layout {
            offer.cryptos = layout.crypto.into_iter().collect();
            offer.audio_line = layout.audio_line;
            offer.profile.clone_from(&layout.profile);
            offer.refused.clone_from(&layout.refused);
        }
        let body = self.say(|origin, local| offer.build(origin, local));
        self.open = Some(offer);
        body
    }

    /// Answers the far party's offer; an error changes nothing. `wanted` is how far we would go.
    pub fn answer(&mut self, offer: &[u8], wanted: Direction) -> Result<Answer, SdpError> {
        let offer = Session::parse(offer)?;
        let choice = negotiate::choose(&offer, &self.local, wanted)?;
        let body = self.say(|origin, local| negotiate::build_answer(&offer, &choice, origin, local));
        self.layout = Some(Layout::of(&offer, &choice));
        if let Some(line) = offer.audio_lines().find(|line| line.index == choice.line) {
            self.numbers.adopt(line);
        }
        self.agreed = Some(choice.media);
        self.open = None;
        Ok(Answer {
            body,
            media: choice.media,
        })
    }

    /// Reads the answer to the open offer. The same answer may come again (in a 200 after a 183, RFC 6337 section 3.1).
    pub fn accept(&mut self, answer: &[u8]) -> Result<LegMedia, SdpError> {
        let answer = Session::parse(answer)?;
        let Some(offer) = &self.open else {
            return Err(SdpError::NotOffered);
        };
        let media = negotiate::accept(offer, &answer, &self.local)?;
        self.layout = Some(Layout {
            audio_line: offer.audio_line,
            profile: offer.profile.clone(),
            refused: offer.refused.clone(),
            crypto: media.crypto.and_then(|crypto| {
                let mut lines = offer.cryptos.iter();
                lines.find(|line| line.key == crypto.ours).copied()
            }),
        });
        self.agreed = Some(media);
        Ok(media)
    }

    /// The same with plain RTP in what it offers from now on; `None` unless all that it has said is an offer of SRTP.
    pub fn plain(&self) -> Option<Negotiator> {
        let (Srtp::Offer(keys), Some(_), None) = (self.local.srtp, &self.open, &self.layout) else {
            return None;
        };
        let mut plain = self.clone();
        plain.local.srtp = Srtp::Accept(keys);
        plain.open = None;
        Some(plain)
    }

    /// Closes the open offer: it failed (glare, 488), and what was agreed before stays; or its exchange is over.
    pub fn withdraw(&mut self) {
        self.open = None;
    }

    /// Moves a codec to the front of ours, so that the leg speaks what the other one does.
    pub fn prefer(&mut self, preferred: Codec) {
        self.local.codecs.sort_by_key(|codec| *codec != preferred);
    }

    /// Which of our codecs an offer names, in its own order; none if it cannot be read.
    pub fn offered(&self, offer: &[u8]) -> Vec<Codec> {
        let Ok(offer) = Session::parse(offer) else {
            return Vec::new();
        };
        let ours = |codec: &Codec| self.local.codecs.contains(codec);
        negotiate::codecs(&offer).into_iter().filter(ours).collect()
    }

    /// Leaves of ours those codecs, and G.711: what only the other leg's phone does not speak need not be offered to this one.
    pub fn limit(&mut self, codecs: &[Codec]) {
        self.local
            .codecs
            .retain(|codec| codec.law().is_some() || codecs.contains(codec));
    }

    pub fn agreed(&self) -> Option<&LegMedia> {
        self.agreed.as_ref()
    }

    pub fn has_open_offer(&self) -> bool {
        self.open.is_some()
    }

    pub fn local(&self) -> &LocalMedia {
        &self.local
    }

    /// RFC 3264 section 8: the version goes up by one if and only if the description changes.
    fn say(&mut self, build: impl Fn(Origin, &LocalMedia) -> Vec<u8>) -> Vec<u8> {
        if let Some(said) = &self.said
            && build(self.origin, &self.local) == *said
        {
            return said.clone();
        }
        self.origin.version += 1;
        let body = build(self.origin, &self.local);
        self.said = Some(body.clone());
        body
    }
}

impl Layout {
    fn of(offer: &Session, choice: &Choice) -> Self {
        Layout {
            audio_line: choice.line,
            profile: choice.profile.clone(),
            refused: negotiate::refused(offer, choice.line),
            crypto: choice.crypto,
        }
    }
}
