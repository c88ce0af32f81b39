-- Sounds of an account's own; the audio of each lies in the data folder below prompts/. `replaces` names the built-in
-- prompt in whose place one is said.
CREATE TABLE prompts (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    replaces TEXT,
    duration_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX prompts_account ON prompts (account_id, name);
CREATE UNIQUE INDEX prompts_replaces ON prompts (account_id, replaces) WHERE replaces IS NOT NULL;

-- Where messages are left for a person or a department.
CREATE TABLE mailboxes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    staff_id TEXT REFERENCES staff (id),
    department_id TEXT REFERENCES departments (id),
    greeting_id TEXT REFERENCES prompts (id),
    longest_s BIGINT NOT NULL,
    sends_email BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CHECK ((staff_id IS NULL) <> (department_id IS NULL))
);
CREATE INDEX mailboxes_account ON mailboxes (account_id, id);
CREATE UNIQUE INDEX mailboxes_staff ON mailboxes (staff_id) WHERE staff_id IS NOT NULL;
CREATE UNIQUE INDEX mailboxes_department ON mailboxes (department_id) WHERE department_id IS NOT NULL;

CREATE TABLE menus (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    short_number TEXT,
    prompt_id TEXT NOT NULL REFERENCES prompts (id),
    timeout_ms BIGINT NOT NULL,
    between_ms BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    dials_short BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX menus_account ON menus (account_id, name);
CREATE INDEX menus_prompt ON menus (prompt_id);
CREATE UNIQUE INDEX menus_short_number ON menus (account_id, short_number) WHERE short_number IS NOT NULL;

-- What a key does: 0 to 9, *, #, and 'timeout' and 'invalid' for callers who press nothing or nothing of these. No target:
-- the call is ended.
CREATE TABLE menu_choices (
    menu_id TEXT NOT NULL REFERENCES menus (id) ON DELETE CASCADE,
    choice TEXT NOT NULL,
    staff_id TEXT REFERENCES staff (id),
    department_id TEXT REFERENCES departments (id),
    to_menu_id TEXT REFERENCES menus (id),
    mailbox_id TEXT REFERENCES mailboxes (id),
    number TEXT,
    PRIMARY KEY (menu_id, choice)
);

-- A number reaches one of them; what callers hear before; whom it reaches when its schedule says closed.
CREATE TABLE connected_numbers (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    number TEXT NOT NULL,
    trunk_id TEXT REFERENCES trunks (id),
    project_id TEXT REFERENCES projects (id),
    staff_id TEXT REFERENCES staff (id),
    department_id TEXT REFERENCES departments (id),
    menu_id TEXT REFERENCES menus (id),
    mailbox_id TEXT REFERENCES mailboxes (id),
    greeting_id TEXT REFERENCES prompts (id),
    says_recorded BOOLEAN NOT NULL DEFAULT FALSE,
    schedule_id TEXT REFERENCES schedules (id),
    closed_staff_id TEXT REFERENCES staff (id),
    closed_department_id TEXT REFERENCES departments (id),
    closed_menu_id TEXT REFERENCES menus (id),
    closed_mailbox_id TEXT REFERENCES mailboxes (id),
    closed_number TEXT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CHECK (CASE WHEN staff_id IS NULL THEN 0 ELSE 1 END + CASE WHEN department_id IS NULL THEN 0 ELSE 1 END
        + CASE WHEN menu_id IS NULL THEN 0 ELSE 1 END + CASE WHEN mailbox_id IS NULL THEN 0 ELSE 1 END = 1)
);
INSERT INTO connected_numbers (id, account_id, number, trunk_id, project_id, staff_id, department_id, schedule_id,
        closed_staff_id, closed_department_id, closed_number, created_at, version)
    SELECT id, account_id, number, trunk_id, project_id, staff_id, department_id, schedule_id, closed_staff_id,
        closed_department_id, closed_number, created_at, version FROM numbers;
DROP TABLE numbers;
ALTER TABLE connected_numbers RENAME TO numbers;
CREATE UNIQUE INDEX numbers_number ON numbers (account_id, number);
CREATE INDEX numbers_trunk ON numbers (trunk_id);
CREATE INDEX numbers_department ON numbers (department_id);

ALTER TABLE departments ADD COLUMN overflow_menu_id TEXT REFERENCES menus (id);
ALTER TABLE departments ADD COLUMN overflow_mailbox_id TEXT REFERENCES mailboxes (id);
ALTER TABLE departments ADD COLUMN closed_menu_id TEXT REFERENCES menus (id);
ALTER TABLE departments ADD COLUMN closed_mailbox_id TEXT REFERENCES mailboxes (id);
