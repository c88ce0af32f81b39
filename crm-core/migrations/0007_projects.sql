-- Projects: parts of an account with their own reception. Each account has one from the beginning, which has the account's id.
CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    archived_at BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX projects_account ON projects (account_id, name);

-- Who works in which project. Sections stand one a line; NULL: all that the role allows.
CREATE TABLE staff_projects (
    staff_id TEXT NOT NULL REFERENCES staff (id),
    project_id TEXT NOT NULL REFERENCES projects (id),
    receives_calls BOOLEAN NOT NULL,
    receives_leads BOOLEAN NOT NULL,
    receives_deals BOOLEAN NOT NULL,
    sections TEXT,
    PRIMARY KEY (staff_id, project_id)
);
CREATE INDEX staff_projects_project ON staff_projects (project_id);

INSERT INTO projects (id, account_id, name, created_at, version) SELECT id, id, 'Main', created_at, 1 FROM accounts;
INSERT INTO staff_projects (staff_id, project_id, receives_calls, receives_leads, receives_deals)
    SELECT id, account_id, TRUE, TRUE, TRUE FROM staff;

ALTER TABLE staff ADD COLUMN receiving BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE staff ADD COLUMN reception TEXT NOT NULL DEFAULT 'sip';
ALTER TABLE staff ADD COLUMN sim_trunk_id TEXT REFERENCES trunks (id);
-- NULL: the first project of the account.
ALTER TABLE departments ADD COLUMN project_id TEXT REFERENCES projects (id);
ALTER TABLE numbers ADD COLUMN project_id TEXT REFERENCES projects (id);
ALTER TABLE logins ADD COLUMN project_id TEXT REFERENCES projects (id);
UPDATE departments SET project_id = account_id;
UPDATE numbers SET project_id = account_id;
