-- Registered contacts by name: the flows of a phone (RFC 5626) may share one contact, and are told apart by instance and
-- reg-id.
CREATE TABLE named_bindings (
    sip_account_id TEXT NOT NULL REFERENCES sip_accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    path TEXT NOT NULL,
    flow TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    q BIGINT NOT NULL,
    sip_call_id TEXT NOT NULL,
    cseq BIGINT NOT NULL,
    instance TEXT,
    reg_id BIGINT,
    user_agent TEXT,
    PRIMARY KEY (sip_account_id, name)
);
INSERT INTO named_bindings (sip_account_id, name, contact, path, flow, expires_at, q, sip_call_id, cseq, instance, user_agent)
    SELECT sip_account_id, contact, contact, path, flow, expires_at, q, sip_call_id, cseq, instance, user_agent FROM bindings;
DROP TABLE bindings;
ALTER TABLE named_bindings RENAME TO bindings;
