//! The media threads as the engine imagines them: ports, legs, pairs and taps, each in its legal order.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_media::io::command::{LegMedia, LegStats, MediaCommand, MediaLegId, MediaNotice};

/// RTP ports that exist.
pub const PORTS: (u16, u16) = (10_000, 10_399);

#[derive(Debug, Clone, Default)]
pub struct ModelLeg {
    pub port: u16,
    pub media: Option<LegMedia>,
    pub joined: Option<MediaLegId>,
    /// The token of the sound that it hears, and whether it is repeated.
    pub playing: Option<(u64, bool)>,
    pub echo: bool,
    pub listens: bool,
    /// A pause of it is to be told.
    pub attended: bool,
    /// Keys pressed towards it.
    pub pressed: String,
}

#[derive(Debug, Default)]
pub struct MediaModel {
    pub legs: BTreeMap<MediaLegId, ModelLeg>,
    /// Recording to its left and right leg.
    pub taps: BTreeMap<u128, [Option<MediaLegId>; 2]>,
    pub opened: u64,
    pub closed: u64,
    pub tapped: u64,
    used: BTreeSet<MediaLegId>,
    notices: Vec<MediaNotice>,
}

impl MediaModel {
    pub fn stock(&self) -> Vec<u16> {
        (PORTS.0..=PORTS.1).step_by(2).collect()
    }

    pub fn leg_at(&self, port: u16) -> Option<MediaLegId> {
        self.legs.iter().find(|(_, leg)| leg.port == port).map(|(id, _)| *id)
    }

    /// Two legs that hear each other, with what was agreed with each.
    pub fn pair(&self, port: u16) -> Option<(LegMedia, LegMedia)> {
        let leg = self.legs.get(&self.leg_at(port)?)?;
        let other = self.legs.get(&leg.joined?)?;
        Some((leg.media?, other.media?))
    }

    pub fn notices(&mut self) -> Vec<MediaNotice> {
        std::mem::take(&mut self.notices)
    }

    pub fn command(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Open { leg, port } => {
                assert!(self.used.insert(leg), "{leg:?} is used twice");
                assert!(
                    (PORTS.0..=PORTS.1).contains(&port) && port % 2 == 0,
                    "{port} is not ours"
                );
                assert_eq!(self.leg_at(port), None, "{port} is taken");
                self.opened += 1;
                self.legs.insert(
                    leg,
                    ModelLeg {
                        port,
                        ..ModelLeg::default()
                    },
                );
            }
            MediaCommand::Configure { leg, media } => {
                self.legs.get_mut(&leg).expect("an open leg").media = Some(media);
            }
            MediaCommand::Join { a, b } => {
                for leg in self.legs.values_mut() {
                    leg.joined.take_if(|joined| *joined == a || *joined == b);
                }
                for (leg, other) in [(a, b), (b, a)] {
                    let leg = self.legs.get_mut(&leg).expect("an open leg");
                    assert!(leg.media.is_some(), "joined before it was configured");
                    leg.joined = Some(other);
                    leg.playing = None;
                }
            }
            MediaCommand::Part { a, b } => {
                for (leg, other) in [(a, b), (b, a)] {
                    if let Some(leg) = self.legs.get_mut(&leg) {
                        leg.joined.take_if(|joined| *joined == other);
                    }
                }
            }
            MediaCommand::Play { leg, repeat, token, .. } => {
                self.legs.get_mut(&leg).expect("an open leg").playing = Some((token, repeat));
            }
            MediaCommand::StopPlaying { leg } => {
                self.legs.get_mut(&leg).expect("an open leg").playing = None;
            }
            MediaCommand::Echo { leg, on } => self.legs.get_mut(&leg).expect("an open leg").echo = on,
            MediaCommand::Listen { leg, on } => self.legs.get_mut(&leg).expect("an open leg").listens = on,
            MediaCommand::SendDigits { leg, digits } => {
                self.legs.get_mut(&leg).expect("an open leg").pressed.push_str(&digits);
            }
            MediaCommand::Retap { recording, left, right } => {
                let tap = self.taps.get_mut(&recording).expect("a tap");
                for leg in [left, right].into_iter().flatten() {
                    assert!(self.legs.contains_key(&leg), "tapped when it is not open");
                }
                *tap = [left, right];
            }
            MediaCommand::Attend { leg, .. } => self.legs.get_mut(&leg).expect("an open leg").attended = true,
            MediaCommand::Tap { left, right, recording } => {
                assert_eq!(
                    self.legs.get(&left).and_then(|leg| leg.joined),
                    right,
                    "a tap on no pair, nor on one who talks with nobody"
                );
                assert!(
                    self.taps.insert(recording, [Some(left), right]).is_none(),
                    "tapped twice"
                );
                self.tapped += 1;
            }
            MediaCommand::Untap { recording } => {
                self.taps.remove(&recording).expect("a tap");
            }
            MediaCommand::Close { leg } => {
                let gone = self.legs.remove(&leg).expect("an open leg");
                assert!(
                    self.taps
                        .values()
                        .all(|legs| legs.iter().all(|tapped| *tapped != Some(leg))),
                    "closed under a tap"
                );
                self.closed += 1;
                for other in self.legs.values_mut().filter(|other| other.joined == Some(leg)) {
                    other.joined = None;
                }
                self.notices.push(MediaNotice::Closed {
                    leg,
                    stats: LegStats::default(),
                });
                self.notices.push(MediaNotice::PortsReady(vec![gone.port]));
            }
        }
    }

    pub fn assert_empty(&self) {
        assert_eq!(
            self.opened, self.closed,
            "ports opened and closed; left: {:?}",
            self.legs
        );
        assert!(self.legs.is_empty() && self.taps.is_empty(), "{self:?}");
    }
}
