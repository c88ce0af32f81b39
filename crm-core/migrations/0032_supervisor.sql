-- To whom somebody reports: a colleague who works here; calls and rights do not depend on it.
ALTER TABLE staff ADD COLUMN supervisor_id TEXT REFERENCES staff (id);
CREATE INDEX staff_supervisor ON staff (supervisor_id) WHERE supervisor_id IS NOT NULL;
