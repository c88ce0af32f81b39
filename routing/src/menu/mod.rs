//! A caller in a menu: keys and silences in, what is said and where the call goes out. Pure.
//!
//! Whoever has a short number is known by their digits: as long as somebody's number goes on, another digit is waited for.

use std::fmt;

use crate::plan::Destination;
use crate::plan::menus::PlanMenu;

/// What happens to a caller in a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MenuEvent {
    /// The prompt has been said to its end.
    Heard,
    Key(char),
    /// As long as was to be waited nothing was pressed.
    Silence,
}

/// What is done then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MenuStep {
    /// The prompt is said from its beginning; `wrong`: after a sign that what was pressed leads nowhere.
    Say {
        wrong: bool,
    },
    /// Nothing is said, or no more, and keys are waited for so many milliseconds.
    Wait {
        ms: u32,
    },
    /// The menu is left; `None`: the call is ended.
    Go {
        to: Option<Destination>,
        how: How,
    },
    Nothing,
}

/// Why a menu is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    Key(char),
    /// A short number was dialled.
    Short(String),
    Timeout,
    Invalid,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Key(key) => write!(f, "the key {key} was pressed"),
            How::Short(number) => write!(f, "the short number {number} was dialled"),
            How::Timeout => f.write_str("nothing was pressed"),
            How::Invalid => f.write_str("only keys that lead nowhere were pressed"),
        }
    }
}

/// Who has the short number that is being dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dialled {
    pub to: Option<Destination>,
    /// Numbers of others begin with it.
    pub longer: bool,
}

/// A caller's stay in a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuSession {
    typed: String,
    speaking: bool,
    retries: u8,
}

impl MenuSession {
    /// The prompt is being said for the first time.
    pub fn new(menu: &PlanMenu) -> MenuSession {
        MenuSession {
            typed: String::new(),
            speaking: true,
            retries: menu.retries,
        }
    }

    /// `dialled` tells who has the short number of some digits.
    pub fn step(&mut self, menu: &PlanMenu, event: MenuEvent, dialled: &dyn Fn(&str) -> Dialled) -> MenuStep {
        match event {
            MenuEvent::Heard if !self.speaking => MenuStep::Nothing,
            MenuEvent::Heard => self.wait(menu.timeout_ms),
            MenuEvent::Silence if self.speaking => self.wait(menu.timeout_ms),
            MenuEvent::Silence if self.typed.is_empty() => self.again(menu, How::Timeout),
            MenuEvent::Silence => self.resolve(menu, dialled),
            MenuEvent::Key('#') if !self.typed.is_empty() => self.resolve(menu, dialled),
            MenuEvent::Key(key) if !"0123456789*#".contains(key) => MenuStep::Nothing,
            MenuEvent::Key(key) => self.press(menu, key, dialled),
        }
    }

    fn wait(&mut self, ms: u32) -> MenuStep {
        self.speaking = false;
        MenuStep::Wait { ms }
    }

    fn press(&mut self, menu: &PlanMenu, key: char, dialled: &dyn Fn(&str) -> Dialled) -> MenuStep {
        self.speaking = false;
        let first = self.typed.is_empty();
        self.typed.push(key);
        if !key.is_ascii_digit() || !menu.dials_short {
            return self.resolve(menu, &|_| Dialled::default());
        }
        let found = dialled(&self.typed);
        let chosen = first && menu.keys.contains_key(&key);
        match (found.longer, found.to.is_some() || chosen) {
            (true, _) => self.wait(menu.between_ms),
            (false, true) => self.resolve(menu, dialled),
            (false, false) => self.again(menu, How::Invalid),
        }
    }

    /// A single key is one of the menu's before it is anybody's short number.
    fn resolve(&mut self, menu: &PlanMenu, dialled: &dyn Fn(&str) -> Dialled) -> MenuStep {
        let typed = std::mem::take(&mut self.typed);
        let mut letters = typed.chars();
        let single = letters.next().filter(|_| letters.next().is_none());
        if let Some((key, to)) = single.and_then(|key| Some((key, *menu.keys.get(&key)?))) {
            return MenuStep::Go { to, how: How::Key(key) };
        }
        let dials = menu.dials_short && typed.bytes().all(|byte| byte.is_ascii_digit());
        match dials.then(|| dialled(&typed).to).flatten() {
            Some(to) => MenuStep::Go {
                to: Some(to),
                how: How::Short(typed),
            },
            None => self.again(menu, How::Invalid),
        }
    }

    fn again(&mut self, menu: &PlanMenu, how: How) -> MenuStep {
        self.typed.clear();
        let wrong = how == How::Invalid;
        match self.retries.checked_sub(1) {
            Some(left) => {
                self.retries = left;
                self.speaking = true;
                MenuStep::Say { wrong }
            }
            None if wrong => MenuStep::Go {
                to: menu.on_invalid,
                how,
            },
            None => MenuStep::Go {
                to: menu.on_timeout,
                how,
            },
        }
    }
}

#[cfg(test)]
mod tests;
