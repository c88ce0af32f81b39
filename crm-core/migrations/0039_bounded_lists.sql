-- Lists of which only some rows fit begin at their place in an index: one's own calls by the legs, deals that are open,
-- that have no next step or that somebody has, and what somebody did.
CREATE INDEX legs_staff ON legs (staff_id, started_at, call_id) WHERE staff_id IS NOT NULL;

DROP INDEX deals_staff;
CREATE INDEX deals_staff ON deals (staff_id, created_at, id) WHERE staff_id IS NOT NULL;
CREATE INDEX deals_staff_step ON deals (staff_id, step_at, id) WHERE staff_id IS NOT NULL AND step_at IS NOT NULL;
CREATE INDEX deals_open ON deals (account_id, created_at, id) WHERE closed_at IS NULL AND deleted_at IS NULL;
CREATE INDEX deals_no_step ON deals (account_id, created_at, id)
    WHERE step_at IS NULL AND closed_at IS NULL AND deleted_at IS NULL;

CREATE INDEX audit_actor ON audit (account_id, actor_staff_id, at, id) WHERE actor_staff_id IS NOT NULL;

-- The journal asks for the numbers of its batch.
CREATE INDEX erasures_mark ON erasures (mark);
CREATE INDEX erasures_at ON erasures (at);
