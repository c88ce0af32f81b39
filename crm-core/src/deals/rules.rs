//! What a lead or a deal may be, when it is overdue, and who takes a new one. Pure.

use frontdesk_routing::ids::{ProjectId, StaffId};

use super::{Deal, DealPatch, Kind, NewDeal, Stage, Step};
use crate::accounts::moment;
use crate::store::faults::Faults;
use crate::store::{FieldError, StoreError};

/// Of one hand-over.
pub(super) const MOST_AT_ONCE: usize = 500;
const LONGEST: usize = 200;
const LONGEST_REASON: usize = 500;

/// Unprocessed is what has a step whose date is earlier than now (L58).
pub fn is_overdue(step_at: Option<i64>, now: i64) -> bool {
    step_at.is_some_and(|at| at < now)
}

/// Somebody who works in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub staff: StaffId,
    /// The person's own toggle.
    pub receiving: bool,
    /// Leads, or deals, are given to the person in this project.
    pub receives: bool,
    /// What the person has and is not done with.
    pub open: i64,
    /// When the person was last given one.
    pub last_taken: Option<i64>,
}

/// Who takes a new one: the first of the wanted who takes any here, else the one with the least left to do, and of those
/// the one who was given none for longest.
pub fn taker(candidates: &[Candidate], wanted: &[StaffId]) -> Option<StaffId> {
    let takes = |candidate: &&Candidate| candidate.receiving && candidate.receives;
    let able: Vec<&Candidate> = candidates.iter().filter(takes).collect();
    let named = wanted
        .iter()
        .find(|wanted| able.iter().any(|candidate| candidate.staff == **wanted));
    let freest = able
        .iter()
        .min_by_key(|candidate| (candidate.open, candidate.last_taken, candidate.staff));
    named.copied().or(freest.map(|candidate| candidate.staff))
}

/// Checked, but for what only the tables know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) kind: Kind,
    pub(super) project: ProjectId,
    pub(super) staff: Option<StaffId>,
    pub(super) stage: Stage,
    pub(super) title: String,
    pub(super) step: Option<Step>,
}

impl Checked {
    pub(super) fn of(deal: &Deal) -> Checked {
        Checked {
            kind: deal.kind,
            project: deal.project,
            staff: deal.staff,
            stage: deal.stage,
            title: deal.title.clone(),
            step: deal.step.clone(),
        }
    }
}

/// A new one before it is given to anybody, with every fault at once.
pub(super) fn new(new: &NewDeal, project: ProjectId, zone: &str) -> Result<Checked, StoreError> {
    let blank = Checked {
        kind: Kind::Lead,
        project,
        staff: None,
        stage: Stage::New,
        title: String::new(),
        step: None,
    };
    let patch = DealPatch {
        kind: new.kind.clone(),
        project: new.project.clone(),
        staff: new.staff.clone(),
        title: Some(new.title.clone().unwrap_or_default()),
        step_at: new.step_at.clone().map(Some),
        step_text: new.step_text.clone().map(Some),
        ..DealPatch::default()
    };
    let mut faults = Faults::default();
    let after = filled(&blank, &patch, zone, &mut faults);
    if new.client.as_deref().unwrap_or_default().trim().is_empty() {
        faults.add("client_id", "required", "it is about a client");
    }
    StoreError::invalid(faults.0)?;
    Ok(after)
}

/// It after the patch, and why its step is moved; or every fault at once.
pub(super) fn patched(
    before: &Checked,
    patch: &DealPatch,
    zone: &str,
    may_omit_reason: bool,
) -> Result<(Checked, String), StoreError> {
    let mut faults = Faults::default();
    let after = filled(before, patch, zone, &mut faults);
    let reason = patch.reason.as_deref().unwrap_or_default().trim().to_owned();
    if reason.chars().count() > LONGEST_REASON {
        faults.add("reason", "too_long", "500 characters at most");
    }
    let (was, is) = (before.step.as_ref(), after.step.as_ref());
    let moved = was.is_some() && was.map(|step| step.at) != is.map(|step| step.at);
    if moved && !after.stage.is_closed() && reason.is_empty() && !may_omit_reason {
        faults.add("reason", "required", "why is the step's date moved?");
    }
    StoreError::invalid(faults.0)?;
    Ok((after, reason))
}

