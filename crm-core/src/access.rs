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
    AuditRead "audit:read"
    TokensWrite "tokens:write"
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
    }
}
