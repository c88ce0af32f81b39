-- What a provider's line is set to, and the numbers that reach us by it. Lists stand one item a line.
ALTER TABLE trunks ADD COLUMN servers TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN registration_user TEXT;
ALTER TABLE trunks ADD COLUMN registration_auth_user TEXT;
ALTER TABLE trunks ADD COLUMN registration_secret TEXT;
ALTER TABLE trunks ADD COLUMN registration_expires_s BIGINT;
ALTER TABLE trunks ADD COLUMN probe_s BIGINT;
ALTER TABLE trunks ADD COLUMN sources TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN max_calls BIGINT;
ALTER TABLE trunks ADD COLUMN max_calls_per_second BIGINT;
ALTER TABLE trunks ADD COLUMN codecs TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN numbers_in TEXT NOT NULL DEFAULT 'e164';
ALTER TABLE trunks ADD COLUMN numbers_out TEXT NOT NULL DEFAULT 'e164';
ALTER TABLE trunks ADD COLUMN identity TEXT NOT NULL DEFAULT 'pai';
ALTER TABLE trunks ADD COLUMN redirection TEXT NOT NULL DEFAULT 'none';
ALTER TABLE trunks ADD COLUMN privacy BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE trunks ADD COLUMN shown_number TEXT;
ALTER TABLE trunks ADD COLUMN prefixes TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN place BIGINT NOT NULL DEFAULT 0;

CREATE TABLE numbers (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    number TEXT NOT NULL,
    trunk_id TEXT REFERENCES trunks (id),
    staff_id TEXT REFERENCES staff (id),
    department_id TEXT REFERENCES departments (id),
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CHECK ((staff_id IS NULL) <> (department_id IS NULL))
);
CREATE UNIQUE INDEX numbers_number ON numbers (account_id, number);
CREATE INDEX numbers_trunk ON numbers (trunk_id);
CREATE INDEX numbers_department ON numbers (department_id);