fn filled(before: &Checked, patch: &DealPatch, zone: &str, faults: &mut Faults) -> Checked {
    let mut after = before.clone();
    faults.word(&mut after.kind, ("kind", &patch.kind), |word| {
        Kind::named(word).ok_or("`lead` or `deal`")
    });
    faults.word(&mut after.stage, ("stage", &patch.stage), |word| {
        Stage::named(word).ok_or("`new`, `in_work`, `won` or `lost`")
    });
    if let Some(project) = faults.keep(patch.project.as_deref().map(|text| known("project_id", text))) {
        after.project = project;
    }
    match &patch.staff {
        Some(Some(text)) => after.staff = faults.keep(Some(known("staff_id", text))),
        Some(None) => after.staff = None,
        None => {}
    }
    if let Some(title) = &patch.title {
        title.trim().clone_into(&mut after.title);
        match after.title.chars().count() {
            0 => faults.add("title", "required", "what is it about?"),
            1..=LONGEST => {}
            _ => faults.add("title", "too_long", "200 characters at most"),
        }
    }
    after.step = step(before, patch, zone, faults);
    if after.stage.is_closed() {
        if matches!(patch.step_at, Some(Some(_))) {
            faults.add("step_at", "closed", "what is done with has no next step");
        }
        after.step = None;
    }
    after
}

fn step(before: &Checked, patch: &DealPatch, zone: &str, faults: &mut Faults) -> Option<Step> {
    let old = before.step.clone();
    let at = match &patch.step_at {
        Some(Some(text)) => faults.keep(Some(moment("step_at", text, zone)))?,
        Some(None) => {
            if matches!(&patch.step_text, Some(Some(text)) if !text.trim().is_empty()) {
                faults.add("step_at", "required", "when is it to be done?");
            }
            return None;
        }
        None => match &old {
            Some(step) => step.at,
            None => {
                if matches!(&patch.step_text, Some(Some(text)) if !text.trim().is_empty()) {
                    faults.add("step_at", "required", "when is it to be done?");
                }
                return None;
            }
        },
    };
    let text = match &patch.step_text {
        Some(text) => text.as_deref().unwrap_or_default().trim().to_owned(),
        None => old.map(|step| step.text).unwrap_or_default(),
    };
    if text.chars().count() > LONGEST {
        faults.add("step_text", "too_long", "200 characters at most");
    }
    Some(Step { at, text })
}

/// An id that a field gives; whose it is is not known yet.
pub(super) fn known<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, FieldError> {
    text.trim().parse().map_err(|_| unknown(field))
}

