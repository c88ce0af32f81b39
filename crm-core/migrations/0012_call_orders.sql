-- Calls that were ordered by the API, by the key of whoever asked: asking twice makes one call.
CREATE TABLE call_orders (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    order_key TEXT NOT NULL,
    call_id TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, staff_id, order_key)
);
CREATE INDEX call_orders_made ON call_orders (made_at);

-- Missed calls, and whether their callers have been talked to since.
CREATE INDEX calls_missed ON calls (account_id, started_at, id) WHERE direction = 'inbound' AND disposition <> 'answered';
CREATE INDEX calls_caller ON calls (account_id, caller_number, started_at);
CREATE INDEX calls_callee ON calls (account_id, callee_number, started_at);
