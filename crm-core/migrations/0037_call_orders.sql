-- The sum of what was asked for: the same key for another call is refused. Keys from before go with any.
ALTER TABLE call_orders ADD COLUMN wish_hash TEXT;
