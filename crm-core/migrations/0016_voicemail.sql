-- A mailbox that takes no messages at present keeps those that it has. Its greeting, if it has one of its own, lies in the
-- data folder; who is told of messages by e-mail.
ALTER TABLE mailboxes ADD COLUMN enabled BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE mailboxes ADD COLUMN own_greeting BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE mailboxes ADD COLUMN language TEXT;
ALTER TABLE mailboxes ADD COLUMN email_staff_id TEXT REFERENCES staff (id);

-- Messages: 'recording' while one is left, 'left' when its sound is whole, then 'kept'; 'dropped' was nothing said.
CREATE TABLE voicemails (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    call_id TEXT NOT NULL,
    state TEXT NOT NULL,
    left_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL DEFAULT 0,
    heard_at BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX voicemails_account ON voicemails (account_id, left_at, recording_id);
CREATE INDEX voicemails_mailbox ON voicemails (mailbox_id, left_at, recording_id);
CREATE INDEX voicemails_left ON voicemails (recording_id) WHERE state = 'left';
