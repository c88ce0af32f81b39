//! Calls to numbers outside, and the trunks that they go out by.

use crate::because::Because;
use crate::decision::Decision;
use crate::facts::{CallFacts, Caller};
use crate::ids::{AccountId, TrunkId};
use crate::inbound;
use crate::number::{PhoneNumber, ShortNumber};
use crate::plan::routes::Ways;
use crate::plan::trunks::NumberFormat;
use crate::plan::{DialPlan, PlanTrunk};

/// Staff may call any number outside by the trunks of their account. A trunk may not: whoever calls from outside goes
/// outside again only where a person has sent them.
pub fn decide(plan: &DialPlan, facts: &CallFacts<'_>) -> Decision {
    let Caller::Staff(_) = facts.caller else {
        return Decision::refuse(404, Because::NumberMalformed);
    };
    let Ok(number) = PhoneNumber::from_dialled(facts.dialled, region(plan, facts.account)) else {
        return Decision::refuse(404, Because::NumberMalformed);
    };
    // One's own number is called without going outside.
    if let Some(own) = plan.numbers.get(facts.account, number) {
        return inbound::reach(plan, own, facts.at);
    }
    towards(plan, facts.account, number)
}

/// What is called outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideNumber {
    Number(PhoneNumber),
    /// It means the same by every trunk.
    Emergency(ShortNumber),
}

impl OutsideNumber {
    pub fn number(self) -> Option<PhoneNumber> {
        match self {
            OutsideNumber::Number(number) => Some(number),
            OutsideNumber::Emergency(_) => None,
        }
    }

    pub fn is_emergency(self) -> bool {
        matches!(self, OutsideNumber::Emergency(_))
    }

    /// For records: a number with its plus.
    pub fn reveal(self) -> String {
        match self {
            OutsideNumber::Number(number) => number.reveal(),
            OutsideNumber::Emergency(number) => number.to_string(),
        }
    }

    /// As a provider writes it.
    pub fn written(self, format: NumberFormat, region: &str) -> String {
        match self {
            OutsideNumber::Number(number) => written(number, format, region),
            OutsideNumber::Emergency(number) => number.to_string(),
        }
    }
}

/// A number outside that the account itself has set, by its trunks.
pub fn towards(plan: &DialPlan, account: AccountId, number: PhoneNumber) -> Decision {
    let trunks = trunks(plan, account, number);
    let route = plan.routes.of_number(account, number);
    let first = trunks.first().and_then(|trunk| plan.staff.trunk(*trunk));
    let Some(trunk) = first.map(|trunk| trunk.name.to_string()) else {
        let barred = route.filter(|route| route.trunks.is_empty());
        let (status, because) = match barred.map(|route| route.name.to_string()) {
            Some(route) => (403, Because::Barred { route }),
            None => (404, Because::NoTrunk),
        };
        return Decision::refuse(status, because);
    };
    Decision::Outside {
        number,
        trunks,
        because: match route.map(|route| route.name.to_string()) {
            Some(route) => Because::OutsideByRoute { route, trunk },
            None => Because::Outside { trunk },
        },
    }
}

/// The trunks that take calls to a number: those of the account's route for it, in its order. Where there is no such route
/// those with the longest fitting prefix come first, then by their place.
pub fn trunks(plan: &DialPlan, account: AccountId, number: PhoneNumber) -> Ways {
    if let Some(route) = plan.routes.of_number(account, number) {
        let takes = |id: &TrunkId| {
            let trunk = plan.staff.trunk(*id);
            trunk.is_some_and(|trunk| trunk.account == account && trunk.takes_calls())
        };
        return route.trunks.iter().copied().filter(takes).collect();
    }
    let digits = number.as_u64().to_string();
    let mut fitting: Vec<(usize, u16, TrunkId)> = plan
        .staff
        .trunks()
        .iter()
        .filter(|trunk| trunk.account == account && trunk.takes_calls())
        .filter_map(|trunk| Some((fit(trunk, &digits)?, trunk.place, trunk.id)))
        .collect();
    fitting.sort_by_key(|(length, place, id)| (std::cmp::Reverse(*length), *place, *id));
    fitting.into_iter().map(|(_, _, id)| id).collect()
}

/// How long the prefix is that fits; `None`: none does.
fn fit(trunk: &PlanTrunk, digits: &str) -> Option<usize> {
    if trunk.prefixes.is_empty() {
        return Some(0);
    }
    let prefixes = trunk.prefixes.iter().map(|prefix| prefix.trim_start_matches('+'));
    prefixes.filter(|prefix| digits.starts_with(prefix)).map(str::len).max()
}

