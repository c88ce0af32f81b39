//! Who may do what.

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
    ClientsRead "clients:read"
    ClientsWrite "clients:write"
    ClientsErase "clients:erase"
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
        if matches!(right, Right::ClientsRead | Right::ClientsWrite) {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Exactly one in an account, with every right.
    Main,
    Admin,
    Supervisor,
    Employee,
}

impl Role {
    pub const ALL: &[Role] = &[Role::Main, Role::Admin, Role::Supervisor, Role::Employee];

    pub fn name(self) -> &'static str {
        match self {
            Role::Main => "main",
            Role::Admin => "admin",
            Role::Supervisor => "supervisor",
            Role::Employee => "employee",
        }
    }

    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.iter().copied().find(|role| role.name() == name)
    }
}

pub fn allows(role: Role, right: Right) -> bool {
    match role {
        Role::Main | Role::Admin => true,
        Role::Supervisor => matches!(
            right,
            Right::StaffRead
                | Right::ClientsRead
                | Right::ClientsWrite
                | Right::DepartmentsRead
                | Right::CallsRead
                | Right::CallsHangUp
                | Right::CallsMake
                | Right::RecordingsList
                | Right::RecordingsPlay
                | Right::RecordingsDownload
                | Right::AuditRead
                | Right::TokensWrite
        ),
        Role::Employee => matches!(
            right,
            Right::StaffRead | Right::ClientsRead | Right::ClientsWrite | Right::CallsMake
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_account_has_every_right() {
        assert!(Right::ALL.iter().all(|right| allows(Role::Main, *right)));
    }

    #[test]
    fn names_are_read_back() {
        assert!(
            Right::ALL
                .iter()
                .all(|right| Right::named(right.name()) == Some(*right))
        );
        assert!(Role::ALL.iter().all(|role| Role::named(role.name()) == Some(*role)));
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
