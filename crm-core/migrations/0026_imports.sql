-- Files that were brought in: what became of each. A row says `running` until the rows of its file are in, which happens
-- in one transaction with the row's end.
CREATE TABLE imports (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    staff_id TEXT REFERENCES staff (id),
    author_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    duplicates TEXT NOT NULL,
    state TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    problem TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX imports_account ON imports (account_id, started_at, id);
