-- The mark of a person's photo, which lies in the data folder.
ALTER TABLE staff ADD COLUMN photo TEXT;
