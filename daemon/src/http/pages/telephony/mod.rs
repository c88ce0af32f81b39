//! What an administrator sets up of telephony.

pub(super) mod codes;
pub(super) mod departments;
pub(super) mod lines;
pub(super) mod menus;
pub(super) mod numbers;
pub(super) mod schedules;
pub(super) mod sounds;
mod words;

use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::destinations::{self, Owner};
use frontdesk_crm_core::{departments as department_store, projects, schedules as schedule_store};
use frontdesk_routing::plan::Destination;
use serde_json::Value;

use super::messages::Messages;
use super::view::{Frame, Link, May};
use super::{Reader, show};
use crate::http::State;
use crate::http::api::staff::names;
use crate::http::error::ApiError;

/// Id and name.
type Names = Vec<(String, String)>;

impl Reader {
    /// The frame of a page of this group; `more` are words for the page's script.
    fn telephony(&self, active: &'static str, script: &'static str, more: Value) -> Frame {
        let mut frame = self.frame("telephony", script);
        frame.texts = super::texts(self.t, more);
        for link in &mut frame.telephony {
            link.current = link.href == active;
        }
        frame
    }
}

/// The pages of this group that the reader may see.
pub(super) fn links(t: &Messages, may: May) -> Vec<Link> {
    let all = [
        ("/departments", t.departments, may.departments),
        ("/menus", t.menus_voice, may.departments),
        ("/numbers", t.numbers, may.lines),
        ("/lines", t.lines, may.lines),
        ("/schedules", t.schedules, may.staff),
        ("/sounds", t.sounds, may.settings),
        ("/codes", t.codes, true),
    ];
    super::view::links(&all)
}

/// K11: where the hours of the people are whom a part of the list of staff shows.
pub(super) fn hours_of(search: &str, offset: u32) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !search.is_empty() {
        query.append_pair("search", search);
    }
    if offset > 0 {
        query.append_pair("offset", &offset.to_string());
    }
    format!("/schedules?{}#people-title", query.finish())
}

/// Whom calls can be given to.
struct Targets {
    staff: Names,
    departments: Names,
    menus: Names,
    /// By whose they are.
    mailboxes: Names,
}

impl Targets {
    async fn of(state: &State, reader: &Reader) -> Result<Targets, ApiError> {
        let account = reader.access.account;
        let staff = names(state, &reader.access).await?;
        let departments = department_store::list(&state.db, account).await?;
        let department = |of: department_store::Department| (of.plan.id.to_string(), of.plan.name.to_string());
        let departments: Names = departments.into_iter().map(department).collect();
        let menus = destinations::menus(&state.db, account).await?;
        let mailboxes = destinations::mailboxes(&state.db, account).await?;
        let owned = |owner: Owner| match owner {
            Owner::Staff(id) => name_of(&id.to_string(), &staff),
            Owner::Department(id) => name_of(&id.to_string(), &departments),
        };
        let mailboxes = mailboxes.into_iter();
        Ok(Targets {
            menus: menus.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
            mailboxes: mailboxes
                .filter_map(|(id, owner)| Some((id.to_string(), owned(owner)?.to_owned())))
                .collect(),
            staff,
            departments,
        })
    }

    /// What a destination is called.
    fn called(&self, to: Destination, t: &Messages) -> String {
        let of = |id: String, names: &Names| name_of(&id, names).unwrap_or_default().to_owned();
        match to {
            Destination::Staff(id) => of(id.to_string(), &self.staff),
            Destination::Department(id) => of(id.to_string(), &self.departments),
            Destination::Menu(id) => format!("{}: {}", t.menu_voice, of(id.to_string(), &self.menus)),
            Destination::Mailbox(id) => format!("{}: {}", t.mailbox, of(id.to_string(), &self.mailboxes)),
            Destination::Number(number) => show::number(&number.reveal()),
        }
    }
}

/// Whom calls can be given to, and when and where.
struct Around {
    targets: Targets,
    schedules: Names,
    projects: Names,
}

impl Around {
    async fn of(state: &State, reader: &Reader) -> Result<Around, ApiError> {
        let account = reader.access.account;
        let schedules = schedule_store::list(&state.db, Scope::whole(account)).await?;
        let projects = projects::list(&state.db, account).await?;
        let living = projects.into_iter().filter(|of| of.archived_at.is_none());
        Ok(Around {
            targets: Targets::of(state, reader).await?,
            schedules: schedules.into_iter().map(|of| (of.id.to_string(), of.name)).collect(),
            projects: living.map(|of| (of.id.to_string(), of.name)).collect(),
        })
    }
}

/// The name that belongs to an id.
fn name_of<'a>(id: &str, of: &'a Names) -> Option<&'a str> {
    of.iter().find(|(known, _)| known == id).map(|(_, name)| name.as_str())
}
