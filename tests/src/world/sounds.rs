//! Sounds that are played once: they end after their time, as the media threads tell.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_media::io::command::{MediaCommand, MediaLegId, MediaNotice};
use frontdesk_media::sound::Sound;

use super::media::MediaModel;

#[derive(Debug, Default)]
pub struct Sounds {
    due: Vec<(Duration, MediaLegId, u64)>,
    /// All that was played once.
    pub once: Vec<Arc<Sound>>,
    /// All that was played again and again.
    pub repeated: Vec<Arc<Sound>>,
}

impl Sounds {
    pub(super) fn note(&mut self, command: &MediaCommand, elapsed: Duration) {
        let MediaCommand::Play {
            leg,
            sound,
            repeat,
            token,
        } = command
        else {
            return;
        };
        if *repeat {
            self.repeated.push(Arc::clone(sound));
        } else {
            let end = elapsed + Duration::from_millis(sound.duration_ms());
            self.due.push((end, *leg, *token));
            self.once.push(Arc::clone(sound));
        }
    }

    pub(super) fn next_at(&self) -> Option<Duration> {
        self.due.iter().map(|(at, ..)| *at).min()
    }

    /// What has come to its end by itself.
    pub(super) fn over(&mut self, elapsed: Duration, media: &mut MediaModel) -> Vec<MediaNotice> {
        let due = std::mem::take(&mut self.due);
        let (over, going_on) = due.into_iter().partition(|(at, ..)| *at <= elapsed);
        self.due = going_on;
        let over: Vec<(Duration, MediaLegId, u64)> = over;
        let ended = over.into_iter().filter(|(_, leg, token)| {
            let leg = media.legs.get_mut(leg);
            leg.is_some_and(|leg| leg.playing.take_if(|playing| *playing == (*token, false)).is_some())
        });
        ended
            .map(|(_, leg, token)| MediaNotice::Played { leg, token })
            .collect()
    }

    /// A sound with this in it was played once.
    pub fn has(&self, part: &Sound) -> bool {
        let within = |sound: &Sound| {
            sound
                .samples
                .windows(part.samples.len())
                .any(|piece| piece == part.samples)
        };
        self.once.iter().any(|sound| within(sound))
    }
}
