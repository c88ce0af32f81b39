-- Calls of a person and calls to a number are found among millions of others.
CREATE INDEX calls_caller_staff ON calls (account_id, caller_staff_id, started_at, id) WHERE caller_staff_id IS NOT NULL;
CREATE INDEX calls_callee_staff ON calls (account_id, callee_staff_id, started_at, id) WHERE callee_staff_id IS NOT NULL;
CREATE INDEX calls_called ON calls (account_id, called, started_at, id);
