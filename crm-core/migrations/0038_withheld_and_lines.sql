-- Callers who keep their number back (RFC 3323): it is kept, and shown to nobody who has not asked for it by name.
ALTER TABLE calls ADD COLUMN caller_restricted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE calls ADD COLUMN callee_restricted BOOLEAN NOT NULL DEFAULT FALSE;

-- How each stay of a call in a department's line ended.
CREATE TABLE line_stays (
    call_id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    department_id TEXT NOT NULL,
    left_at BIGINT NOT NULL,
    waited_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (call_id, department_id, left_at)
);
CREATE INDEX line_stays_account ON line_stays (account_id, left_at);

-- Where an account's calls are parked: two numbers.
ALTER TABLE feature_settings ADD COLUMN parking_places TEXT NOT NULL DEFAULT '701-720';
