//! What the configuration consists of, and in which tables each of it lies.

/// A kind of thing whose changes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// The account's own settings.
    Account,
    Department,
    Emergency,
    Features,
    Group,
    Holidays,
    Mailbox,
    Menu,
    Number,
    Project,
    Role,
    Route,
    Schedule,
    Site,
    Trunk,
}

/// Rows that belong to a thing's own row.
#[derive(Debug)]
pub(super) struct List {
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    /// The column that names the thing.
    pub(super) of: &'static str,
}

/// A constant, which a call would not be.
macro_rules! list {
    ($name:literal, $table:literal, $of:literal) => {
        List {
            name: $name,
            table: $table,
            of: $of,
        }
    };
}

/// Where a thing lies.
#[derive(Debug)]
pub(super) struct Place {
    /// The table of its own row, and the column that names it there; `None`: it is nothing but a list.
    pub(super) row: Option<(&'static str, &'static str)>,
    pub(super) lists: &'static [List],
}

impl Thing {
    pub const ALL: [Thing; 15] = [
        Thing::Account,
        Thing::Department,
        Thing::Emergency,
        Thing::Features,
        Thing::Group,
        Thing::Holidays,
        Thing::Mailbox,
        Thing::Menu,
        Thing::Number,
        Thing::Project,
        Thing::Role,
        Thing::Route,
        Thing::Schedule,
        Thing::Site,
        Thing::Trunk,
    ];

    /// The first word of its deeds in the audit.
    pub fn name(self) -> &'static str {
        self.undone().split('.').next().unwrap_or_default()
    }

    pub fn named(name: &str) -> Option<Thing> {
        Thing::ALL.into_iter().find(|thing| thing.name() == name)
    }

    /// Whose change a deed of the audit is, if the configuration's at all.
    pub(super) fn of(action: &str) -> Option<Thing> {
        action.split_once('.').and_then(|(name, _)| Thing::named(name))
    }

    /// What an undone change is called in the audit.
    pub(super) fn undone(self) -> &'static str {
        match self {
            Thing::Account => "account.undone",
            Thing::Department => "department.undone",
            Thing::Emergency => "emergency.undone",
            Thing::Features => "features.undone",
            Thing::Group => "group.undone",
            Thing::Holidays => "holidays.undone",
            Thing::Mailbox => "mailbox.undone",
            Thing::Menu => "menu.undone",
            Thing::Number => "number.undone",
            Thing::Project => "project.undone",
            Thing::Role => "role.undone",
            Thing::Route => "route.undone",
            Thing::Schedule => "schedule.undone",
            Thing::Site => "site.undone",
            Thing::Trunk => "trunk.undone",
        }
    }

    /// What the audit calls it.
    pub(super) fn entity(self) -> &'static str {
        if self.is_setting() { "account" } else { self.name() }
    }

    /// There is one in each account, named by the account's identifier.
    pub fn is_setting(self) -> bool {
        matches!(
            self,
            Thing::Account | Thing::Emergency | Thing::Features | Thing::Holidays
        )
    }

    /// Settings that stand nowhere as long as they are the usual ones.
    pub(super) fn has_usual(self) -> bool {
        matches!(self, Thing::Emergency | Thing::Features)
    }

    /// No two of an account have the same name.
    pub(super) fn has_own_name(self) -> bool {
        matches!(self, Thing::Group | Thing::Project | Thing::Role | Thing::Trunk)
    }

    pub(super) fn place(self) -> Place {
        let (row, lists): (Option<(&'static str, &'static str)>, &'static [List]) = match self {
            Thing::Account => (Some(("accounts", "id")), &[]),
            Thing::Department => (
                Some(("departments", "id")),
                &[list!("members", "department_members", "department_id")],
            ),
            Thing::Emergency => (Some(("emergency_settings", "account_id")), &[]),
            Thing::Features => (Some(("feature_settings", "account_id")), &[]),
            Thing::Group => (
                Some(("staff_groups", "id")),
                &[
                    list!("members", "group_members", "group_id"),
                    list!("roles", "group_roles", "group_id"),
                ],
            ),
            Thing::Holidays => (None, &[list!("days", "holidays", "account_id")]),
            Thing::Mailbox => (Some(("mailboxes", "id")), &[]),
            Thing::Menu => (Some(("menus", "id")), &[list!("choices", "menu_choices", "menu_id")]),
            Thing::Number => (Some(("numbers", "id")), &[]),
            Thing::Project => (Some(("projects", "id")), &[]),
            Thing::Role => (Some(("roles", "id")), &[]),
            Thing::Route => (
                Some(("outbound_routes", "id")),
                &[list!("trunks", "outbound_route_trunks", "route_id")],
            ),
            Thing::Schedule => (
                Some(("schedules", "id")),
                &[list!("days", "schedule_days", "schedule_id")],
            ),
            Thing::Site => (Some(("sites", "id")), &[]),
            Thing::Trunk => (Some(("trunks", "id")), &[]),
        };
        Place { row, lists }
    }
}
