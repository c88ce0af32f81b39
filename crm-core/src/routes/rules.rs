//! What a route may be set to. Pure; which lines there are is the store's matter.

use frontdesk_routing::plan::routes::{LONGEST_PREFIX, PlanRoute, RouteFor, Ways};

use super::RoutePatch;
use crate::store::faults::Faults;
use crate::store::{FieldError, StoreError};

const LONGEST_NAME: usize = 100;
const MOST_TRUNKS: usize = 32;
const PREFIX: &str = "a plus and up to 15 digits that numbers begin with, as in +7495; the plus alone: all numbers";

/// `before` is the route as it is; one without a name is new.
pub(super) fn patched(before: PlanRoute, patch: RoutePatch) -> Result<PlanRoute, StoreError> {
    let is_new = before.name.is_empty();
    let (mut after, mut faults) = (before, Faults::default());
    if let Some(name) = faults.keep(patch.name.map(|name| route_name(&name))) {
        after.name = name.into();
    }
    if after.name.is_empty() {
        faults.add("name", "required", "a route has a name");
    }
    let emergency = after.calls == RouteFor::Emergency;
    match (patch.emergency, patch.prefix) {
        (Some(other), _) if !is_new && other != emergency => {
            faults.add(
                "emergency",
                "invalid",
                "settled when the route is made: make another one",
            );
        }
        (Some(true), None) if is_new => after.calls = RouteFor::Emergency,
        (Some(true), Some(_)) => faults.add("prefix", "invalid", "a route for emergency numbers has no prefix"),
        (_, Some(_)) if emergency => faults.add("prefix", "invalid", "a route for emergency numbers has no prefix"),
        (_, Some(typed)) => {
            if let Some(prefix) = faults.keep(Some(prefix(&typed))) {
                after.calls = RouteFor::Prefix(prefix.into());
            }
        }
        (_, None) if is_new => faults.add("prefix", "required", PREFIX),
        (_, None) => {}
    }
    if let Some(trunks) = faults.keep(patch.trunks.map(trunks)) {
        after.trunks = trunks;
    }
    StoreError::invalid(faults.0)?;
    Ok(after)
}

fn route_name(name: &str) -> Result<String, FieldError> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(FieldError::new("name", "required", "a route has a name")),
        1..=LONGEST_NAME => Ok(name.to_owned()),
        _ => Err(FieldError::new("name", "too_long", "100 characters at most")),
    }
}

fn prefix(typed: &str) -> Result<String, FieldError> {
    let wrong = || FieldError::new("prefix", "invalid", PREFIX);
    let digits: String = typed.chars().filter(|c| !" ()-".contains(*c)).collect();
    let digits = digits.strip_prefix('+').ok_or_else(wrong)?;
    let good = digits.len() <= LONGEST_PREFIX && digits.bytes().all(|byte| byte.is_ascii_digit());
    (good && !digits.starts_with('0'))
        .then(|| digits.to_owned())
        .ok_or_else(wrong)
}

/// Each line once.
fn trunks(given: Vec<String>) -> Result<Ways, FieldError> {
    if given.len() > MOST_TRUNKS {
        return Err(FieldError::new("trunk_ids", "too_long", "32 at most"));
    }
    let mut all = Ways::new();
    for (place, trunk) in given.iter().enumerate() {
        let field = format!("trunk_ids[{place}]");
        let trunk = trunk
            .parse()
            .map_err(|_| FieldError::new(&field, "unknown", "no such line"))?;
        if all.contains(&trunk) {
            return Err(FieldError::new(&field, "taken", "it is there already"));
        }
        all.push(trunk);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::{AccountId, RouteId};

    use super::*;

    fn route(name: &str, calls: RouteFor) -> PlanRoute {
        PlanRoute {
            id: RouteId::from_u128(1),
            account: AccountId::from_u128(1),
            name: name.into(),
            calls,
            trunks: Ways::new(),
        }
    }

    #[test]
    fn a_route_is_for_a_prefix_or_for_emergencies_and_stays_so() {
        let new = || route("", RouteFor::Prefix("".into()));
        let moscow = || route("Moscow", RouteFor::Prefix("7495".into()));
        let emergencies = || route("Emergencies", RouteFor::Emergency);
        let patch = |prefix: Option<&str>, emergency: Option<bool>| RoutePatch {
            name: Some(" R ".into()),
            prefix: prefix.map(str::to_owned),
            emergency,
            trunks: None,
        };
        let check = |before: PlanRoute, patch: RoutePatch, expected: Result<RouteFor, &str>| {
            let fault = |error| {
                let StoreError::Invalid(faults) = error else {
                    return None;
                };
                faults.first().map(|fault: &FieldError| fault.field.clone())
            };
            let after = patched(before, patch).map(|route| route.calls).map_err(fault);
            assert_eq!(after, expected.map_err(|field| Some(field.to_owned())));
        };
        let prefix = |digits: &str| Ok(RouteFor::Prefix(digits.into()));
        check(new(), patch(Some("+7 (495)"), None), prefix("7495"));
        check(new(), patch(Some("+"), Some(false)), prefix(""));
        check(new(), patch(None, Some(true)), Ok(RouteFor::Emergency));
        for wrong in ["", "7495", "+0", "+7x", "+1234567890123456", "++7"] {
            check(new(), patch(Some(wrong), None), Err("prefix"));
        }
        check(new(), patch(None, None), Err("prefix"));
        check(new(), patch(Some("+7"), Some(true)), Err("prefix"));
        check(moscow(), patch(Some("+7499"), None), prefix("7499"));
        check(moscow(), patch(None, Some(false)), prefix("7495"));
        check(moscow(), patch(None, Some(true)), Err("emergency"));
        check(emergencies(), patch(None, Some(true)), Ok(RouteFor::Emergency));
        check(emergencies(), patch(Some("+7"), None), Err("prefix"));
        check(emergencies(), patch(None, Some(false)), Err("emergency"));
        let nameless = RoutePatch {
            name: Some("  ".into()),
            ..patch(Some("+7"), None)
        };
        check(new(), nameless, Err("name"));
    }
}
