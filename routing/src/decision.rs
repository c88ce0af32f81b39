//! What is to be done with a call.

use smallvec::SmallVec;

use crate::because::Because;
use crate::features::FeatureCall;
use crate::ids::{DepartmentId, MailboxId, MenuId, ProjectId, StaffId};
use crate::number::{PhoneNumber, ShortNumber};
use crate::plan::routes::Ways;

/// Whom a call was for that is refused before anybody is rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    Staff(StaffId),
    /// Somebody who takes no calls of the project at that moment. What they have set for calls that do not reach them counts.
    Away {
        staff: StaffId,
        project: Option<ProjectId>,
    },
    Department(DepartmentId),
}

/// Whom to ring, or why nobody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// All registered phones of all of them at once.
    Ring {
        targets: SmallVec<[StaffId; 4]>,
        because: Because,
    },
    /// The department's line: its free agents ring, or the call waits for one.
    Queue { department: DepartmentId, because: Because },
    /// We answer the call ourselves and take a message.
    Message { mailbox: MailboxId, because: Because },
    /// We answer, and ask the caller by keys whom they want.
    Menu { menu: MenuId, because: Because },
    /// A number outside, by the first of these trunks that takes the call.
    Outside {
        number: PhoneNumber,
        trunks: Ways,
        because: Because,
    },
    /// An emergency number, by the first of these trunks that takes the call, whatever else is set.
    Emergency {
        number: ShortNumber,
        trunks: Ways,
        because: Because,
    },
    /// The caller dialled a feature code: we answer the call ourselves.
    Feature(FeatureCall),
    /// `status` is the SIP status that tells the caller. `callee`: nobody, where what was dialled is nobody's.
    Refuse {
        status: u16,
        callee: Option<Callee>,
        because: Because,
    },
}

impl Decision {
    /// A refusal of a call that was for nobody of ours.
    pub fn refuse(status: u16, because: Because) -> Decision {
        Decision::Refuse {
            status,
            callee: None,
            because,
        }
    }

    /// The same of a call that was for somebody.
    pub(crate) fn refuse_for(callee: Callee, status: u16, because: Because) -> Decision {
        Decision::Refuse {
            status,
            callee: Some(callee),
            because,
        }
    }

    /// If it is refused, and nobody is named, it was for this one.
    pub(crate) fn was_for(&mut self, whom: Callee) {
        if let Decision::Refuse { callee, .. } = self {
            callee.get_or_insert(whom);
        }
    }

    /// `None`: a feature code, which is its own reason.
    pub fn because(&self) -> Option<&Because> {
        match self {
            Decision::Ring { because, .. }
            | Decision::Queue { because, .. }
            | Decision::Message { because, .. }
            | Decision::Menu { because, .. }
            | Decision::Outside { because, .. }
            | Decision::Emergency { because, .. }
            | Decision::Refuse { because, .. } => Some(because),
            Decision::Feature(_) => None,
        }
    }

    /// Puts another reason in the place of the one that it has.
    pub(crate) fn because_of(&mut self, reason: impl FnOnce(Because) -> Because) {
        if let Decision::Ring { because, .. }
        | Decision::Queue { because, .. }
        | Decision::Message { because, .. }
        | Decision::Menu { because, .. }
        | Decision::Outside { because, .. }
        | Decision::Emergency { because, .. }
        | Decision::Refuse { because, .. } = self
        {
            let known = std::mem::replace(because, Because::NumberUnknown);
            *because = reason(known);
        }
    }
}
