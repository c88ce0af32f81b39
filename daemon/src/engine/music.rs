//! What a party hears while the other one is away.

use std::sync::Arc;

use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::{self, Sound};
use frontdesk_routing::ids::{AccountId, CallId};

use super::Engine;
use super::call::Side;
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
            self.set_music(id, side, on);
        }
    }

    /// Begins or ends the music that one party hears; nothing happens if it is as wanted.
    pub(super) fn set_music(&mut self, id: CallId, side: Side, on: bool) {
        let token = self.token();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let account = call.account;
        let Some(media) = call.leg_mut(side).map(|leg| &mut leg.media) else {
            return;
        };
        if std::mem::replace(&mut media.music, on) == on {
            return;
        }
        let leg = media.leg;
        let command = match on {
            true => MediaCommand::Play {
                leg,
                sound: self.music_of(account),
                repeat: true,
                token,
            },
            false => MediaCommand::StopPlaying { leg },
        };
        self.outputs.push_back(Output::Media(command));
    }

    /// Two parties were joined anew: that has ended what they were played.
    pub(super) fn forget_music(&mut self, id: CallId, pair: (Side, Side)) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        for side in [pair.0, pair.1] {
            if let Some(leg) = call.leg_mut(side) {
                leg.media.music = false;
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
