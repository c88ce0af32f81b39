//! How a change that the database has taken reaches the engine.

use std::time::Duration;

use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::PhoneNumber;
use tokio::sync::{mpsc, oneshot};

/// A request waits at most this long for the engine's snapshot; the change itself is safe by then.
const PATIENCE: Duration = Duration::from_secs(3);

/// Which part of the dial plan is to be built anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanSection {
    /// The account's own settings.
    Account,
    Staff,
    /// Who takes calls, of which projects and when.
    Reception,
    /// Whom some numbers find; of all numbers when none are named.
    Clients,
    /// Do not disturb, forwarding, feature codes.
    Features,
    /// Outbound routes and emergency numbers.
    Routes,
}

/// To the plan's publisher.
#[derive(Debug)]
pub struct PlanChange {
    pub account: AccountId,
    pub section: PlanSection,
    /// The numbers that are to be looked up anew.
    pub numbers: Vec<PhoneNumber>,
    /// Answered when the engine has been given the new plan.
    pub done: oneshot::Sender<()>,
}

#[derive(Debug, Clone)]
pub struct PlanHandle(mpsc::Sender<PlanChange>);

impl PlanHandle {
    pub fn new(publisher: mpsc::Sender<PlanChange>) -> Self {
        PlanHandle(publisher)
    }

    /// Returns when calls see the change, so that who reads the answer can rely on it.
    pub async fn changed(&self, account: AccountId, section: PlanSection) {
        self.tell(account, section, Vec::new()).await;
    }

    /// The same for some clients of many: whom these numbers find.
    pub async fn clients_changed(&self, account: AccountId, numbers: Vec<PhoneNumber>) {
        if !numbers.is_empty() {
            self.tell(account, PlanSection::Clients, numbers).await;
        }
    }

    async fn tell(&self, account: AccountId, section: PlanSection, numbers: Vec<PhoneNumber>) {
        let (done, published) = oneshot::channel();
        let told = async {
            let change = PlanChange {
                account,
                section,
                numbers,
                done,
            };
            if self.0.send(change).await.is_ok() {
                let _ = published.await;
            }
        };
        if tokio::time::timeout(PATIENCE, told).await.is_err() {
            tracing::warn!(?section, "the dial plan's publisher is slow");
        }
    }
}
