-- Whoever has left a message has talked to nobody: such calls are missed ones. In which calls messages were left is asked for
-- each missed one.
CREATE INDEX voicemails_call ON voicemails (call_id);
UPDATE calls SET disposition = 'no_answer' WHERE disposition = 'answered'
    AND id IN (SELECT v.call_id FROM voicemails v)
    AND NOT EXISTS (SELECT 1 FROM legs l WHERE l.call_id = calls.id AND NOT l.caller AND l.answered_at IS NOT NULL);
