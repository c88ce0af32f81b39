-- All numbers of the clients that there are; place 0 is the one by which a client is listed.
CREATE TABLE client_phones (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    number TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    PRIMARY KEY (account_id, number)
);
CREATE UNIQUE INDEX client_phones_client ON client_phones (client_id, place);
INSERT INTO client_phones (account_id, number, client_id, place)
    SELECT account_id, number, id, 0 FROM clients WHERE deleted_at IS NULL;
DROP INDEX clients_number;

ALTER TABLE clients ADD COLUMN number_order BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN sort_company TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN search_key BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN indexed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE clients ADD COLUMN stub BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE clients ADD COLUMN erased_at BIGINT;
UPDATE clients SET number_order = CAST(substr(number, 2) AS BIGINT), sort_company = lower(COALESCE(company, ''));
CREATE INDEX clients_number_order ON clients (account_id, number_order, id) WHERE deleted_at IS NULL;
CREATE INDEX clients_company ON clients (account_id, sort_company, id) WHERE deleted_at IS NULL;
CREATE INDEX clients_manager ON clients (account_id, manager_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX clients_vip ON clients (account_id, sort_name, id) WHERE vip AND deleted_at IS NULL;
CREATE INDEX clients_search_key ON clients (search_key);
CREATE INDEX clients_unindexed ON clients (id) WHERE NOT indexed AND deleted_at IS NULL;

-- What clients are found by: beginnings of words and ends of numbers, compared by their bytes whatever the collation.
-- `account` is the account's number, `client` the client's search_key.
CREATE TABLE client_terms (
    account BIGINT NOT NULL,
    term BYTEA NOT NULL,
    client BIGINT NOT NULL
);
CREATE INDEX client_terms_term ON client_terms (account, term, client);

CREATE TABLE client_counts (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    live BIGINT NOT NULL
);
INSERT INTO client_counts (account_id, live)
    SELECT account_id, COUNT(*) FROM clients WHERE deleted_at IS NULL GROUP BY account_id;

CREATE TABLE client_notes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    client_id TEXT NOT NULL REFERENCES clients (id),
    author_id TEXT REFERENCES staff (id),
    author_name TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX client_notes_client ON client_notes (client_id, at, id);

CREATE INDEX calls_client ON calls (account_id, client_id, started_at, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_entity ON audit (account_id, entity_id, at, id);

-- Whether an unknown caller becomes a client: 'none' or 'stub'.
ALTER TABLE accounts ADD COLUMN unknown_callers TEXT NOT NULL DEFAULT 'none';
