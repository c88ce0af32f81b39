-- Whose webhook it was when a delivery was put into the queue: what it tells is what that person may read. NULL is not known.
ALTER TABLE webhook_deliveries ADD COLUMN owner_id TEXT;

-- When a program has last shown a token.
ALTER TABLE api_tokens ADD COLUMN last_used_at BIGINT;
