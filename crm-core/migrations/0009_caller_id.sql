-- Which number those who are called see, and who of the staff sees no client's number.
ALTER TABLE staff ADD COLUMN displayed_number TEXT;
ALTER TABLE staff ADD COLUMN show_number_on_system_calls BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE staff ADD COLUMN hide_client_number BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE staff ADD COLUMN raise_card BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE accounts ADD COLUMN single_number TEXT;
ALTER TABLE accounts ADD COLUMN emergency_number TEXT;
ALTER TABLE accounts ADD COLUMN forwarded_shows TEXT NOT NULL DEFAULT 'client';
ALTER TABLE accounts ADD COLUMN stub_number TEXT NOT NULL DEFAULT '+78123893298';
ALTER TABLE accounts ADD COLUMN stub_dials_back BOOLEAN NOT NULL DEFAULT TRUE;
-- What hidden clients' names are made with, in hex; made at the next start where it is absent.
ALTER TABLE accounts ADD COLUMN hiding_key TEXT;
