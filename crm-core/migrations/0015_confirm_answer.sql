-- Whoever takes calls at a telephone outside presses a key first, so that no voicemail takes them.
ALTER TABLE staff ADD COLUMN confirm_answer BOOLEAN NOT NULL DEFAULT TRUE;