/// A number as a provider writes it.
pub fn written(number: PhoneNumber, format: NumberFormat, region: &str) -> String {
    match format {
        NumberFormat::E164 => number.reveal(),
        NumberFormat::E164WithoutPlus => number.as_u64().to_string(),
        NumberFormat::National => number.national(region).unwrap_or_else(|| number.reveal()),
    }
}

/// A number that a provider has written.
pub fn read(text: &str, format: NumberFormat, region: &str) -> Option<PhoneNumber> {
    let digits: String = text
        .chars()
        .take_while(|c| *c != ';')
        .filter(|c| !"-.() ".contains(*c))
        .collect();
    let international = format!("+{}", digits.trim_start_matches('+'));
    match format {
        NumberFormat::E164 | NumberFormat::E164WithoutPlus => PhoneNumber::from_e164(&international).ok(),
        NumberFormat::National => PhoneNumber::from_dialled(&digits, region).ok(),
    }
}

pub(crate) fn region(plan: &DialPlan, account: AccountId) -> &str {
    plan.accounts
        .get(account)
        .map(|account| &*account.region)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::{RouteId, SipAccountId, StaffId};
    use crate::plan::routes::{PlanRoute, RouteFor, RouteSection};
    use crate::plan::trunks::Provider;
    use crate::plan::{AccountSection, PlanAccount, PlanSip, RecordingPolicy, StaffSection};

    fn account() -> AccountId {
        AccountId::from_u128(1)
    }

    fn plan(trunks: Vec<PlanTrunk>) -> DialPlan {
        let account = PlanAccount {
            id: account(),
            number: 1,
            name: "A".into(),
            realm: "r".into(),
            recording: RecordingPolicy::Never,
            region: "RU".into(),
            caller_id: Default::default(),
        };
        DialPlan {
            accounts: Arc::new(AccountSection::new(vec![account])),
            staff: Arc::new(StaffSection::new(vec![], trunks)),
            ..DialPlan::default()
        }
    }

    fn trunk(id: u128, prefixes: &[&str], place: u16) -> PlanTrunk {
        PlanTrunk {
            provider: Some(Provider::default()),
            prefixes: prefixes.iter().map(|prefix| (*prefix).into()).collect(),
            place,
            ..PlanTrunk::new(TrunkId::from_u128(id), account(), format!("T{id}").into())
        }
    }

    #[test]
    fn the_longest_prefix_and_then_the_place_choose_the_trunks() {
        let foreign = PlanTrunk {
            account: AccountId::from_u128(2),
            ..trunk(8, &[], 0)
        };
        let incoming_only = PlanTrunk {
            provider: None,
            ..trunk(9, &[], 0)
        };
        let plan = plan(vec![
            trunk(1, &[], 1),
            trunk(2, &["+7", "7495"], 9),
            trunk(3, &["7"], 5),
            trunk(4, &[], 0),
            foreign,
            incoming_only,
        ]);
        let check = |dialled: &str, expected: Result<&[u128], u16>| {
            let facts = CallFacts {
                account: account(),
                caller: Caller::Staff(StaffId::from_u128(1)),
                dialled,
                at: 0,
            };
            match (decide(&plan, &facts), expected) {
                (Decision::Outside { trunks, .. }, Ok(expected)) => {
                    let trunks: Vec<u128> = trunks.iter().map(|id| id.as_u128()).collect();
                    assert_eq!(trunks, expected, "{dialled}");
                }
                (Decision::Refuse { status, .. }, Err(expected)) => assert_eq!(status, expected, "{dialled}"),
                (got, expected) => panic!("{dialled}: {got:?}, expected {expected:?}"),
            }
        };
        check("84951234567", Ok(&[2, 3, 4, 1]));
        check("+79161234567", Ok(&[3, 2, 4, 1]));
        check("+4930901820", Ok(&[4, 1]));
        check("nobody", Err(404));
        check("", Err(404));
    }

    /// A route's trunks and no others, the longest prefix first; a route without trunks bars its numbers.
    #[test]
    fn a_route_of_the_account_says_which_trunks_are_tried() {
        let route = |account, prefix: &str, trunks: &[u128]| PlanRoute {
            id: RouteId::from_u128(1),
            account,
            name: format!("R{prefix}").into(),
            calls: RouteFor::Prefix(prefix.into()),
            trunks: trunks.iter().map(|id| TrunkId::from_u128(*id)).collect(),
        };
        let routes = RouteSection::new(
            [
                route(account(), "7", &[3, 1]),
                route(account(), "7495", &[9, 2, 77]),
                route(account(), "7495123", &[]),
                route(account(), "44", &[9]),
                route(AccountId::from_u128(2), "", &[1]),
            ],
            [],
        );
        let incoming_only = PlanTrunk {
            provider: None,
            ..trunk(9, &[], 0)
        };
        let trunks = vec![trunk(1, &[], 1), trunk(2, &["+1"], 2), trunk(3, &[], 3), incoming_only];
        let plan = DialPlan {
            routes: Arc::new(routes),
            ..plan(trunks)
        };
        let check = |number: &str, expected: Result<(&[u128], Option<&str>), u16>| {
            let number = PhoneNumber::from_e164(number).unwrap();
            match (towards(&plan, account(), number), expected) {
                (Decision::Outside { trunks, because, .. }, Ok((expected, name))) => {
                    let trunks: Vec<u128> = trunks.iter().map(|id| id.as_u128()).collect();
                    assert_eq!(trunks, expected, "{number:?}");
                    let named = if let Because::OutsideByRoute { route, .. } = because {
                        Some(route)
                    } else {
                        None
                    };
                    assert_eq!(named.as_deref(), name);
                }
                (Decision::Refuse { status, .. }, Err(expected)) => assert_eq!(status, expected, "{number:?}"),
                (got, expected) => panic!("{number:?}: {got:?}, expected {expected:?}"),
            }
        };
        check("+79161234567", Ok((&[3, 1], Some("R7"))));
        check("+74957654321", Ok((&[2], Some("R7495"))));
        check("+74951234567", Err(403));
        check("+442071838750", Err(404));
        check("+4930901820", Ok((&[1, 3], None)));
        check("+12025550123", Ok((&[2, 1, 3], None)));
    }

    #[test]
    fn whoever_comes_from_outside_does_not_go_outside_and_without_trunks_nobody_does() {
        let with = plan(vec![trunk(1, &[], 1)]);
        let without = plan(vec![]);
        let check = |plan: &DialPlan, caller, expected: Because| {
            let facts = CallFacts {
                account: account(),
                caller,
                dialled: "+79161234567",
                at: 0,
            };
            assert_eq!(decide(plan, &facts), Decision::refuse(404, expected));
        };
        check(&with, Caller::Trunk(TrunkId::from_u128(1)), Because::NumberMalformed);
        check(&without, Caller::Staff(StaffId::from_u128(1)), Because::NoTrunk);
    }

    #[test]
    fn a_gateway_that_registers_with_us_takes_calls_unless_its_data_are_switched_off() {
        let gateway = |id, enabled| PlanTrunk {
            provider: None,
            sip: Some(PlanSip {
                id: SipAccountId::from_u128(id),
                user: "gateway".into(),
                ha1_md5: [0; 16],
                ha1_sha256: [0; 32],
                enabled,
            }),
            ..trunk(id, &[], 0)
        };
        let plan = plan(vec![gateway(1, true), gateway(2, false), trunk(3, &[], 0)]);
        let number = PhoneNumber::from_e164("+79161234567").unwrap();
        let found = trunks(&plan, account(), number);
        assert_eq!(found.as_slice(), [TrunkId::from_u128(1), TrunkId::from_u128(3)]);
    }

    #[test]
    fn numbers_are_written_and_read_as_the_provider_does() {
        let number = PhoneNumber::from_e164("+74951234567").unwrap();
        let check = |format, text: &str| {
            assert_eq!(written(number, format, "RU"), text);
            assert_eq!(read(text, format, "RU"), Some(number), "{text}");
        };
        check(NumberFormat::E164, "+74951234567");
        check(NumberFormat::E164WithoutPlus, "74951234567");
        check(NumberFormat::National, "84951234567");
        let foreign = PhoneNumber::from_e164("+4930901820").unwrap();
        assert_eq!(written(foreign, NumberFormat::National, "RU"), "004930901820");
        assert_eq!(written(foreign, NumberFormat::National, "US"), "0114930901820");
        assert_eq!(written(foreign, NumberFormat::National, "DE"), "+4930901820");
        assert_eq!(
            read("+7 (495) 123-45-67;phone-context=x", NumberFormat::E164, "RU"),
            Some(number)
        );
        assert_eq!(read("anonymous", NumberFormat::E164, "RU"), None);
    }
}
