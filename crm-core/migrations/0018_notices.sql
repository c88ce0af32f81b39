-- What people outside are told by short message or mail: each stands here until it is delivered or given up.
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    problem TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX notices_due ON notices (due_at, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX notices_account ON notices (account_id, created_at, id);

CREATE TABLE notice_settings (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id) ON DELETE CASCADE,
    sms BOOLEAN NOT NULL
);
