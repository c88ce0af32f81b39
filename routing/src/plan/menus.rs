//! Menus as an account has set them up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::IdMap;
use super::destination::Destination;
use crate::ids::{AccountId, MenuId, PromptId};
use crate::menu::Dialled;
use crate::number::{PhoneNumber, ShortNumber};

/// A question that callers answer with the keys of their telephones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanMenu {
    pub id: MenuId,
    pub account: AccountId,
    pub name: Arc<str>,
    /// What colleagues dial to reach it, or to transfer calls to it.
    pub short_number: Option<ShortNumber>,
    pub prompt: PromptId,
    /// 0 to 9, `*` and `#`; `None` here and below: the call is ended.
    pub keys: BTreeMap<char, Option<Destination>>,
    /// Milliseconds after the prompt in which a key is waited for.
    pub timeout_ms: u32,
    /// Milliseconds in which another digit of a short number is waited for.
    pub between_ms: u32,
    /// How often the prompt is said again.
    pub retries: u8,
    /// Callers may dial short numbers of people, departments and menus.
    pub dials_short: bool,
    pub on_timeout: Option<Destination>,
    pub on_invalid: Option<Destination>,
}

impl PlanMenu {
    /// One that nothing is set of: it speaks, and ends the call.
    pub fn new(id: MenuId, account: AccountId, name: Arc<str>, prompt: PromptId) -> PlanMenu {
        PlanMenu {
            id,
            account,
            name,
            short_number: None,
            prompt,
            keys: BTreeMap::new(),
            timeout_ms: 5_000,
            between_ms: 2_000,
            retries: 2,
            dials_short: false,
            on_timeout: None,
            on_invalid: None,
        }
    }
}

/// What callers of a connected number hear before their call goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Greeting {
    pub prompt: Option<PromptId>,
    /// That the call is recorded, if it is.
    pub says_recorded: bool,
}

/// Menus of all accounts, and who can be dialled in them.
#[derive(Debug, Clone, Default)]
pub struct MenuSection {
    by_id: BTreeMap<MenuId, Arc<PlanMenu>>,
    by_short: BTreeMap<(AccountId, ShortNumber), MenuId>,
    dialable: BTreeMap<(AccountId, String), Destination>,
    greetings: IdMap<(AccountId, PhoneNumber), Greeting>,
}

impl MenuSection {
    /// `others` are people and departments with short numbers.
    pub fn new(menus: Vec<PlanMenu>, others: Vec<(AccountId, ShortNumber, Destination)>) -> MenuSection {
        let mut section = MenuSection::default();
        for (account, short, to) in others {
            section.dialable.insert((account, short.to_string()), to);
        }
        for menu in menus {
            if let Some(short) = menu.short_number {
                section.by_short.insert((menu.account, short), menu.id);
                let place = (menu.account, short.to_string());
                section.dialable.insert(place, Destination::Menu(menu.id));
            }
            section.by_id.insert(menu.id, Arc::new(menu));
        }
        section
    }

    /// The same with what numbers say first.
    #[must_use]
    pub fn greeting_callers(mut self, greetings: Vec<(AccountId, PhoneNumber, Greeting)>) -> MenuSection {
        let of = |(account, number, greeting)| ((account, number), greeting);
        self.greetings = greetings.into_iter().map(of).collect();
        self
    }

    pub fn greeting(&self, account: AccountId, number: PhoneNumber) -> Option<Greeting> {
        self.greetings.get(&(account, number)).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = &PlanMenu> {
        self.by_id.values().map(|menu| &**menu)
    }

    pub fn get(&self, menu: MenuId) -> Option<&Arc<PlanMenu>> {
        self.by_id.get(&menu)
    }

    pub fn by_short(&self, account: AccountId, short: ShortNumber) -> Option<&Arc<PlanMenu>> {
        self.get(*self.by_short.get(&(account, short))?)
    }

    /// Who has the short number that is being dialled.
    pub fn dialled(&self, account: AccountId, digits: &str) -> Dialled {
        let place = (account, digits.to_owned());
        let to = self.dialable.get(&place).copied();
        let mut later = self
            .dialable
            .range(place..)
            .map(|((account, short), _)| (account, short));
        let next = later.find(|(of, short)| **of != account || short.as_str() != digits);
        Dialled {
            to,
            longer: next.is_some_and(|(of, short)| *of == account && short.starts_with(digits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StaffId;

    #[test]
    fn short_numbers_are_found_by_their_beginning_in_their_account_only() {
        let [ours, theirs] = [1, 2].map(AccountId::from_u128);
        let anna = Destination::Staff(StaffId::from_u128(1));
        let short = |text| ShortNumber::read(text).unwrap();
        let menu = PlanMenu {
            short_number: Some(short("30")),
            ..PlanMenu::new(MenuId::from_u128(3), ours, "Main".into(), PromptId::from_u128(1))
        };
        let others = vec![(ours, short("101"), anna), (theirs, short("3011"), anna)];
        let section = MenuSection::new(vec![menu], others);
        let check = |account, digits: &str, to: Option<Destination>, longer| {
            assert_eq!(section.dialled(account, digits), Dialled { to, longer }, "{digits}");
        };
        let main = Some(Destination::Menu(MenuId::from_u128(3)));
        check(ours, "1", None, true);
        check(ours, "101", Some(anna), false);
        check(ours, "30", main, false);
        check(ours, "301", None, false);
        check(theirs, "30", None, true);
        check(theirs, "1", None, false);
        assert_eq!(
            section.by_short(ours, short("30")).map(|menu| menu.id.as_u128()),
            Some(3)
        );
        assert!(section.by_short(theirs, short("30")).is_none());
    }
}
