-- The configuration as history. Each change of it is a revision, numbered from 1 in each account; what was there before
-- and after is the rows themselves, without their secrets.
CREATE TABLE revisions (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor_staff_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    thing TEXT NOT NULL,
    thing_id TEXT NOT NULL,
    name TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT,
    PRIMARY KEY (account_id, number)
);
CREATE INDEX revisions_thing ON revisions (account_id, thing, thing_id, number);

-- What each thing was when it was last seen: the next revision's beginning.
CREATE TABLE known_things (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    thing TEXT NOT NULL,
    thing_id TEXT NOT NULL,
    name TEXT NOT NULL,
    state_json TEXT NOT NULL,
    PRIMARY KEY (account_id, thing, thing_id)
);
