-- Callers who keep their number back (RFC 3323): it is kept, and shown to nobody who has not asked for it by name.
ALTER TABLE calls ADD COLUMN caller_restricted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE calls ADD COLUMN callee_restricted BOOLEAN NOT NULL DEFAULT FALSE;
