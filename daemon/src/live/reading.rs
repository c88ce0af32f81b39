//! Who may read what the board tells: the same of a reader of the event stream and of a webhook's owner.

use frontdesk_crm_core::access::{Circle, Right, Scope, circle};
use frontdesk_crm_core::store::{Db, StoreError};

use super::Event;

/// What somebody may have and others not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Things {
    Clients,
    Calls,
    Recordings,
    Deals,
}

/// On whose things a reader's rights reach.
#[derive(Debug, Clone)]
pub struct Circles {
    clients: Circle,
    calls: Circle,
    recordings: Circle,
    deals: Circle,
}

impl Circles {
    /// `scope` says how far each of the reader's rights goes.
    ///
    /// # Errors
    /// The database is away.
    pub async fn of(db: &Db, scope: impl Fn(Right) -> Scope) -> Result<Circles, StoreError> {
        let clients = scope(Right::ClientsRead);
        let calls = scope(Right::CallsRead);
        let recordings = scope(Right::RecordingsList);
        let deals = scope(Right::DealsRead);
        Ok(Circles {
            clients: circle(db, clients).await?,
            calls: circle(db, calls).await?,
            recordings: circle(db, recordings).await?,
            deals: circle(db, deals).await?,
        })
    }

    fn on(&self, things: Things) -> &Circle {
        match things {
            Things::Clients => &self.clients,
            Things::Calls => &self.calls,
            Things::Recordings => &self.recordings,
            Things::Deals => &self.deals,
        }
    }
}

/// Without this right nothing is read of events of this name.
pub fn right_of(name: &str) -> Right {
    needs(name).0
}

/// Whether a reader with these rights and circles may read an event that is not for one person alone.
pub fn may_read(event: &Event, may: impl Fn(Right) -> bool, circles: &Circles) -> bool {
    let (right, things) = needs(event.name);
    let reaches = |circle: &Circle| circle.is_whole() || event.whose.as_ref().is_some_and(|whose| circle.holds(whose));
    may(right) && things.is_none_or(|things| reaches(circles.on(things)))
}

/// The right, and on whose things it has to reach; `None`: the thing is the company's.
fn needs(name: &str) -> (Right, Option<Things>) {
    match name.split('.').next().unwrap_or_default() {
        "staff" | "role" | "group" => (Right::StaffRead, None),
        "client" | "request" => (Right::ClientsRead, Some(Things::Clients)),
        "clients" => (Right::ClientsRead, None),
        "import" => (Right::DataImport, None),
        "menu" => (Right::DepartmentsRead, None),
        "deal" => (Right::DealsRead, Some(Things::Deals)),
        "call" => (Right::CallsRead, Some(Things::Calls)),
        "recording" | "voicemail" => (Right::RecordingsList, Some(Things::Recordings)),
        _ => (Right::SettingsRead, None),
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_crm_core::webhooks;

    use super::*;

    #[test]
    fn what_a_webhook_is_told_needs_the_right_of_its_kind() {
        let rights: Vec<(&str, &str)> = webhooks::Event::ALL
            .iter()
            .map(|event| (event.name(), right_of(event.name()).name()))
            .collect();
        assert_eq!(
            rights,
            [
                ("call.started", "calls:read"),
                ("call.answered", "calls:read"),
                ("call.ended", "calls:read"),
                ("call.missed", "calls:read"),
                ("recording.ready", "recordings:list"),
                ("client.changed", "clients:read"),
                ("deal.created", "deals:read"),
                ("deal.changed", "deals:read"),
                ("request.created", "clients:read"),
                ("voicemail.created", "recordings:list"),
            ]
        );
    }
}
