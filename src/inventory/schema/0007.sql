-- Schema 7. What is kept has bounds: these find what is older than them.

CREATE INDEX letter_done ON letter (written_at) WHERE next_try_at IS NULL;
CREATE INDEX incident_resolved ON incident (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX deletion_finished ON deletion (finished_at) WHERE finished_at IS NOT NULL;
-- the logins that operators asked for
CREATE INDEX login_by_hand ON login (expires_at) WHERE incident IS NULL;
