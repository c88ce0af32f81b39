//! Who asks, and what they may do: a session's cookie or a bearer token, rights and scopes.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use frontdesk_crm_core::access::{Circle, Reach, Rights, Scope, circle};
pub use frontdesk_crm_core::access::{Right, Role};
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::media_links::{MediaLink, Owner};
use frontdesk_crm_core::projects::{self, Here};
use frontdesk_crm_core::roles::Duties;
use frontdesk_crm_core::{logins, tokens};
use frontdesk_routing::ids::{AccountId, LoginId, StaffId};
use frontdesk_routing::masking::Viewer;
use frontdesk_routing::plan::DialPlan;
use subtle::ConstantTimeEq;

use super::State;
use super::error::{ApiError, ApiResult};

pub const COOKIE_NAME: &str = "frontdesk_session";
pub const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// How long a login lives after its last request; `http.session_lifetime` says how long at most.
pub const SESSION_MS: i64 = 12 * 60 * 60 * 1000;
/// How often a login's last visit is written down.
pub const TOUCH_MS: i64 = 10_000;
/// How often a token's last use is written down.
const TOKEN_TOUCH_MS: i64 = 5 * 60_000;
/// A request waits no longer for that to be written.
const TOUCH_PATIENCE: Duration = Duration::from_millis(250);

/// What a login without the second factor that it needs can reach.
const ENROLMENT: [&str; 5] = [
    "/me",
    "/api/v1/me",
    "/api/v1/logout",
    "/api/v1/me/two-factor",
    "/api/v1/me/two-factor/confirm",
];

/// The one who asks. Being handed one means that the credentials, and for a cookie the origin, were good.
#[derive(Clone)]
pub struct Access {
    pub account: AccountId,
    pub staff: StaffId,
    pub name: String,
    pub role: Role,
    /// What the person may do by all their roles, whatever this project or token allows of it.
    pub rights: Rights,
    /// Who else may do what.
    pub duties: Arc<Duties>,
    /// The project that is looked at; a token looks at its owner's first one.
    pub here: Here,
    pub how: How,
    pub address: Option<IpAddr>,
    /// The account wants a second factor: until there is one, this login serves for setting it up alone.
    pub must_enrol: bool,
    /// What it was shown by; for streams that look again.
    secret: String,
}

/// By what the request was let in.
#[derive(Debug, Clone)]
pub enum How {
    Session {
        login: LoginId,
        csrf: String,
    },
    /// A token may do what both its owner and its scopes allow.
    Token {
        scopes: BTreeSet<Right>,
    },
    /// A signed link is good for one right of whose it is, until then (unix seconds).
    Link {
        only: Right,
        expires: i64,
    },
}

impl Access {
    pub fn may(&self, right: Right) -> bool {
        self.here.opens(right)
            && self.rights.has(right)
            && match &self.how {
                How::Session { .. } => true,
                How::Token { scopes } => scopes.contains(&right),
                How::Link { only, .. } => *only == right,
            }
    }

    pub fn need(&self, right: Right) -> ApiResult<()> {
        if self.may(right) {
            Ok(())
        } else {
            Err(ApiError::forbidden(format!("this needs `{}`", right.name())))
        }
    }

    /// On whose things a right may be used; refused without it.
    pub fn within(&self, right: Right) -> ApiResult<Scope> {
        self.need(right)?;
        Ok(self.within_or_own(right))
    }

    /// The same for what everybody may do with what is theirs: without the right, on one's own.
    pub fn within_or_own(&self, right: Right) -> Scope {
        let reach = self.rights.reach(right).filter(|_| self.may(right));
        let who = (self.staff, self.here.project);
        Scope::of(self.account, reach.unwrap_or(Reach::Own), who)
    }

    /// What a scope comes to at the moment, for the live board and the event stream.
    pub async fn circle(&self, state: &State, scope: Scope) -> ApiResult<Circle> {
        Ok(circle(&state.db, scope).await?)
    }

    /// Nobody gives rights, or has power over those who have them, that they do not have themselves.
    pub fn need_no_less_than(&self, rights: &Rights) -> ApiResult<()> {
        match self.rights.lacks(rights) {
            Some(right) => Err(ApiError::forbidden(format!(
                "this concerns rights that you do not have, or not as far: `{}`",
                right.name()
            ))),
            None => Ok(()),
        }
    }

