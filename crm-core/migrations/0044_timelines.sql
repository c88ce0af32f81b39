-- A note may be corrected: when that was. A client's requests are read in the order in which they came.
ALTER TABLE client_notes ADD COLUMN edited_at BIGINT;
DROP INDEX site_requests_client;
CREATE INDEX site_requests_client ON site_requests (client_id, created_at, id);
