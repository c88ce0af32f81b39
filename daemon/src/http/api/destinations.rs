//! Where calls are sent, as the API speaks of it.

use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_routing::plan::Destination;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One of them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct DestinationView {
    pub(super) staff_id: Option<String>,
    pub(super) department_id: Option<String>,
    pub(super) menu_id: Option<String>,
    pub(super) mailbox_id: Option<String>,
    /// E.164; by the account's lines.
    pub(super) number: Option<String>,
}

/// Exactly one of them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DestinationBody {
    staff_id: Option<String>,
    department_id: Option<String>,
    menu_id: Option<String>,
    mailbox_id: Option<String>,
    /// A number outside, in any usual form.
    number: Option<String>,
}

impl From<DestinationBody> for DestinationPatch {
    fn from(body: DestinationBody) -> DestinationPatch {
        DestinationPatch {
            staff: body.staff_id,
            department: body.department_id,
            menu: body.menu_id,
            mailbox: body.mailbox_id,
            number: body.number,
        }
    }
}

impl From<Destination> for DestinationView {
    fn from(to: Destination) -> DestinationView {
        let mut view = DestinationView::default();
        match to {
            Destination::Staff(to) => view.staff_id = Some(to.to_string()),
            Destination::Department(to) => view.department_id = Some(to.to_string()),
            Destination::Menu(to) => view.menu_id = Some(to.to_string()),
            Destination::Mailbox(to) => view.mailbox_id = Some(to.to_string()),
            Destination::Number(to) => view.number = Some(to.reveal()),
        }
        view
    }
}