    /// What the one who asks may see of clients' numbers, by the plan of the moment.
    pub fn viewer<'a>(&self, plan: &'a DialPlan) -> Viewer<'a> {
        Viewer::person(plan, self.account, self.staff)
    }

    /// For the records: who, from where, when.
    pub fn author(&self, state: &State) -> Author {
        let login = match &self.how {
            How::Session { login, .. } => Some(*login),
            How::Token { .. } | How::Link { .. } => None,
        };
        let ip = self.address.map(|address| address.to_string());
        let actor = Actor {
            staff: Some(self.staff),
            name: self.name.clone(),
            ip,
        };
        Author {
            account: self.account,
            actor,
            login,
            stamp: state.stamp(),
        }
    }

    /// The same one a while later; `None` when the login has ended or the token is dead.
    pub async fn renew(&self, state: &State) -> Option<Access> {
        let found = match &self.how {
            How::Session { .. } => by_session(state, &self.secret, self.address).await,
            How::Token { .. } => by_token(state, &self.secret, self.address).await,
            How::Link { .. } => Ok(None),
        };
        // a database that is away for a moment ends no stream
        let found = found.unwrap_or_else(|_| Some(self.clone()));
        found.filter(|access| !access.must_enrol)
    }

    /// Only a person at a page may do it, never a token.
    pub fn need_session(&self) -> ApiResult<LoginId> {
        match &self.how {
            How::Session { login, .. } => Ok(*login),
            How::Token { .. } => Err(ApiError::forbidden("a token cannot do this: log in")),
            How::Link { .. } => Err(ApiError::forbidden("a link cannot do this: log in")),
        }
    }

    /// The same of what a person may hand on by a link.
    pub fn need_person(&self) -> ApiResult<()> {
        match &self.how {
            How::Link { .. } => Ok(()),
            How::Session { .. } | How::Token { .. } => self.need_session().map(drop),
        }
    }

    /// Until when the link by which the request was let in is good, unix seconds; `None`: it was let in otherwise.
    pub fn link(&self) -> Option<i64> {
        match &self.how {
            How::Link { expires, .. } => Some(*expires),
            How::Session { .. } | How::Token { .. } => None,
        }
    }

    pub fn csrf(&self) -> &str {
        match &self.how {
            How::Session { csrf, .. } => csrf,
            How::Token { .. } | How::Link { .. } => "",
        }
    }
}

impl FromRequestParts<State> for Access {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> ApiResult<Access> {
        let address = address(parts);
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            let text = header.to_str().map_err(|_| ApiError::unauthorized())?;
            let secret = bearer(text).ok_or_else(ApiError::unauthorized)?;
            return by_token(state, secret, address)
                .await?
                .ok_or_else(ApiError::unauthorized);
        }
        let secret = cookie(&parts.headers).ok_or_else(ApiError::unauthorized)?;
        let access = by_session(state, &secret, address)
            .await?
            .ok_or_else(ApiError::unauthorized)?;
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            from_our_page(&parts.headers, access.csrf())?;
        }
        let path = parts
            .extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |uri| &uri.0)
            .path();
        if access.must_enrol && !ENROLMENT.contains(&path) {
            return Err(ApiError::two_factor_required());
        }
        Ok(access)
    }
}

pub(super) async fn by_session(state: &State, secret: &str, address: Option<IpAddr>) -> ApiResult<Option<Access>> {
    let now = state.clock.unix_ms();
    let Some(session) = logins::find_by_token(&state.db, secret, now).await? else {
        return Ok(None);
    };
    if now.saturating_sub(session.last_seen_at) >= TOUCH_MS {
        let touch = logins::touch(&state.db, &session, state.lifetime(), now);
        // while the database writes something large, the next request says that the session lives on
        if let Ok(done) = tokio::time::timeout(TOUCH_PATIENCE, touch).await {
            done?;
        }
    }
    let who = (session.account, session.staff);
    let here = projects::here(&state.db, who, Some(session.id), session.role == Role::Main).await?;
    let duties = state
        .duties()
        .of(&state.db, session.account, session.rights_version)
        .await?;
    Ok(Some(Access {
        rights: duties.of(session.staff, Some(session.role)),
        duties,
        here,
        account: session.account,
        staff: session.staff,
        name: session.name,
        role: session.role,
        how: How::Session {
            login: session.id,
            csrf: session.csrf,
        },
        address,
        must_enrol: session.must_enrol,
        secret: secret.to_owned(),
    }))
}

