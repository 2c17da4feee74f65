-- Schema 7. Permissions that are required, verdicts that wait to be believed, and bounds on what is kept.

-- what the app asks for at login, as the configuration says
ALTER TABLE app ADD COLUMN scopes TEXT NOT NULL DEFAULT '';

-- permissions that the token had and Meta does not report any more
ALTER TABLE token ADD COLUMN lost_scopes TEXT NOT NULL DEFAULT '';
-- those that are required and that it never had, as of its last check
ALTER TABLE token ADD COLUMN ungranted_scopes TEXT NOT NULL DEFAULT '';
-- since when Meta refuses it with no living answer between, and the cause that it named last
ALTER TABLE token ADD COLUMN refused_since INTEGER;
ALTER TABLE token ADD COLUMN refused_cause TEXT;

-- Tokens that never had a required permission, until the operators were told.
CREATE TABLE ungranted (
    token    INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    found_at INTEGER NOT NULL
) STRICT;

CREATE INDEX ungranted_found ON ungranted (found_at);

-- A permission that was never there is no trouble of its owner any more.
UPDATE token SET cause = NULL WHERE state = 'healthy' AND cause IS NOT NULL;
INSERT OR IGNORE INTO attention (token)
    SELECT m.token FROM member m JOIN incident i ON i.id = m.incident
    WHERE i.story = 'permission_missing' AND m.left_at IS NULL;

-- What is kept has bounds: these find what is older than them.
CREATE INDEX letter_done ON letter (written_at) WHERE next_try_at IS NULL;
CREATE INDEX incident_resolved ON incident (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX deletion_finished ON deletion (finished_at) WHERE finished_at IS NOT NULL;
-- the logins that operators asked for
CREATE INDEX login_by_hand ON login (expires_at) WHERE incident IS NULL;

-- Tokens that were in hand when the daemon crashed. They are visited one by one, and the row goes after a visit.
CREATE TABLE suspect (
    token        INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    -- in how many crashes in a row
    crashes      INTEGER NOT NULL,
    -- no visit any more from then on, until it is asked for
    set_aside_at INTEGER
) STRICT;

-- When mail last got through.
CREATE INDEX letter_sent ON letter (sent_at) WHERE sent_at IS NOT NULL;

-- Each `signed_request` that was accepted, until it is too old to be accepted again. The payload does not say which
-- callback it is for, so one that was used at one callback is refused at the other.
CREATE TABLE signed_request (
    -- keyed, of app and payload
    digest    BLOB    NOT NULL PRIMARY KEY,
    callback  TEXT    NOT NULL CHECK (callback IN ('deauthorize', 'data_deletion')),
    forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX signed_request_age ON signed_request (forget_at);

-- An email's body holds login links. It is sealed, and null once it was cleared. The upgrade seals what `text` and
-- `html` hold and drops these two columns; it also seals each version's secret again, bound to its token's name and app.
ALTER TABLE letter ADD COLUMN sealed_text BLOB;
ALTER TABLE letter ADD COLUMN sealed_html BLOB;
