//! The company's book and its clients as desk phones read them. A phone shows whose it is by the SIP user and password
//! that it has anyway: a digest (RFC 7616) over the hashes that are kept for SIP.

mod formats;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use axum::extract::{Path, State as Extract};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::access::{Right, Scope, Section};
use frontdesk_crm_core::clients::{self, ClientQuery};
use frontdesk_crm_core::store::Page;
use frontdesk_crm_core::{phone_book, projects, roles, staff};
use frontdesk_routing::ids::{AccountId, StaffId};
use frontdesk_routing::masking::Viewer;
use frontdesk_routing::plan::Owner;
use frontdesk_sip::auth::{Algorithm, AuthConfig, Authenticator, Check, Ha1};
use serde::Deserialize;

use self::formats::{Entry, Maker};
use super::State;
use super::api::MAX_LIMIT;
use super::auth::Peer;
use super::error::{ApiError, ApiResult};
use super::extract::Params;
use crate::shell::clock;

/// People of the company that a phone is told; what is beyond is found by searching.
const MOST: usize = 2_000;
/// Of a search, in characters.
const LONGEST: usize = 100;

/// Challenges phones, and knows which answers were used.
pub(super) struct Digests(Mutex<Authenticator>);

impl Digests {
    /// Of the realm that SIP has. Phones read the first challenge alone and not all know SHA-256: MD5 is what is offered.
    pub(super) fn new(realm: &str) -> Digests {
        let config = AuthConfig {
            offers: vec![Algorithm::Md5],
            most_nonces: 4_096,
            ..AuthConfig::new(realm)
        };
        Digests(Mutex::new(Authenticator::new(clock::random(), config)))
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    search: Option<String>,
}

/// `/directory/yealink/company.xml` and its like; `clients.xml` for who may read clients, numbers masked as everywhere.
pub(super) async fn book(
    Extract(state): Extract<State>,
    (Peer(peer), method): (Peer, Method),
    headers: HeaderMap,
    Path((maker, file)): Path<(String, String)>,
    asked: ApiResult<Params<Asked>>,
) -> ApiResult<Response> {
    let maker = Maker::named(&maker).ok_or_else(ApiError::not_found)?;
    let (account, person) = whose(&state, (peer, &method), &headers)?;
    let search = asked.ok().and_then(|Params(asked)| asked.search).unwrap_or_default();
    let search: String = search.chars().take(LONGEST).collect();
    let (title, entries) = match file.as_str() {
        "company.xml" | "phonebook.xml" => ("Company", company(&state, account, &search).await?),
        "clients.xml" => ("Clients", clients(&state, (account, person), search).await?),
        _ => return Err(ApiError::not_found()),
    };
    let head = [(CONTENT_TYPE, "text/xml; charset=utf-8")];
    Ok((head, maker.document(title, &entries)).into_response())
}

/// The person whose phone it is.
fn whose(
    state: &State,
    (peer, method): (Option<IpAddr>, &Method),
    headers: &HeaderMap,
) -> ApiResult<(AccountId, StaffId)> {
    let plan = state.live.plan();
    let owner = |user: &str| match plan.staff.by_user(user)? {
        Owner::Staff(person) => Some(person),
        Owner::Trunk(_) => None,
    };
    let secrets = |user: &str| {
        let sip = owner(user)?.sip.as_ref().filter(|sip| sip.enabled)?;
        Some(Ha1 {
            md5: sip.ha1_md5,
            sha256: sip.ha1_sha256,
        })
    };
    let values = headers.get_all(AUTHORIZATION).iter().map(|value| value.as_bytes());
    let check = {
        let mut digests = state.digests().0.lock().unwrap_or_else(PoisonError::into_inner);
        digests.check_values(method.as_str().as_bytes(), values, &secrets, clock::now())
    };
    let address = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let guarded = |user: &str| {
        let attempt = state.throttle().attempt(user, address, state.clock.unix_ms());
        attempt.map_err(ApiError::too_many)
    };
    let reply = match check {
        Check::Passed { user } => {
            guarded(&user)?;
            state.throttle().succeeded(&user, address);
            let person = owner(&user).ok_or_else(ApiError::unauthorized)?;
            return Ok((person.account, person.id));
        }
        Check::Failed { reply, user } => {
            guarded(&user)?;
            reply
        }
        Check::Challenge { reply } => reply,
    };
    let challenge = reply.headers.into_iter().map(|(_, value)| value).next();
    let error = ApiError::unauthorized();
    Err(challenge.map_or(error.clone(), |value| error.header(WWW_AUTHENTICATE, &value)))
}

async fn company(state: &State, account: AccountId, search: &str) -> ApiResult<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut page = Page {
        limit: MAX_LIMIT,
        offset: 0,
        cursor: None,
    };
    loop {
        let part = phone_book::list(&state.db, account, search, &page).await?;
        entries.extend(part.items.into_iter().map(|person| Entry {
            name: person.full_name,
            numbers: person.short_number.into_iter().chain(person.phone).collect(),
        }));
        page.cursor = part.next_cursor;
        if page.cursor.is_none() || entries.len() >= MOST {
            return Ok(entries);
        }
    }
}

async fn clients(state: &State, (account, person): (AccountId, StaffId), search: String) -> ApiResult<Vec<Entry>> {
    let member = staff::get(&state.db, account, person, state.clock.unix_ms()).await?;
    let rights = roles::load(&state.db, account).await?.of(person, member.role);
    let here = projects::here(&state.db, (account, person), None, member.is_main).await?;
    let open = here
        .sections
        .as_ref()
        .is_none_or(|open| open.contains(&Section::Clients));
    let Some(reach) = rights.reach(Right::ClientsRead).filter(|_| open) else {
        return Err(ApiError::forbidden("this needs `clients:read`"));
    };
    let within = Scope::of(account, reach, (person, here.project));
    let plan = state.live.plan();
    let viewer = Viewer::person(&plan, account, person);
    if viewer.is_masked() && search.contains(|c: char| c.is_ascii_digit()) {
        return Ok(Vec::new());
    }
    let query = ClientQuery {
        search: Some(search).filter(|search| !search.trim().is_empty()),
        numbers_hidden: viewer.is_masked(),
        ..ClientQuery::default()
    };
    let page = Page {
        limit: MAX_LIMIT,
        offset: 0,
        cursor: None,
    };
    let list = clients::list(&state.db, within, &query, &page).await?;
    let entry = |client: clients::Client| {
        let (name, number) = viewer.client(client.id, &client.name, &client.number.reveal());
        Entry {
            name,
            numbers: vec![number.to_string()],
        }
    };
    Ok(list.items.into_iter().map(entry).collect())
}