async fn by_token(state: &State, secret: &str, address: Option<IpAddr>) -> ApiResult<Option<Access>> {
    let found = tokens::find(&state.db, secret, state.clock.unix_ms()).await?;
    let Some(bearer) = found else { return Ok(None) };
    let now = state.clock.unix_ms();
    let token = &bearer.token;
    if token
        .last_used_at
        .is_none_or(|last| now.saturating_sub(last) >= TOKEN_TOUCH_MS)
    {
        let touch = tokens::touch(&state.db, token.id, now);
        // while the database writes something large, a later request says that it is used
        if let Ok(done) = tokio::time::timeout(TOUCH_PATIENCE, touch).await {
            done?;
        }
    }
    let who = (bearer.token.account, bearer.token.staff);
    let here = projects::here(&state.db, who, None, bearer.role == Role::Main).await?;
    let version = bearer.rights_version;
    let duties = state.duties().of(&state.db, bearer.token.account, version).await?;
    Ok(Some(Access {
        rights: duties.of(bearer.token.staff, Some(bearer.role)),
        duties,
        here,
        account: bearer.token.account,
        staff: bearer.token.staff,
        name: bearer.owner,
        role: bearer.role,
        how: How::Token {
            scopes: bearer.token.scopes,
        },
        address,
        must_enrol: false,
        secret: secret.to_owned(),
    }))
}

/// Whose a signed link is, for the one right that it is good for, where they looked when they made it; `None`: that project is
/// no longer open to them.
pub(super) async fn by_link(
    state: &State,
    owner: Owner,
    link: &MediaLink,
    address: Option<IpAddr>,
) -> ApiResult<Option<Access>> {
    let who = (owner.account, link.staff);
    let here = projects::here_in(&state.db, who, link.project, owner.role == Role::Main).await?;
    let Some(here) = here else { return Ok(None) };
    let duties = state
        .duties()
        .of(&state.db, owner.account, owner.rights_version)
        .await?;
    Ok(Some(Access {
        rights: duties.of(link.staff, Some(owner.role)),
        duties,
        here,
        account: owner.account,
        staff: link.staff,
        name: owner.name,
        role: owner.role,
        how: How::Link {
            only: link.sound.right(),
            expires: link.expires,
        },
        address,
        must_enrol: false,
        secret: String::new(),
    }))
}

/// A browser sends the cookie by itself; that the page was ours is shown by the token and by where it says it comes from.
fn from_our_page(headers: &HeaderMap, csrf: &str) -> ApiResult<()> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let token = text(CSRF_HEADER).unwrap_or_default();
    let same_token = !csrf.is_empty() && bool::from(token.as_bytes().ct_eq(csrf.as_bytes()));
    if same_token && same_origin(headers) {
        Ok(())
    } else {
        Err(ApiError::csrf())
    }
}

/// Whether what the browser says about the request's origin, if anything, is us.
pub(super) fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site =
        text(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = text(ORIGIN).is_none_or(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some() && host == text(HOST)
    });
    site && origin
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !secret.trim().is_empty()).then(|| secret.trim())
}

/// The token of the session that a browser has.
pub(super) fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == COOKIE_NAME && !value.is_empty()).then(|| value.to_owned())
        })
}

/// The peer; behind a proxy on this machine, what the proxy says of it.
fn address(parts: &Parts) -> Option<IpAddr> {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip().to_canonical())?;
    let told = parts
        .headers
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok());
    match told.and_then(|list| list.rsplit(',').next()) {
        Some(last) if peer.is_loopback() => last.trim().parse().ok(),
        Some(_) | None => Some(peer),
    }
}

/// The address that a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Peer(address(parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(cookie(&headers(&[("cookie", line)])).as_deref(), expected, "{line}");
        };
        check("frontdesk_session=abc", Some("abc"));
        check("a=b; frontdesk_session=abc; c=d", Some("abc"));
        check("frontdesk_session=", None);
        check("xfrontdesk_session=abc", None);
        check("", None);
    }

    #[test]
    fn an_origin_is_ours_or_not() {
        let check = |pairs: &[(&'static str, &str)], expected: bool| {
            assert_eq!(same_origin(&headers(pairs)), expected, "{pairs:?}");
        };
        check(&[("host", "a:8080")], true);
        check(&[("host", "a:8080"), ("origin", "http://a:8080")], true);
        check(&[("host", "a:8080"), ("origin", "https://a:8080")], true);
        check(&[("host", "a:8080"), ("origin", "http://a:8081")], false);
        check(&[("host", "a:8080"), ("origin", "null")], false);
        check(&[("origin", "http://a")], false);
        check(&[("host", "a"), ("sec-fetch-site", "same-site")], false);
        check(&[("host", "a"), ("sec-fetch-site", "same-origin")], true);
    }

    #[test]
    fn a_bearer_header_is_read_whatever_its_case() {
        assert_eq!(bearer("Bearer x"), Some("x"));
        assert_eq!(bearer("bearer  x "), Some("x"));
        assert_eq!(bearer("Basic x"), None);
        assert_eq!(bearer("Bearer "), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
