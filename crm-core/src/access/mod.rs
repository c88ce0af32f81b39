//! Who may do what: rights, how far each reaches and on whose things that is, and the roles that are built in. Pure, but
//! for what a reach comes to in tables.

mod reach;
mod role;
mod within;

pub use reach::{Reach, Rights};
pub use role::{Role, built_in};
pub(crate) use within::{ALL, within_calls, within_clients, within_lines, within_people};
pub use within::{Circle, Scope, Whose, circle};

macro_rules! rights {
    ($($right:ident $name:literal)*) => {
        /// A kind of thing and what is done to it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Right { $($right),* }

        impl Right {
            pub const ALL: &[Right] = &[$(Right::$right),*];

            /// As tokens' scopes and refusals call it.
            pub fn name(self) -> &'static str {
                match self { $(Right::$right => $name),* }
            }

            pub fn named(name: &str) -> Option<Right> {
                match name { $($name => Some(Right::$right),)* _ => None }
            }
        }
    };
}

rights! {
    StaffRead "staff:read"
    StaffWrite "staff:write"
    SipWrite "sip:write"
    SchedulesRead "schedules:read"
    ClientsRead "clients:read"
    ClientsWrite "clients:write"
    ClientsErase "clients:erase"
    DealsRead "deals:read"
    DealsWrite "deals:write"
    DepartmentsRead "departments:read"
    DepartmentsWrite "departments:write"
    TrunksRead "trunks:read"
    TrunksWrite "trunks:write"
    CallsRead "calls:read"
    CallsHangUp "calls:hangup"
    CallsMake "calls:make"
    RecordingsList "recordings:list"
    RecordingsPlay "recordings:play"
    RecordingsDownload "recordings:download"
    RecordingsDelete "recordings:delete"
    SettingsRead "settings:read"
    SettingsWrite "settings:write"
    NumbersReveal "numbers:reveal"
    DataExport "data:export"
    AuditRead "audit:read"
    TokensWrite "tokens:write"
    RolesWrite "roles:write"
    DataDelete "data:delete"
    DataImport "data:import"
    DataHandOver "data:hand_over"
    LeadsSeeNew "leads:see_new"
    LeadsOmitReason "leads:omit_reason"
}

impl Right {
    /// Whether it may be given for less than the whole company: what it is used on belongs to somebody.
    pub fn narrows(self) -> bool {
        matches!(
            self,
            Right::SchedulesRead
                | Right::ClientsRead
                | Right::ClientsWrite
                | Right::DealsRead
                | Right::DealsWrite
                | Right::CallsRead
                | Right::CallsHangUp
                | Right::RecordingsList
                | Right::RecordingsPlay
                | Right::RecordingsDownload
                | Right::RecordingsDelete
                | Right::NumbersReveal
                | Right::DataDelete
                | Right::DataHandOver
        )
    }
}

/// A part of the pages. Those that projects share are granted by the role alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    Clients,
    Calls,
    Recordings,
    Balance,
    Telephony,
    Staff,
    SiteBuilder,
    Settings,
}

impl Section {
    pub const ALL: &[Section] = &[
        Section::Clients,
        Section::Calls,
        Section::Recordings,
        Section::Balance,
        Section::Telephony,
        Section::Staff,
        Section::SiteBuilder,
        Section::Settings,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Section::Clients => "clients",
            Section::Calls => "calls",
            Section::Recordings => "recordings",
            Section::Balance => "balance",
            Section::Telephony => "telephony",
            Section::Staff => "staff",
            Section::SiteBuilder => "site_builder",
            Section::Settings => "settings",
        }
    }

    pub fn named(name: &str) -> Option<Section> {
        Section::ALL.iter().copied().find(|section| section.name() == name)
    }

    /// The same in all projects.
    pub fn is_common(self) -> bool {
        !matches!(self, Section::Clients | Section::Calls | Section::Recordings)
    }

    /// The part that each project has of its own in which a right is used; `None`: the right is the same in all projects.
    pub fn of(right: Right) -> Option<Section> {
        if matches!(
            right,
            Right::ClientsRead
                | Right::ClientsWrite
                | Right::DealsRead
                | Right::DealsWrite
                | Right::DataDelete
                | Right::DataHandOver
        ) {
            return Some(Section::Clients);
        }
        if matches!(right, Right::CallsRead | Right::CallsHangUp) {
            return Some(Section::Calls);
        }
        let recordings = matches!(
            right,
            Right::RecordingsList | Right::RecordingsPlay | Right::RecordingsDownload | Right::RecordingsDelete
        );
        recordings.then_some(Section::Recordings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        assert!(
            Right::ALL
                .iter()
                .all(|right| Right::named(right.name()) == Some(*right))
        );
        assert_eq!(Right::named("staff"), None);
        assert!(
            Section::ALL
                .iter()
                .all(|section| Section::named(section.name()) == Some(*section))
        );
    }

    #[test]
    fn l52_what_projects_share_is_no_projects_own() {
        let own: Vec<&str> = Section::ALL
            .iter()
            .filter(|section| !section.is_common())
            .map(|section| section.name())
            .collect();
        assert_eq!(own, ["clients", "calls", "recordings"]);
        let used = Right::ALL.iter().filter_map(|right| Section::of(*right));
        assert!(used.into_iter().all(|section| !section.is_common()));
    }
}
