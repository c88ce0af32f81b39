//! Names of the ways to take calls, and what a patch comes to. Pure.

use frontdesk_routing::ids::TrunkId;
use frontdesk_routing::plan::Method;

use super::{Reception, ReceptionPatch};
use crate::store::text::maybe_id;
use crate::store::{FieldError, StoreError};

pub fn method_name(method: Method) -> &'static str {
    match method {
        Method::Sip => "sip",
        Method::Mobile => "mobile",
        Method::Sim(_) => "sim",
    }
}

/// The line that a person's own telephone is bound to.
pub fn sim_of(method: Method) -> Option<TrunkId> {
    match method {
        Method::Sim(trunk) => Some(trunk),
        Method::Sip | Method::Mobile => None,
    }
}

pub(crate) fn method(name: &str, sim: &Option<String>) -> Result<Method, StoreError> {
    match (name, maybe_id(sim)?) {
        ("sip", _) => Ok(Method::Sip),
        ("mobile", _) => Ok(Method::Mobile),
        ("sim", Some(trunk)) => Ok(Method::Sim(trunk)),
        (name, _) => Err(StoreError::Corrupt(format!("reception by {name}"))),
    }
}

/// An id that a field gives; that it is the account's is not known yet.
pub(super) fn parsed<T: std::str::FromStr>(field: &str, text: Option<String>) -> Result<Option<T>, FieldError> {
    text.map(|text| text.trim().parse().map_err(|_| unknown(field)))
        .transpose()
}

pub(super) fn unknown(field: &str) -> FieldError {
    FieldError::new(field, "unknown", "no such thing in this company")
}

/// How the person takes calls after the patch; `phone`: they have a telephone number of their own.
pub(super) fn patched(before: &Reception, patch: ReceptionPatch, phone: bool) -> Result<Reception, StoreError> {
    let (mut after, mut faults) = (before.clone(), Vec::new());
    after.receiving = patch.receiving.unwrap_or(before.receiving);
    after.confirm_answer = patch.confirm_answer.unwrap_or(before.confirm_answer);
    match patch.schedule.map(|schedule| parsed("schedule_id", schedule)) {
        Some(Ok(schedule)) => after.schedule = schedule,
        Some(Err(fault)) => faults.push(fault),
        None => {}
    }
    let sim = match patch.sim_trunk {
        Some(sim) => parsed("sim_trunk_id", sim),
        None => Ok(sim_of(before.method)),
    };
    let name = patch.method.unwrap_or_else(|| method_name(before.method).to_owned());
    match (name.trim(), sim) {
        (_, Err(fault)) => faults.push(fault),
        ("sip", Ok(_)) => after.method = Method::Sip,
        ("mobile", Ok(_)) => after.method = Method::Mobile,
        ("sim", Ok(Some(trunk))) => after.method = Method::Sim(trunk),
        ("sim", Ok(None)) => faults.push(FieldError::new(
            "sim_trunk_id",
            "required",
            "calls by SIM card need the line that leads to it",
        )),
        (_, Ok(_)) => faults.push(FieldError::new("method", "invalid", "`sip`, `mobile` or `sim`")),
    }
    if after.method != Method::Sip && !phone {
        let why = "the person has no telephone number to be called at";
        faults.push(FieldError::new("method", "phone_required", why));
    }
    StoreError::invalid(faults)?;
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l42_a_sim_card_needs_its_line_and_both_it_and_a_mobile_need_a_number() {
        let line = TrunkId::from_u128(7);
        let check =
            |method: Option<&str>, sim: Option<Option<TrunkId>>, phone: bool, expected: Result<Method, &str>| {
                let before = Reception {
                    confirm_answer: true,
                    receiving: true,
                    method: Method::Sip,
                    schedule: None,
                    version: 1,
                };
                let patch = ReceptionPatch {
                    method: method.map(str::to_owned),
                    sim_trunk: sim.map(|sim| sim.map(|sim| sim.to_string())),
                    ..ReceptionPatch::default()
                };
                let got = match patched(&before, patch, phone) {
                    Ok(after) => Ok(after.method),
                    Err(StoreError::Invalid(faults)) => Err(faults
                        .iter()
                        .map(|fault| format!("{} {}", fault.field, fault.code))
                        .collect::<Vec<_>>()
                        .join(", ")),
                    Err(error) => panic!("{error}"),
                };
                assert_eq!(got, expected.map_err(str::to_owned));
            };
        check(None, None, false, Ok(Method::Sip));
        check(Some("mobile"), None, true, Ok(Method::Mobile));
        check(Some("mobile"), None, false, Err("method phone_required"));
        check(Some("sim"), Some(Some(line)), true, Ok(Method::Sim(line)));
        check(Some("sim"), None, true, Err("sim_trunk_id required"));
        check(Some("sim"), Some(None), true, Err("sim_trunk_id required"));
        check(Some("pigeon"), None, true, Err("method invalid"));
    }
}
