-- The company's sites, whose visitors ask to be called. Origins and subjects stand one a line.
CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    site_key TEXT NOT NULL,
    origins TEXT NOT NULL,
    subjects TEXT NOT NULL,
    department_id TEXT REFERENCES departments (id),
    staff_id TEXT REFERENCES staff (id),
    schedule_id TEXT REFERENCES schedules (id),
    enabled BOOLEAN NOT NULL,
    forms_call BOOLEAN NOT NULL,
    per_source BIGINT NOT NULL,
    per_site BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX sites_key ON sites (site_key);
CREATE INDEX sites_account ON sites (account_id, name);

-- What visitors have asked for. next_at: when the next call begins by itself; none when there will be none.
CREATE TABLE site_requests (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    site_id TEXT NOT NULL REFERENCES sites (id),
    request_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    comment TEXT NOT NULL,
    page TEXT NOT NULL,
    client_id TEXT REFERENCES clients (id),
    wanted_at BIGINT,
    next_at BIGINT,
    attempts BIGINT NOT NULL,
    call_id TEXT,
    called_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX site_requests_key ON site_requests (site_id, request_key);
CREATE INDEX site_requests_account ON site_requests (account_id, created_at, id);
CREATE INDEX site_requests_client ON site_requests (client_id);
CREATE INDEX site_requests_next ON site_requests (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX site_requests_called ON site_requests (called_at) WHERE state = 'new' AND next_at IS NULL AND call_id IS NOT NULL;

-- The site by which a client came to us.
ALTER TABLE clients ADD COLUMN source_site_id TEXT REFERENCES sites (id);
