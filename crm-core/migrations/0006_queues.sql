-- How a department's line works, and what a call has waited in one.
ALTER TABLE departments ADD COLUMN strategy TEXT NOT NULL DEFAULT 'ring_all';
ALTER TABLE departments ADD COLUMN ring_time_s BIGINT NOT NULL DEFAULT 20;
ALTER TABLE departments ADD COLUMN wrap_up_s BIGINT NOT NULL DEFAULT 0;
ALTER TABLE departments ADD COLUMN pause_after_missed_s BIGINT NOT NULL DEFAULT 10;
ALTER TABLE departments ADD COLUMN retry_s BIGINT NOT NULL DEFAULT 5;
ALTER TABLE departments ADD COLUMN capacity BIGINT;
ALTER TABLE departments ADD COLUMN longest_wait_s BIGINT;
ALTER TABLE departments ADD COLUMN join_when_empty TEXT NOT NULL DEFAULT 'somebody_works';
ALTER TABLE departments ADD COLUMN leave_when_empty_s BIGINT;
ALTER TABLE departments ADD COLUMN vip TEXT NOT NULL DEFAULT 'strict';
ALTER TABLE departments ADD COLUMN vip_lead_s BIGINT NOT NULL DEFAULT 300;
ALTER TABLE departments ADD COLUMN overtaken_at_most_s BIGINT DEFAULT 600;
ALTER TABLE departments ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE departments ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
ALTER TABLE departments ADD COLUMN service_level_s BIGINT NOT NULL DEFAULT 20;
ALTER TABLE departments ADD COLUMN overflow_department_id TEXT REFERENCES departments (id);
ALTER TABLE departments ADD COLUMN overflow_staff_id TEXT REFERENCES staff (id);
ALTER TABLE departments ADD COLUMN overflow_number TEXT;
ALTER TABLE departments ADD COLUMN announce_every_s BIGINT;
ALTER TABLE departments ADD COLUMN announce_position BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE departments ADD COLUMN announce_wait BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE department_members ADD COLUMN penalty BIGINT NOT NULL DEFAULT 0;
ALTER TABLE department_members ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
ALTER TABLE department_members ADD COLUMN calls_at_once BIGINT NOT NULL DEFAULT 1;

ALTER TABLE calls ADD COLUMN department_id TEXT;
ALTER TABLE calls ADD COLUMN waited_ms BIGINT;
CREATE INDEX calls_department ON calls (department_id, started_at) WHERE department_id IS NOT NULL;
