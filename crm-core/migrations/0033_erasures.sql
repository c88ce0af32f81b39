-- Files that are to be removed: written with what makes them superfluous, and worked off until each is gone. `folder` is
-- `recordings` or `notices`; of a recording that still goes on the file is removed after its end.
CREATE TABLE removals (
    folder TEXT NOT NULL,
    path TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    recording_id TEXT,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (folder, path)
);
CREATE INDEX removals_due ON removals (due_at);
CREATE INDEX removals_recording ON removals (recording_id) WHERE recording_id IS NOT NULL;

-- Clients who were erased lately: what is still written of calls that went on then names them no more. `mark` is empty for
-- the client, and a digest of each of the numbers; rows are kept for two days.
CREATE TABLE erasures (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    client_id TEXT NOT NULL,
    mark TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (client_id, mark)
);

-- What is left of deleted clients and asked for by visitors is found by its number.
CREATE INDEX clients_graves ON clients (account_id, number) WHERE deleted_at IS NOT NULL AND erased_at IS NULL;
CREATE INDEX site_requests_number ON site_requests (account_id, number);
