-- What emergency calls show of a person who sits elsewhere than the account's own number says.
ALTER TABLE staff ADD COLUMN emergency_number TEXT;
