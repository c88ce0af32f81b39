-- Whether somebody works in the office or from elsewhere; calls do not depend on it.
ALTER TABLE staff ADD COLUMN work_place TEXT NOT NULL DEFAULT 'office' CHECK (work_place IN ('office', 'remote'));
