-- Notices by e-mail too, also to addresses that are nobody's of the staff.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    staff_id TEXT REFERENCES staff (id),
    client_id TEXT REFERENCES clients (id),
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    problem TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
INSERT INTO outbox (id, account_id, staff_id, channel, kind, about, recipient, subject, body, state, attempts, due_at, problem,
        created_at, finished_at)
    SELECT id, account_id, staff_id, channel, kind, '', recipient, '', body, state, attempts, due_at, problem, created_at,
        finished_at FROM notices;
DROP TABLE notices;
ALTER TABLE outbox RENAME TO notices;
CREATE INDEX notices_due ON notices (channel, due_at, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX notices_account ON notices (account_id, created_at, id);
CREATE INDEX notices_recipient ON notices (recipient, created_at);
CREATE INDEX notices_about ON notices (about);
CREATE INDEX notices_client ON notices (client_id);
CREATE INDEX notices_finished ON notices (finished_at) WHERE finished_at IS NOT NULL;

-- `kinds`: comma separated; NULL: all there are. `language`: ru or en; NULL: that of the account's country.
ALTER TABLE notice_settings ADD COLUMN email BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE notice_settings ADD COLUMN kinds TEXT;
ALTER TABLE notice_settings ADD COLUMN language TEXT;
ALTER TABLE notice_settings ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Addresses that are told of a site's requests, a line each.
ALTER TABLE sites ADD COLUMN letters_to TEXT NOT NULL DEFAULT '';
