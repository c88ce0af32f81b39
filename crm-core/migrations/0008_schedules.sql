-- Hours. A day is a weekday (mon to sun) or a date (2026-12-31); its intervals stand one a line, none: a day off.
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    observes_holidays BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX schedules_account ON schedules (account_id, name);

CREATE TABLE schedule_days (
    schedule_id TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    hours TEXT NOT NULL,
    PRIMARY KEY (schedule_id, day)
);

CREATE TABLE holidays (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    day TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (account_id, day)
);

ALTER TABLE accounts ADD COLUMN open_when_unknown BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE staff ADD COLUMN schedule_id TEXT REFERENCES schedules (id);
ALTER TABLE departments ADD COLUMN schedule_id TEXT REFERENCES schedules (id);
ALTER TABLE departments ADD COLUMN closed_staff_id TEXT REFERENCES staff (id);
ALTER TABLE departments ADD COLUMN closed_department_id TEXT REFERENCES departments (id);
ALTER TABLE departments ADD COLUMN closed_number TEXT;
ALTER TABLE numbers ADD COLUMN schedule_id TEXT REFERENCES schedules (id);
ALTER TABLE numbers ADD COLUMN closed_staff_id TEXT REFERENCES staff (id);
ALTER TABLE numbers ADD COLUMN closed_department_id TEXT REFERENCES departments (id);
ALTER TABLE numbers ADD COLUMN closed_number TEXT;
