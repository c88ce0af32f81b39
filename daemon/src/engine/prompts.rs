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
    /// "Your place in the queue is", before a number; likewise the next two.
    Place,
    Minutes,
    Department,
    LeaveMessage,
    NoMessages,
    MessagesOver,
    /// 0 to 9.
    Digit(u8),
}

impl Phrase {
    /// By the name that it is kept under.
    pub fn named(name: &str) -> Option<Phrase> {
        match name {
            "please_wait" => Some(Phrase::PleaseWait),
            "press_one" => Some(Phrase::PressOne),
            "recorded" => Some(Phrase::Recorded),
            "vip_client" => Some(Phrase::VipClient),
            "place" => Some(Phrase::Place),
            "minutes" => Some(Phrase::Minutes),
            "department" => Some(Phrase::Department),
            "leave_message" => Some(Phrase::LeaveMessage),
            "no_messages" => Some(Phrase::NoMessages),
            "messages_over" => Some(Phrase::MessagesOver),
            _ => {
                let digit = name.strip_prefix("digit_")?.parse().ok()?;
                (digit <= 9).then_some(Phrase::Digit(digit))
            }
        }
    }

    fn ours(self, language: Language) -> Sound {
        match self {
            Phrase::PleaseWait => sound::please_wait(language),
            Phrase::PressOne => sound::press_one(language),
            Phrase::Recorded => sound::being_recorded(language),
            Phrase::VipClient => sound::vip_client(language),
            Phrase::Place => sound::place_in_line(language),
            Phrase::Minutes => sound::minutes_to_wait(language),
            Phrase::Department => sound::for_department(language),
            Phrase::LeaveMessage => sound::leave_message(language),
            Phrase::NoMessages => sound::no_messages(language),
            Phrase::MessagesOver => sound::messages_over(language),
            Phrase::Digit(digit) => sound::digit(digit, language),
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
        self.phrase_in(account, phrase, self.language(account))
    }

    /// The same where the built-in one is to be of this language.
    pub(super) fn phrase_in(&self, account: AccountId, phrase: Phrase, language: Language) -> Sound {
        let own = self.prompts.replaced.get(&(account, phrase));
        let own = own.and_then(|prompt| self.prompts.sounds.get(prompt));
        own.map_or_else(|| phrase.ours(language), |own| Sound::clone(own))
    }

    /// The digits of a number by the account's voice.
    pub(super) fn spoken(&self, account: AccountId, number: &str) -> Sound {
        sound::spoken_by(number, |digit| self.phrase(account, Phrase::Digit(digit)))
    }

    /// A phrase and the number that belongs to it.
    pub(super) fn phrase_with(&self, account: AccountId, phrase: Phrase, number: &str) -> Sound {
        self.phrase(account, phrase).then(&self.spoken(account, number))
    }
}
