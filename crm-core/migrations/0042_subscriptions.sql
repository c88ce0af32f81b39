-- Subscriptions of phones (RFC 6665), so that their lamps go on after a restart. The name is our tag in the dialog.
CREATE TABLE subscriptions (
    sip_account_id TEXT NOT NULL REFERENCES sip_accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    flow TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    longest BIGINT NOT NULL,
    event TEXT NOT NULL,
    watched_user TEXT NOT NULL,
    watched_host TEXT NOT NULL,
    sip_call_id TEXT NOT NULL,
    local_party TEXT NOT NULL,
    remote_party TEXT NOT NULL,
    remote_tag TEXT NOT NULL,
    target TEXT NOT NULL,
    routes TEXT NOT NULL,
    PRIMARY KEY (sip_account_id, name)
);
