-- Somebody's tokens are listed in pages, the newest first.
DROP INDEX api_tokens_staff;
CREATE INDEX api_tokens_staff ON api_tokens (account_id, staff_id, created_at, id);
