-- Leads and deals. step_at: when the next thing is to be done about it; none: nobody has said what. taken_at: since when it is
-- the one's who has it.
CREATE TABLE deals (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    client_id TEXT REFERENCES clients (id),
    project_id TEXT NOT NULL REFERENCES projects (id),
    staff_id TEXT REFERENCES staff (id),
    taken_at BIGINT,
    stage TEXT NOT NULL,
    title TEXT NOT NULL,
    step_at BIGINT,
    step_text TEXT NOT NULL,
    source_site_id TEXT REFERENCES sites (id),
    request_id TEXT REFERENCES site_requests (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT,
    deleted_at BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX deals_account ON deals (account_id, created_at, id);
CREATE INDEX deals_step ON deals (account_id, step_at, id) WHERE step_at IS NOT NULL;
CREATE INDEX deals_staff ON deals (staff_id, step_at);
CREATE INDEX deals_client ON deals (client_id, created_at, id);

-- What has become of them: a row for each change. before and after are words of stages or kinds, or ids of staff.
CREATE TABLE deal_history (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    deal_id TEXT NOT NULL REFERENCES deals (id),
    what TEXT NOT NULL,
    before_word TEXT,
    after_word TEXT,
    before_at BIGINT,
    after_at BIGINT,
    body TEXT NOT NULL,
    reason TEXT NOT NULL,
    author_id TEXT REFERENCES staff (id),
    author_name TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX deal_history_deal ON deal_history (deal_id, at, id);
