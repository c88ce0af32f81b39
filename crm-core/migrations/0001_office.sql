CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    realm TEXT NOT NULL,
    recording_policy TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE staff (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    is_main BOOLEAN NOT NULL,
    surname TEXT,
    given_name TEXT,
    patronymic TEXT,
    phone TEXT,
    email TEXT,
    position TEXT,
    short_number TEXT,
    login TEXT,
    password_hash TEXT,
    role TEXT,
    sort_name TEXT NOT NULL,
    search TEXT NOT NULL,
    last_login_at BIGINT,
    last_seen_at BIGINT,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX staff_account ON staff (account_id, sort_name);
CREATE UNIQUE INDEX staff_login ON staff (account_id, lower(login)) WHERE deleted_at IS NULL AND login IS NOT NULL;
CREATE UNIQUE INDEX staff_short ON staff (account_id, short_number) WHERE deleted_at IS NULL AND short_number IS NOT NULL;
CREATE UNIQUE INDEX staff_main ON staff (account_id) WHERE is_main;
CREATE UNIQUE INDEX staff_main_email ON staff (lower(email)) WHERE is_main AND email IS NOT NULL;

CREATE TABLE trunks (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX trunks_account ON trunks (account_id);

CREATE TABLE sip_accounts (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    staff_id TEXT UNIQUE REFERENCES staff (id),
    trunk_id TEXT UNIQUE REFERENCES trunks (id),
    sip_user TEXT NOT NULL UNIQUE,
    realm TEXT NOT NULL,
    ha1_md5 TEXT NOT NULL,
    ha1_sha256 TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    rotated_at BIGINT,
    version BIGINT NOT NULL,
    CHECK ((staff_id IS NULL) <> (trunk_id IS NULL))
);

CREATE TABLE departments (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    short_number TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX departments_short ON departments (account_id, short_number);

CREATE TABLE department_members (
    department_id TEXT NOT NULL REFERENCES departments (id) ON DELETE CASCADE,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    PRIMARY KEY (department_id, staff_id)
);

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    company TEXT,
    position TEXT,
    manager_id TEXT REFERENCES staff (id),
    vip BOOLEAN NOT NULL,
    sort_name TEXT NOT NULL,
    search TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX clients_number ON clients (account_id, number) WHERE deleted_at IS NULL;
CREATE INDEX clients_name ON clients (account_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX clients_created ON clients (account_id, created_at, id) WHERE deleted_at IS NULL;

CREATE TABLE calls (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    direction TEXT NOT NULL,
    caller_staff_id TEXT,
    caller_trunk_id TEXT,
    caller_number TEXT,
    caller_name TEXT,
    called TEXT NOT NULL,
    callee_staff_id TEXT,
    callee_trunk_id TEXT,
    callee_number TEXT,
    callee_name TEXT,
    client_id TEXT,
    disposition TEXT,
    because TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    answered_at BIGINT,
    ended_at BIGINT,
    ended_by TEXT,
    status BIGINT NOT NULL
);
CREATE INDEX calls_account ON calls (account_id, started_at, id);
CREATE INDEX calls_open ON calls (account_id) WHERE ended_at IS NULL;

CREATE TABLE legs (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    caller BOOLEAN NOT NULL,
    staff_id TEXT,
    trunk_id TEXT,
    sip_call_id TEXT NOT NULL,
    peer TEXT,
    started_at BIGINT NOT NULL,
    answered_at BIGINT,
    ended_at BIGINT,
    status BIGINT NOT NULL
);
CREATE INDEX legs_call ON legs (call_id);

CREATE TABLE recordings (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    call_id TEXT NOT NULL REFERENCES calls (id),
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT,
    duration_ms BIGINT,
    bytes BIGINT,
    started_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX recordings_call ON recordings (call_id);
CREATE INDEX recordings_account ON recordings (account_id, started_at, id);
CREATE INDEX recordings_open ON recordings (id) WHERE state = 'recording';

CREATE TABLE logins (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    token_hash TEXT NOT NULL UNIQUE,
    csrf TEXT NOT NULL,
    kind TEXT NOT NULL,
    ip TEXT,
    user_agent TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX logins_staff ON logins (staff_id, expires_at) WHERE ended_at IS NULL;

CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX api_tokens_staff ON api_tokens (account_id, staff_id);

CREATE TABLE bindings (
    sip_account_id TEXT NOT NULL REFERENCES sip_accounts (id) ON DELETE CASCADE,
    contact TEXT NOT NULL,
    path TEXT NOT NULL,
    flow TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    q BIGINT NOT NULL,
    sip_call_id TEXT NOT NULL,
    cseq BIGINT NOT NULL,
    instance TEXT,
    user_agent TEXT,
    PRIMARY KEY (sip_account_id, contact)
);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    at BIGINT NOT NULL,
    actor_staff_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT,
    ip TEXT
);
CREATE INDEX audit_account ON audit (account_id, at, id);
