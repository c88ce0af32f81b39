-- The certificate that a provider's servers have to show over TLS: its SHA-256 in hex with colons. NULL: one of a known
-- authority for the server's name.
ALTER TABLE trunks ADD COLUMN tls_fingerprint TEXT;
