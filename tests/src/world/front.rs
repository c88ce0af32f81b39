//! A server that needs time: what waits for it is in an inbox, and each message keeps it busy.

use std::time::Duration;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Output;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::overload::{Due, Inbox, OverloadConfig};

use super::World;

#[derive(Debug)]
pub struct Front {
    pub inbox: Inbox,
    /// Of each thing that the engine wants done.
    cost: Duration,
    /// Of each message, and of each 503 for one.
    least: Duration,
    free_at: Duration,
    spent: Duration,
}

impl Front {
    /// A message costs a twentieth of `cost`, and each thing that the engine wants done for it `cost` more.
    pub fn new(cost: Duration) -> Front {
        Front {
            inbox: Inbox::new(OverloadConfig::default(), 1),
            cost,
            least: cost / 20,
            free_at: Duration::ZERO,
            spent: Duration::ZERO,
        }
    }

    pub(super) fn charge(&mut self, output: &Output) {
        if matches!(output, Output::Transmit { .. } | Output::Media(_) | Output::Journal(_)) {
            self.spent += self.cost;
        }
    }

    /// When it takes the next message; `None` when none waits.
    pub(super) fn free_at(&self) -> Option<Duration> {
        (!self.inbox.is_empty()).then_some(self.free_at)
    }
}

impl World {
    /// A message reaches the server, which takes a moment for those that it turns away at once.
    pub fn knock(&mut self, flow: FlowId, bytes: &[u8]) {
        let (now, elapsed) = (self.now(), self.elapsed);
        let Some(front) = &mut self.front else { return };
        if let Some(turned) = front.inbox.push(flow, bytes, now.instant) {
            front.free_at = front.free_at.max(elapsed) + front.least;
            let spent = front.spent;
            self.input(Input::TurnAway(turned));
            if let Some(front) = &mut self.front {
                front.spent = spent;
            }
        }
    }

    pub(super) fn serve_front(&mut self) {
        let now = self.now();
        while let Some(front) = &mut self.front
            && front.free_at <= self.elapsed
            && let Some(due) = front.inbox.next(now.instant)
        {
            front.spent = Duration::ZERO;
            let away = matches!(due, Due::TurnAway(..));
            self.input(match due {
                Due::Serve(flow, bytes) => Input::Datagram { flow, bytes },
                Due::TurnAway(turned) => Input::TurnAway(turned),
                Due::Closed(flow) => Input::FlowClosed(flow),
            });
            let elapsed = self.elapsed;
            if let Some(front) = &mut self.front {
                let work = if away { Duration::ZERO } else { front.spent };
                front.free_at = elapsed + front.least + work;
            }
        }
    }
}
