-- An account's own roles: rights and how far they reach, one a line (`calls:read own`).
CREATE TABLE roles (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    rights TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX roles_account ON roles (account_id, name);

CREATE TABLE staff_groups (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX staff_groups_account ON staff_groups (account_id, name);

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES staff_groups (id) ON DELETE CASCADE,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    PRIMARY KEY (group_id, staff_id)
);
CREATE INDEX group_members_staff ON group_members (staff_id);

-- The word of a role that is built in, or the id of an account's own.
CREATE TABLE group_roles (
    group_id TEXT NOT NULL REFERENCES staff_groups (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (group_id, role)
);

-- Roles beside the first one, which stands in staff.role and gives access.
CREATE TABLE staff_roles (
    staff_id TEXT NOT NULL REFERENCES staff (id),
    role TEXT NOT NULL,
    PRIMARY KEY (staff_id, role)
);

-- Moves on with every change of roles and groups: what is remembered of an older one is read anew.
ALTER TABLE accounts ADD COLUMN rights_version BIGINT NOT NULL DEFAULT 1;
-- When somebody's access ends by itself, unix milliseconds.
ALTER TABLE staff ADD COLUMN access_until BIGINT;

-- What tokens may do stays what it was: deleting and handing over are rights of their own now, and so is giving roles.
UPDATE api_tokens SET scopes = scopes || ' data:delete data:hand_over' WHERE ' ' || scopes || ' ' LIKE '% clients:write %';
UPDATE api_tokens SET scopes = scopes || ' roles:write' WHERE ' ' || scopes || ' ' LIKE '% staff:write %';