pub(super) fn unknown(field: &str) -> FieldError {
    FieldError::new(field, "unknown", "no such thing in this company")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l58_a_step_is_overdue_from_the_moment_after_it() {
        let now = 1_795_000_000_000;
        let check = |at: Option<i64>, expected: bool| assert_eq!(is_overdue(at, now), expected);
        check(Some(now - 1000), true);
        check(Some(now - 1), true);
        check(Some(now), false);
        check(Some(now + 1000), false);
        check(None, false);
    }

    #[test]
    fn l53_a_new_one_goes_to_whoever_takes_such_here_and_has_the_least_to_do() {
        let person = |id: u128, receives: bool, open: i64, last_taken: Option<i64>| Candidate {
            staff: StaffId::from_u128(id),
            receiving: true,
            receives,
            open,
            last_taken,
        };
        let check = |candidates: &[Candidate], wanted: &[u128], expected: Option<u128>| {
            let wanted: Vec<StaffId> = wanted.iter().map(|id| StaffId::from_u128(*id)).collect();
            assert_eq!(taker(candidates, &wanted).map(StaffId::as_u128), expected);
        };
        check(&[], &[], None);
        check(&[person(1, false, 0, None)], &[1], None);
        check(&[person(1, true, 3, None), person(2, true, 1, Some(9))], &[], Some(2));
        check(
            &[person(1, true, 1, Some(9)), person(2, true, 1, Some(5))],
            &[],
            Some(2),
        );
        check(&[person(1, true, 1, Some(9)), person(2, true, 1, None)], &[], Some(2));
        check(&[person(2, true, 0, None), person(1, true, 0, None)], &[], Some(1));
        check(&[person(1, true, 0, None), person(2, true, 7, None)], &[3, 2], Some(2));
        check(&[person(1, true, 0, None), person(2, false, 0, None)], &[2], Some(1));
        let resting = Candidate {
            receiving: false,
            ..person(1, true, 0, None)
        };
        check(&[resting], &[1], None);
    }

    fn check_patch(step: Option<i64>, patch: &DealPatch, omit: bool, expected: &[&str]) {
        let before = Checked {
            kind: Kind::Lead,
            project: ProjectId::from_u128(1),
            staff: None,
            stage: Stage::New,
            title: "Windows".into(),
            step: step.map(|at| Step {
                at,
                text: "call".into(),
            }),
        };
        let faults = match patched(&before, patch, "UTC", omit) {
            Ok(_) => Vec::new(),
            Err(StoreError::Invalid(faults)) => faults
                .iter()
                .map(|fault| format!("{} {}", fault.field, fault.code))
                .collect(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(faults, expected, "{patch:?}");
    }

    #[test]
    fn l59_a_step_is_moved_with_a_reason_only_unless_that_may_be_left_out() {
        let at = 1_795_000_000_000;
        let moved = |text: Option<&str>| DealPatch {
            step_at: Some(text.map(str::to_owned)),
            ..DealPatch::default()
        };
        let later = moved(Some("2027-01-01T10:00:00Z"));
        let because = |patch: &DealPatch, why: &str| DealPatch {
            reason: Some(why.into()),
            ..patch.clone()
        };
        check_patch(Some(at), &later, false, &["reason required"]);
        check_patch(Some(at), &because(&later, "  "), false, &["reason required"]);
        check_patch(Some(at), &because(&later, "on holiday"), false, &[]);
        check_patch(Some(at), &later, true, &[]);
        check_patch(Some(at), &moved(None), false, &["reason required"]);
        check_patch(None, &later, false, &[]);
        let same = crate::accounts::told(at);
        check_patch(Some(at), &moved(Some(&same)), false, &[]);
        let lost = DealPatch {
            stage: Some("lost".into()),
            ..DealPatch::default()
        };
        check_patch(Some(at), &lost, false, &[]);
        let both = DealPatch {
            stage: Some("won".into()),
            ..later
        };
        check_patch(Some(at), &both, true, &["step_at closed"]);
    }

    #[test]
    fn each_wrong_field_is_named() {
        let bad = DealPatch {
            kind: Some("dream".into()),
            stage: Some("far".into()),
            project: Some("x".into()),
            staff: Some(Some("x".into())),
            title: Some(" ".into()),
            step_at: Some(Some("soon".into())),
            step_text: Some(Some("x".repeat(201))),
            reason: Some("x".repeat(501)),
        };
        let expected = [
            "kind unknown",
            "stage unknown",
            "project_id unknown",
            "staff_id unknown",
            "title required",
            "step_at invalid",
            "reason too_long",
        ];
        check_patch(None, &bad, false, &expected);
        let when = DealPatch {
            step_text: Some(Some("call".into())),
            ..DealPatch::default()
        };
        check_patch(None, &when, false, &["step_at required"]);
        check_patch(Some(1), &when, false, &[]);
    }
}
