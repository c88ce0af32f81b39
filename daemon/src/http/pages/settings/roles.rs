//! Roles with what they allow and how far, and groups of people who have roles in common.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::access::{Rights, Role, built_in};
use frontdesk_crm_core::groups::{self, Group};
use frontdesk_crm_core::roles::{self, OwnRole};
use frontdesk_routing::ids::StaffId;
use serde_json::json;

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, Reader, reader, render};
use super::rights::{RightWords, Section, called, lines, reaches, sections};
use crate::http::State;
use crate::http::api::staff::names;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;

/// Names that are shown before they are counted.
const SHOWN: usize = 4;

words! {
    /// The page of roles and groups.
    RoleWords {
        lead: "What somebody may do follows from their roles: their own and those of their groups. A change counts from the next click on.",
            "Права сотрудника складываются из его ролей и ролей его групп. Изменения действуют сразу, входить заново не нужно.";
        add: "Add a role", "Добавить роль";
        edit: "Role", "Роль";
        name: "Name", "Название";
        built_in: "built in", "встроенная";
        rights: "Rights", "Права";
        rights_none: "nothing", "нет прав";
        all_rights: "All rights", "Все права";
        holders: "Who has it", "У кого";
        members: "Members", "Участники";
        nobody: "nobody", "ни у кого";
        nobody_in: "nobody", "никого";
        and_more: "and more:", "и ещё:";
        begin_with: "Begin with the rights of", "Взять за основу права роли";
        empty: "None", "С чистого листа";
        no: "no", "нет";
        delete_role: "Delete this role?", "Удалить роль?";
        delete_role_text: "Only one that nobody and no group has can be deleted.", "Удалить можно только роль, которой нет ни у сотрудников, ни у групп.";
        groups: "Groups", "Группы";
        groups_none: "No groups yet. A group gives its members roles beside their own: say, a shift or a branch.",
            "Групп пока нет. Группа даёт участникам роли в дополнение к своим: например, смена или филиал.";
        add_group: "Add a group", "Добавить группу";
        group: "Group", "Группа";
        roles_of: "Roles", "Роли";
        roles_hint: "They give no access to who has no role of their own", "Доступа тем, у кого нет своей роли, группа не даёт";
        whom: "Staff member", "Сотрудник";
        delete_group: "Delete this group?", "Удалить группу?";
        delete_group_text: "Its members stay, without the rights that it gave them.", "Участники останутся, но потеряют права, которые давала группа.";
        error_taken: "There is one of this name already", "Такое название уже есть";
        error_forbidden: "This concerns rights that you do not have yourself", "Здесь есть права, которых нет у вас самих";
    }
}

#[derive(Template)]
#[template(path = "roles.html")]
struct RolesPage {
    frame: Frame,
    w: &'static RoleWords,
    rows: Vec<Row>,
    groups: Vec<GroupRow>,
    sections: Vec<Section>,
    reaches: Vec<(&'static str, &'static str)>,
    /// Those that can be given, with their names.
    roles: Vec<(String, String)>,
    staff: Vec<(String, String)>,
    may_write: bool,
}

struct Row {
    id: String,
    name: String,
    built_in: bool,
    everything: bool,
    rights: Vec<(&'static str, String)>,
    holders: People,
}

struct GroupRow {
    id: String,
    name: String,
    roles: String,
    members: People,
}

/// Some by name, the others counted.
struct People {
    names: String,
    more: usize,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::StaffRead)?;
    let page = filled(&state, &reader).await.map_err(|error| reader.failed(error))?;
    Ok(render(reader.t, &page))
}

async fn filled(state: &State, reader: &Reader) -> Result<RolesPage, ApiError> {
    let (account, t) = (reader.access.account, reader.t);
    let w = in_language_of!(t, RoleWords);
    let words = in_language_of!(t, RightWords);
    let own = roles::list(&state.db, account).await?;
    let holders = roles::holders(&state.db, account).await?;
    let staff = names(state, &reader.access).await?;
    let groups = groups::list(&state.db, account).await?;
    let built_in_ones = Role::ALL
        .iter()
        .filter_map(|role| Some((*role, called(*role, t)?.to_owned(), built_in(*role))));
    let own_ones = own
        .iter()
        .map(|role| (Role::Own(role.id), role.name.clone(), role.rights.clone()));
    let row = |(role, name, rights): (Role, String, Rights)| Row {
        id: role.name().into_owned(),
        name,
        built_in: role.own().is_none(),
        everything: rights == Rights::all(),
        rights: lines(&rights, words),
        holders: people(holders.get(&role).map_or(&[], Vec::as_slice), &staff),
    };
    let more = json!({
        "delete_role": w.delete_role,
        "delete_role_text": w.delete_role_text,
        "delete_group": w.delete_group,
        "delete_group_text": w.delete_group_text,
        "name.taken": w.error_taken,
        "forbidden": w.error_forbidden,
    });
    Ok(RolesPage {
        rows: own_ones.chain(built_in_ones).map(row).collect(),
        groups: groups
            .iter()
            .map(|group| group_row(group, (&own, &staff), reader))
            .collect(),
        sections: sections(words),
        reaches: reaches(words),
        roles: given(&own, reader),
        staff,
        may_write: reader.access.may(Right::RolesWrite),
        frame: reader.settings("/roles", "roles.js", more),
        w,
    })
}

/// The main account's role is nobody else's.
fn given(own: &[OwnRole], reader: &Reader) -> Vec<(String, String)> {
    let built_in = Role::ALL.iter().filter(|role| **role != Role::Main);
    let built_in = built_in.filter_map(|role| Some((role.name().into_owned(), called(*role, reader.t)?.to_owned())));
    let own = own.iter().map(|role| (role.id.to_string(), role.name.clone()));
    built_in.chain(own).collect()
}

fn group_row(group: &Group, (own, staff): (&[OwnRole], &[(String, String)]), reader: &Reader) -> GroupRow {
    let name = |role: &Role| match role.own() {
        Some(id) => own.iter().find(|role| role.id == id).map(|role| role.name.clone()),
        None => called(*role, reader.t).map(str::to_owned),
    };
    let roles: Vec<String> = group.roles.iter().filter_map(name).collect();
    GroupRow {
        id: group.id.to_string(),
        name: group.name.clone(),
        roles: roles.join(", "),
        members: people(&group.members, staff),
    }
}

fn people(all: &[StaffId], staff: &[(String, String)]) -> People {
    let name = |id: &StaffId| {
        let id = id.to_string();
        staff
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, name)| name.as_str())
    };
    let names: Vec<&str> = all.iter().filter_map(name).take(SHOWN).collect();
    People {
        more: all.len().saturating_sub(names.len()),
        names: names.join(", "),
    }
}
