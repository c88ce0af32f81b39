use std::borrow::Cow;
use std::str::FromStr;

use frontdesk_routing::ids::{BadId, RoleId};

use super::{Reach, Right, Rights};

/// A named set of rights: built in, or an account's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Exactly one in an account, with every right.
    Main,
    Admin,
    Supervisor,
    /// Answers for the company: sees the project's calls and clients.
    Receptionist,
    Employee,
    /// Sees what is theirs.
    Specialist,
    /// Somebody from outside, let in until a day.
    External,
    Own(RoleId),
}

impl Role {
    /// Those that every account has.
    pub const ALL: &[Role] = &[
        Role::Main,
        Role::Admin,
        Role::Supervisor,
        Role::Receptionist,
        Role::Employee,
        Role::Specialist,
        Role::External,
    ];

    /// A word for one that is built in, the id of another.
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Role::Main => "main",
            Role::Admin => "admin",
            Role::Supervisor => "supervisor",
            Role::Receptionist => "receptionist",
            Role::Employee => "employee",
            Role::Specialist => "specialist",
            Role::External => "external",
            Role::Own(id) => return Cow::Owned(id.to_string()),
        })
    }

    pub fn named(name: &str) -> Option<Role> {
        let built_in = Role::ALL.iter().copied().find(|role| role.name() == name);
        built_in.or_else(|| name.parse().ok().map(Role::Own))
    }

    /// The id of an account's own.
    pub fn own(self) -> Option<RoleId> {
        match self {
            Role::Own(id) => Some(id),
            Role::Main
            | Role::Admin
            | Role::Supervisor
            | Role::Receptionist
            | Role::Employee
            | Role::Specialist
            | Role::External => None,
        }
    }
}

impl FromStr for Role {
    type Err = BadId;

    fn from_str(name: &str) -> Result<Role, BadId> {
        Role::named(name).ok_or(BadId)
    }
}

/// What a role that is built in allows; of an account's own nothing is known here.
pub fn built_in(role: Role) -> Rights {
    let of = |rights: &[(Reach, &[Right])]| {
        let each = rights
            .iter()
            .flat_map(|(reach, rights)| rights.iter().map(|right| (*right, *reach)));
        each.collect()
    };
    match role {
        Role::Main | Role::Admin => Rights::all(),
        Role::Supervisor => of(&[(Reach::Any, SUPERVISOR)]),
        Role::Receptionist => of(&[
            (
                Reach::Any,
                &[
                    Right::StaffRead,
                    Right::SchedulesRead,
                    Right::DepartmentsRead,
                    Right::CallsMake,
                ],
            ),
            (
                Reach::Project,
                &[
                    Right::ClientsRead,
                    Right::ClientsWrite,
                    Right::DealsRead,
                    Right::DealsWrite,
                    Right::CallsRead,
                ],
            ),
            (Reach::Department, &[Right::CallsHangUp]),
            (Reach::Own, &[Right::RecordingsList, Right::RecordingsPlay]),
        ]),
        Role::Employee => of(&[
            (Reach::Any, EMPLOYEE),
            (Reach::Own, &[Right::DealsRead, Right::DealsWrite]),
        ]),
        Role::Specialist => of(&[
            (Reach::Any, &[Right::StaffRead, Right::CallsMake]),
            (Reach::Own, SPECIALIST),
        ]),
        Role::External => of(&[(Reach::Own, &[Right::ClientsRead, Right::DealsRead, Right::CallsRead])]),
        Role::Own(_) => Rights::default(),
    }
}

const SUPERVISOR: &[Right] = &[
    Right::StaffRead,
    Right::SchedulesRead,
    Right::ClientsRead,
    Right::ClientsWrite,
    Right::DealsRead,
    Right::DealsWrite,
    Right::DepartmentsRead,
    Right::CallsRead,
    Right::CallsHangUp,
    Right::CallsMake,
    Right::RecordingsList,
    Right::RecordingsPlay,
    Right::RecordingsDownload,
    Right::AuditRead,
    Right::TokensWrite,
    Right::DataDelete,
    Right::DataHandOver,
    Right::LeadsSeeNew,
    Right::LeadsOmitReason,
];
const EMPLOYEE: &[Right] = &[
    Right::StaffRead,
    Right::SchedulesRead,
    Right::ClientsRead,
    Right::ClientsWrite,
    Right::CallsMake,
    Right::DataDelete,
    Right::DataHandOver,
];
const SPECIALIST: &[Right] = &[
    Right::SchedulesRead,
    Right::ClientsRead,
    Right::ClientsWrite,
    Right::DealsRead,
    Right::DealsWrite,
    Right::CallsRead,
    Right::RecordingsList,
    Right::RecordingsPlay,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l1_the_main_account_has_every_right() {
        let rights = built_in(Role::Main);
        assert!(Right::ALL.iter().all(|right| rights.reach(*right) == Some(Reach::Any)));
    }

    #[test]
    fn names_of_roles_are_read_back() {
        let own = Role::Own(RoleId::from_u128(7));
        for role in Role::ALL.iter().copied().chain([own]) {
            assert_eq!(Role::named(&role.name()), Some(role));
        }
        assert_eq!(Role::named("boss"), None);
    }

    #[test]
    fn no_role_narrows_a_right_that_cannot_be() {
        for role in Role::ALL {
            let narrow = built_in(*role)
                .iter()
                .find(|(right, reach)| !right.narrows() && *reach != Reach::Any);
            assert_eq!(narrow, None, "{role:?}");
        }
    }
}
