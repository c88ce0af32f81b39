//! What people and the shutdown do to calls.

use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::CallId;
use frontdesk_sip::Now;

use super::Engine;
use super::input::OperatorCommand;

impl Engine {
    pub(super) fn on_operator(&mut self, command: &OperatorCommand, now: Now) {
        match command {
            OperatorCommand::HangUp { call } => self.step(*call, CallEvent::Stop, now),
            OperatorCommand::Originate(order) => self.originate(order, now),
            OperatorCommand::Block { address, until } => self.on_block(*address, *until, now),
            OperatorCommand::Unblock { address } => self.on_lift(*address),
            OperatorCommand::Music { account, sound } => self.set_own_music(*account, sound.clone()),
            OperatorCommand::Messages { staff, messages } => self.set_messages(*staff, *messages),
            OperatorCommand::Greeting { mailbox, sound } => self.set_greeting(*mailbox, sound.clone()),
            OperatorCommand::Prompt {
                account,
                prompt,
                replaces,
                sound,
            } => self.prompts.set((*account, *prompt), *replaces, sound.clone()),
        }
    }

    pub(super) fn hang_up_all(&mut self, now: Now) {
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for call in calls {
            self.step(call, CallEvent::Stop, now);
        }
    }
}
