-- Schedules are read by a right of their own now, which may reach less far; whoever could read them reads them on.
UPDATE roles SET rights = rights || '
schedules:read any' WHERE rights LIKE '%staff:read any%';
UPDATE api_tokens SET scopes = scopes || ' schedules:read' WHERE ' ' || scopes || ' ' LIKE '% staff:read %';

-- What links to recordings and messages are signed with, so it is kept as it is.
CREATE TABLE media_keys (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    secret TEXT NOT NULL
);
