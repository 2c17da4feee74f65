-- Schema 5. Who was told and did nothing, what comes again and again, what is asked for ahead of time, and which
-- summaries were written.

-- since when somebody knows of it and has done nothing; null once somebody has
ALTER TABLE incident ADD COLUMN awaiting_since INTEGER;
-- when it went to a second person
ALTER TABLE incident ADD COLUMN escalated_at INTEGER;
-- how often the same trouble came back soon after it was over
ALTER TABLE incident ADD COLUMN relapses INTEGER NOT NULL DEFAULT 0;
-- nothing is left of it, but it came back so often that this may not last
ALTER TABLE incident ADD COLUMN well_since INTEGER;
ALTER TABLE incident ADD COLUMN flapping_told_at INTEGER;
-- the apps that an outage hit
ALTER TABLE incident ADD COLUMN apps TEXT NOT NULL DEFAULT '[]';

UPDATE incident SET awaiting_since = told_at WHERE resolved_at IS NULL AND acknowledged_until IS NULL;

CREATE INDEX incident_story ON incident (app, story, subject, resolved_at);

ALTER TABLE member ADD COLUMN joined_at INTEGER NOT NULL DEFAULT 0;
-- 1: in no trouble yet, but it ends soon after the others, and the same login renews it
ALTER TABLE member ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;

-- The summaries that were written, each by the tick that it was due at.
CREATE TABLE digest (
    tick       INTEGER NOT NULL PRIMARY KEY,
    -- the newest event that it knew of
    event      INTEGER NOT NULL,
    written_at INTEGER NOT NULL
) STRICT;
