//! Why a call went as it did.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use frontdesk_crm_core::access::Reach;
use frontdesk_crm_core::numbers::e164;
use frontdesk_crm_core::{accounts, calls};
use frontdesk_routing::decision::Decision;
use frontdesk_routing::explain::{Candidate, foresee, foresee_at_another_time};
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::forwarding::{Forwarding, Situation};
use frontdesk_routing::ids::{CallId, DepartmentId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::DialPlan;
use frontdesk_routing::russian;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::colleague::no_such;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, Params};
use crate::http::language::Language;
use crate::live::Live;
use crate::live::lines::LinesNow;

/// A moment so near is the present one: clocks differ.
const STILL_NOW_MS: u64 = 60_000;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(call)).routes(routes!(route))
}

/// What decided where a call went, in order.
#[derive(Debug, Serialize, ToSchema)]
struct ExplainedView {
    call_id: String,
    sentences: Vec<String>,
}

/// The language of the sentences.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Spoken {
    /// `en` or `ru`; that of `Accept-Language` when absent, English otherwise.
    lang: Option<String>,
}

impl Spoken {
    fn language(&self, headers: &HeaderMap) -> ApiResult<Language> {
        let named = super::named("lang", self.lang.as_deref(), Language::named)?;
        Ok(named.unwrap_or_else(|| Language::wanted(headers)))
    }
}

/// Why a call of the records went as it did: the rule, who was passed over and why, its place in a line, the number that
/// was shown.
#[utoipa::path(get, path = "/calls/{id}/explain", tag = "calls", params(("id" = String, Path), Spoken), responses(
    (status = 200, body = ExplainedView), (status = 404, body = Problem),
))]
async fn call(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<CallId>,
    Params(spoken): Params<Spoken>,
    headers: HeaderMap,
) -> ApiResult<Json<ExplainedView>> {
    let within = access.within(Right::CallsRead)?;
    let language = spoken.language(&headers)?;
    let call = calls::get(&state.db, within, id).await?;
    let plan = state.live.plan();
    let because = access.viewer(&plan).text(&call.because);
    Ok(Json(ExplainedView {
        call_id: id.to_string(),
        sentences: because.split("; ").map(|text| sentence(text, language)).collect(),
    }))
}

/// A call that has not happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ForeseenCallBody {
    /// Who calls: a staff member, or
    caller_staff_id: Option<String>,
    /// somebody outside, by a number in any usual form.
    caller_number: Option<String>,
    /// As dialled: a short number, a connected number, a number outside, a feature code.
    called: String,
    /// RFC 3339; now when absent. At any other time than this minute's everybody is taken to be reachable and to want calls.
    at: Option<String>,
}

/// What would become of it.
#[derive(Debug, Serialize, ToSchema)]
struct ForeseenCallView {
    /// `ring`, `queue`, `outside`, `feature` or `refuse`.
    decision: &'static str,
    /// What the caller would be told, when nobody is rung.
    status: Option<u16>,
    /// In whose line it would wait.
    department_id: Option<String>,
    /// Whom it could ring.
    candidates: Vec<CandidateView>,
    sentences: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CandidateView {
    staff_id: String,
    name: String,
    /// Why the call does not ring them; `null`: it does.
    skipped: Option<String>,
}

/// Why a call would go where it goes. Who is in a call at that moment is not looked at. It needs `calls:read` for a project
/// at least: any caller and any callee may be asked for.
#[utoipa::path(post, path = "/route/explain", tag = "calls", params(Spoken), request_body = ForeseenCallBody, responses(
    (status = 200, body = ForeseenCallView), (status = 403, body = Problem), (status = 422, body = Problem),
))]
async fn route(
    Extract(state): Extract<State>,
    access: Access,
    Params(spoken): Params<Spoken>,
    headers: HeaderMap,
    Body(body): Body<ForeseenCallBody>,
) -> ApiResult<Json<ForeseenCallView>> {
    if !access.within(Right::CallsRead)?.reaches(Reach::Project) {
        return Err(ApiError::forbidden("this needs `calls:read` for a project at least"));
    }
    let language = spoken.language(&headers)?;
    let account = accounts::get(&state.db, access.account).await?;
    let plan = state.live.plan();
    let (caller, number) = caller_of(&access, &plan, &body, &account.region)?;
    let moment = super::calls::moment("at", body.at.as_deref());
    let at = moment.map_err(|_| ApiError::invalid_field("at", "invalid", "a moment as RFC 3339 writes it"))?;
    let facts = CallFacts {
        account: access.account,
        caller,
        dialled: body.called.trim(),
        at: at.unwrap_or_else(|| state.clock.unix_ms()),
    };
    let now = Now {
        plan: &plan,
        live: &state.live,
        lines: LinesNow::of(&state.live, Some(access.account)),
    };
    let viewer = access.viewer(&plan);
    let told = match facts.at.abs_diff(state.clock.unix_ms()) < STILL_NOW_MS {
        true => foresee(&plan, &facts, number, &now),
        false => foresee_at_another_time(&plan, &facts, number),
    };
    let (decision, status, department) = match &told.decision {
        Decision::Ring { .. } => ("ring", None, None),
        Decision::Queue { department, .. } => ("queue", None, Some(department.to_string())),
        Decision::Message { .. } => ("message", None, None),
        Decision::Menu { .. } => ("menu", None, None),
        Decision::Outside { .. } => ("outside", None, None),
        Decision::Emergency { .. } => ("emergency", None, None),
        Decision::Feature(_) => ("feature", None, None),
        Decision::Refuse { status, .. } => ("refuse", Some(*status), None),
    };
    Ok(Json(ForeseenCallView {
        decision,
        status,
        department_id: department,
        candidates: told
            .candidates
            .into_iter()
            .map(|one| candidate(one, language))
            .collect(),
        sentences: told
            .sentences
            .iter()
            .map(|text| sentence(&viewer.text(text), language))
            .collect(),
    }))
}

