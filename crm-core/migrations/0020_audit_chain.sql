-- The audit as a chain: each row holds the hash of the one before it. What a row tells stands in the chain as a salted
-- digest, so that it can be taken out without a break. Rows of older versions are chained at the first start.
ALTER TABLE audit ADD COLUMN seq BIGINT;
ALTER TABLE audit ADD COLUMN salt TEXT;
ALTER TABLE audit ADD COLUMN digest TEXT;
ALTER TABLE audit ADD COLUMN prev_hash TEXT;
ALTER TABLE audit ADD COLUMN hash TEXT;
CREATE UNIQUE INDEX audit_chain ON audit (account_id, seq);
CREATE INDEX audit_unchained ON audit (account_id, at, id) WHERE seq IS NULL;

-- The last row of each account's chain: writers take turns here, and a chain that was cut short is seen.
CREATE TABLE audit_heads (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
