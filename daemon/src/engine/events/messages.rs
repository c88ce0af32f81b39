//! `message-summary` (RFC 3842): what stands in a mailbox.

/// Voice messages of one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Messages {
    pub new: u32,
    pub old: u32,
}

pub(super) fn document(messages: &Messages, account: &str) -> String {
    let waiting = if messages.new > 0 { "yes" } else { "no" };
    let Messages { new, old } = messages;
    format!("Messages-Waiting: {waiting}\r\nMessage-Account: {account}\r\nVoice-Message: {new}/{old} (0/0)\r\n")
}