fn candidate(candidate: Candidate, language: Language) -> CandidateView {
    CandidateView {
        staff_id: candidate.staff.to_string(),
        name: candidate.name,
        skipped: candidate.skipped.map(|why| told_in(language, &why.to_string())),
    }
}

/// Somebody outside comes by the line of the number that they call, or by any.
fn caller_of(
    access: &Access,
    plan: &DialPlan,
    body: &ForeseenCallBody,
    region: &str,
) -> ApiResult<(Caller, Option<PhoneNumber>)> {
    match (&body.caller_staff_id, &body.caller_number) {
        (Some(staff), None) => {
            let staff = staff.parse().ok().and_then(|staff| plan.staff.get(staff));
            let staff = staff.filter(|staff| staff.account == access.account);
            let staff = staff.ok_or_else(|| no_such("caller_staff_id"))?;
            Ok((Caller::Staff(staff.id), None))
        }
        (None, Some(number)) => {
            let number =
                e164("caller_number", number, region).map_err(|fault| ApiError::invalid(vec![fault.into()]))?;
            let called = PhoneNumber::from_dialled(body.called.trim(), region).ok();
            let called = called.and_then(|called| plan.numbers.get(access.account, called));
            let mut own = plan
                .staff
                .trunks()
                .iter()
                .filter(|trunk| trunk.account == access.account);
            let line = called
                .and_then(|called| called.trunk)
                .or_else(|| own.next().map(|trunk| trunk.id));
            let none = || ApiError::invalid_field("caller_number", "invalid", "no line brings calls from outside");
            Ok((
                Caller::Trunk(line.ok_or_else(none)?),
                PhoneNumber::from_e164(&number).ok(),
            ))
        }
        _ => {
            let why = "exactly one of caller_staff_id and caller_number";
            Err(ApiError::invalid_field("caller_number", "invalid", why))
        }
    }
}

/// The present, as the board shows it.
struct Now<'a> {
    plan: &'a DialPlan,
    live: &'a Live,
    lines: LinesNow,
}

impl Situation for Now<'_> {
    fn online(&self, staff: StaffId) -> bool {
        self.live.rings(self.plan, staff)
    }

    fn settings(&self, staff: StaffId) -> Forwarding {
        self.plan.features.forwarding(staff).settings
    }

    fn calls_with(&self, staff: StaffId) -> u16 {
        self.lines.calls_with(staff)
    }

    fn waiting(&self, department: DepartmentId) -> Option<usize> {
        Some(self.lines.waiting(department).0)
    }
}

fn told_in(language: Language, english: &str) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Russian => russian::told(english),
    }
}

fn sentence(english: &str, language: Language) -> String {
    let text = told_in(language, english);
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
