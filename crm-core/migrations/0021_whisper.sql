-- What a member who has picked up hears before the caller is put through.
ALTER TABLE departments ADD COLUMN whisper_department BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE departments ADD COLUMN whisper_vip BOOLEAN NOT NULL DEFAULT FALSE;
