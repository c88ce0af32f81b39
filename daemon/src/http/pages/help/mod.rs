//! The help for everybody of the staff, with the codes and numbers of their own company, and what readers say of it.

mod words;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use frontdesk_crm_core::access::Role;
use frontdesk_crm_core::help::{self, Opinion, Topic};
use frontdesk_crm_core::{features, roles, staff};
use frontdesk_routing::features::Feature;
use serde_json::json;

use self::words::HelpWords;
use super::messages::{Messages, in_language_of};
use super::view::{Frame, Link};
use super::{PageError, Reader, reader, render, show};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Id;

/// Administrators who are named.
const NAMED: usize = 3;

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    frame: Frame,
    w: &'static HelpWords,
    topic: &'static str,
    title: &'static str,
    lead: &'static str,
    parts: Vec<Part>,
    /// The reader's own phone.
    phone: Option<String>,
    /// For who may see the settings.
    opinion: Option<Opinion>,
    helpers: Vec<Helper>,
}

struct Part {
    title: &'static str,
    ordered: bool,
    steps: Vec<Vec<Piece>>,
}

/// A bit of a sentence; a code is shown as keys.
struct Piece {
    text: String,
    code: bool,
}

struct Helper {
    name: String,
    short_number: String,
    /// `mailto:`
    letter: Option<String>,
}

/// The pages of the help.
pub(super) fn links(t: &Messages) -> Vec<Link> {
    let w = in_language_of!(t, HelpWords);
    let link = |(href, text)| (href, text, true);
    let all = [
        ("/help/phone", w.phone),
        ("/help/calls", w.calls),
        ("/help/away", w.away),
        ("/help/hidden", w.hidden),
    ];
    super::view::links(&all.map(link))
}

pub(super) async fn first() -> Response {
    Redirect::to("/help/phone").into_response()
}

pub(super) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    topic: Result<Id<String>, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    let topic = topic.ok().and_then(|Id(topic)| Topic::named(&topic));
    let topic = topic.ok_or_else(|| reader.failed(ApiError::not_found()))?;
    let page = filled(&state, &reader, topic).await;
    let page = page.map_err(|error| reader.failed(error))?;
    Ok(render(reader.t, &page))
}

async fn filled(state: &State, reader: &Reader, topic: Topic) -> Result<HelpPage, ApiError> {
    let (account, access) = (reader.access.account, &reader.access);
    let w = in_language_of!(reader.t, HelpWords);
    let facts = facts(state, reader).await?;
    let (title, lead, parts) = told(topic, w);
    let part = |(title, ordered, steps): (&'static str, bool, Vec<&'static str>)| Part {
        title,
        ordered,
        steps: steps.into_iter().filter_map(|step| pieces(step, &facts)).collect(),
    };
    let parts = parts.into_iter().map(part).filter(|part| !part.steps.is_empty());
    let mut frame = reader.frame("help", "help.js");
    frame.texts = super::texts(reader.t, json!({ "thanks": w.thanks }));
    for link in &mut frame.help {
        link.current = link.href.strip_prefix("/help/") == Some(topic.name());
    }
    let phone = topic == Topic::Phone && access.may(Right::StaffRead);
    Ok(HelpPage {
        frame,
        w,
        topic: topic.name(),
        title,
        lead,
        parts: parts.collect(),
        phone: phone.then(|| format!("/staff/{}/sip", access.staff)),
        opinion: match access.may(Right::SettingsRead) {
            true => Some(help::opinion(&state.db, account, topic).await?),
            false => None,
        },
        helpers: helpers(state, reader, title, w).await?,
    })
}

/// What stands in for words in braces; a feature that is off has none.
async fn facts(state: &State, reader: &Reader) -> Result<BTreeMap<&'static str, String>, ApiError> {
    let features = features::get(&state.db, reader.access.account).await?;
    let (codes, places) = (features.settings.codes, features.settings.places);
    let code = |feature: &Feature| Some((feature.name(), codes.code(*feature)?.to_owned()));
    let mut facts: BTreeMap<&'static str, String> = Feature::ALL.iter().filter_map(code).collect();
    if facts.contains_key(Feature::Park.name()) {
        facts.insert("slots", places.to_string().replace('-', "–"));
    }
    facts.insert("stub", show::number(&reader.account.stub_number));
    Ok(facts)
}

