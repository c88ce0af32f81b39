//! What we say ourselves: sounds that accounts have given us, and ours where they have given none in their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk_media::sound::{self, Language, Sound};
use frontdesk_routing::ids::{AccountId, PromptId};

use super::Engine;

/// A prompt that we bring along and that an account may replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phrase {
    PleaseWait,
    PressOne,
    Recorded,
    VipClient,
}

impl Phrase {
    /// By the name that it is kept under.
    pub fn named(name: &str) -> Option<Phrase> {
        match name {
            "please_wait" => Some(Phrase::PleaseWait),
            "press_one" => Some(Phrase::PressOne),
            "recorded" => Some(Phrase::Recorded),
            "vip_client" => Some(Phrase::VipClient),
            _ => None,
        }
    }

    fn ours(self, language: Language) -> Sound {
        match self {
            Phrase::PleaseWait => sound::please_wait(language),
            Phrase::PressOne => sound::press_one(language),
            Phrase::Recorded => sound::being_recorded(language),
            Phrase::VipClient => sound::vip_client(language),
        }
    }
}

/// Sounds of the accounts' own.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    sounds: BTreeMap<PromptId, Arc<Sound>>,
    replaced: BTreeMap<(AccountId, Phrase), PromptId>,
}

impl Prompts {
    pub(super) fn set(
        &mut self,
        (account, prompt): (AccountId, PromptId),
        replaces: Option<Phrase>,
        sound: Option<Arc<Sound>>,
    ) {
        self.replaced.retain(|_, replacing| *replacing != prompt);
        match sound {
            Some(sound) => {
                self.sounds.insert(prompt, sound);
                if let Some(phrase) = replaces {
                    self.replaced.insert((account, phrase), prompt);
                }
            }
            None => {
                self.sounds.remove(&prompt);
            }
        }
    }

    /// `None`: its audio is not there.
    pub(super) fn get(&self, prompt: PromptId) -> Option<Arc<Sound>> {
        self.sounds.get(&prompt).cloned()
    }
}

impl Engine {
    /// What an account's callers understand.
    pub(super) fn language(&self, account: AccountId) -> Language {
        let account = self.plan.accounts.get(account);
        Language::of_region(account.map(|account| &*account.region).unwrap_or_default())
    }

    /// A phrase as the account has it said.
    pub(super) fn phrase(&self, account: AccountId, phrase: Phrase) -> Sound {
        let own = self.prompts.replaced.get(&(account, phrase));
        let own = own.and_then(|prompt| self.prompts.sounds.get(prompt));
        own.map_or_else(|| phrase.ours(self.language(account)), |own| Sound::clone(own))
    }
}
