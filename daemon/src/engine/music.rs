//! What a party hears while the other one is away.

use std::sync::Arc;

use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::{self, Sound};
use frontdesk_routing::ids::{AccountId, CallId};

use super::Engine;
use super::call::Side;
use super::media::Tune;
use super::output::Output;

impl Engine {
    /// Whoever of the pair is held by the other one, and may hear, hears music; nobody else does.
    pub(super) fn tune_music(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some((first, second)) = call.pair() else { return };
        let holds = |side| call.leg(side).is_some_and(|leg| leg.media.holds());
        let hears = |side| {
            let media = call.leg(side).and_then(|leg| leg.media.settled());
            media.is_some_and(|media| media.direction.we_send())
        };
        let wanted = [
            (first, holds(second) && hears(first)),
            (second, holds(first) && hears(second)),
        ];
        for (side, on) in wanted {
            self.set_tune(id, side, on.then_some(Tune::Music));
        }
    }

    /// What one party hears from now on again and again; nothing happens if it does so already.
    pub(super) fn set_tune(&mut self, id: CallId, side: Side, tune: Option<Tune>) {
        let token = self.token();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let account = call.account;
        let Some(media) = call.leg_mut(side).map(|leg| &mut leg.media) else {
            return;
        };
        if std::mem::replace(&mut media.tune, tune) == tune {
            return;
        }
        let leg = media.leg;
        let sound = tune.map(|tune| match tune {
            Tune::Music => self.music_of(account),
            Tune::Ringback => Arc::new(sound::ringback()),
        });
        let command = match sound {
            Some(sound) => MediaCommand::Play {
                leg,
                sound,
                repeat: true,
                token,
            },
            None => MediaCommand::StopPlaying { leg },
        };
        self.outputs.push_back(Output::Media(command));
    }

    /// Two parties were joined anew: that has ended what they were played.
    pub(super) fn forget_music(&mut self, id: CallId, pair: (Side, Side)) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        for side in [pair.0, pair.1] {
            if let Some(leg) = call.leg_mut(side) {
                leg.media.tune = None;
            }
        }
    }

    fn music_of(&self, account: AccountId) -> Arc<Sound> {
        self.music.get(&account).cloned().unwrap_or_else(sound::music)
    }

    /// Whoever waits already hears the old one to the end.
    pub(super) fn set_own_music(&mut self, account: AccountId, sound: Option<Arc<Sound>>) {
        match sound {
            Some(sound) => self.music.insert(account, sound),
            None => self.music.remove(&account),
        };
    }
}