/// A step with its codes; `None`: it tells of a feature that is off.
fn pieces(step: &str, facts: &BTreeMap<&'static str, String>) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    for (place, bit) in step.split(['{', '}']).enumerate() {
        let code = place % 2 == 1;
        let text = match code {
            true => facts.get(bit)?.clone(),
            false => bit.to_owned(),
        };
        pieces.push(Piece { text, code });
    }
    Some(pieces)
}

/// The main account and administrators, with the ways to reach them.
async fn helpers(state: &State, reader: &Reader, about: &str, w: &HelpWords) -> Result<Vec<Helper>, ApiError> {
    let account = reader.access.account;
    let holders = roles::holders(&state.db, account).await?;
    let of = |role: Role| holders.get(&role).into_iter().flatten().copied();
    let mut helpers = Vec::new();
    for id in of(Role::Admin).chain(of(Role::Main)).take(NAMED) {
        let member = staff::get(&state.db, account, id, reader.now).await?;
        let subject: String = form_urlencoded::byte_serialize(format!("{}: {about}", w.subject).as_bytes()).collect();
        helpers.push(Helper {
            name: member.name(),
            short_number: member.short_number.map(|number| number.to_string()).unwrap_or_default(),
            letter: member
                .email
                .map(|email| format!("mailto:{email}?subject={}", subject.replace('+', "%20"))),
        });
    }
    Ok(helpers)
}

/// Title, whether its steps follow each other, and the steps.
type Told = (&'static str, bool, Vec<&'static str>);

fn told(topic: Topic, w: &'static HelpWords) -> (&'static str, &'static str, Vec<Told>) {
    match topic {
        Topic::Phone => {
            let parts = vec![
                (w.need, false, vec![w.need_1, w.need_2]),
                (
                    w.program,
                    true,
                    vec![w.program_1, w.program_2, w.program_3, w.program_4],
                ),
                (w.desk, true, vec![w.desk_1, w.desk_2]),
                (w.test, false, vec![w.test_1, w.test_2, w.test_3]),
                (w.wrong, false, vec![w.wrong_1, w.wrong_2]),
            ];
            (w.phone, w.phone_lead, parts)
        }
        Topic::Calls => {
            let parts = vec![
                (w.pass, false, vec![w.pass_1, w.pass_2, w.pass_3]),
                (w.park, true, vec![w.park_1, w.park_2]),
                (w.pickup, false, vec![w.pickup_1, w.pickup_2]),
                (w.pages, false, vec![w.pages_1, w.pages_2, w.pages_3]),
            ];
            (w.calls, w.calls_lead, parts)
        }
        Topic::Away => {
            let forward = vec![w.forward_1, w.forward_2, w.forward_3, w.forward_4, w.tones];
            let silent = vec![w.silent_1, w.silent_2, w.silent_3, w.silent_4, w.silent_5];
            let parts = vec![
                (w.pause, false, vec![w.pause_1, w.pause_2]),
                (w.forward, false, forward),
                (w.silent, false, silent),
            ];
            (w.away, w.away_lead, parts)
        }
        Topic::Hidden => {
            let parts = vec![
                (w.see, false, vec![w.see_1, w.see_2, w.see_3]),
                (w.back, false, vec![w.back_1, w.back_2]),
                (w.need_number, false, vec![w.need_number_1]),
                (w.anonymous, false, vec![w.anonymous_1]),
            ];
            (w.hidden, w.hidden_lead, parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k22_every_step_knows_its_codes_and_one_of_a_feature_that_is_off_is_left_out() {
        let mut facts: BTreeMap<&'static str, String> = Feature::ALL
            .iter()
            .map(|feature| (feature.name(), "*1".to_owned()))
            .collect();
        facts.insert("slots", "701–720".into());
        facts.insert("stub", "+7 812 389-32-98".into());
        for w in [HelpWords::ENGLISH, HelpWords::RUSSIAN] {
            for topic in Topic::ALL {
                let steps = told(*topic, w).2.into_iter().flat_map(|(_, _, steps)| steps);
                for step in steps {
                    assert!(pieces(step, &facts).is_some(), "{step}");
                }
            }
        }
        facts.remove("echo");
        assert!(pieces(HelpWords::ENGLISH.test_2, &facts).is_none());
        let told: Vec<(String, bool)> = pieces("Dial {park}.", &facts)
            .unwrap()
            .into_iter()
            .map(|piece| (piece.text, piece.code))
            .collect();
        let expected = [
            ("Dial ".to_owned(), false),
            ("*1".to_owned(), true),
            (".".to_owned(), false),
        ];
        assert_eq!(told, expected);
    }
}
