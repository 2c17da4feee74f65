-- Schema 4: people log in. What stands in links and addresses is found by a keyed digest, so that who reads this
-- file cannot act on it.

-- A login that somebody is asked for: whose, what for, and until when the link is good.
CREATE TABLE login (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    app           TEXT    NOT NULL,
    -- whose, by Meta's id; '' when anybody's will do
    person        TEXT    NOT NULL,
    -- the token that is to be replaced, where one was named
    token         INTEGER REFERENCES token (id) ON DELETE SET NULL,
    incident      INTEGER REFERENCES incident (id) ON DELETE SET NULL,
    remedy        TEXT    NOT NULL,
    -- an operator said that fewer permissions will do
    accepts_fewer INTEGER NOT NULL,
    ticket        BLOB    NOT NULL,
    ticket_digest BLOB    NOT NULL UNIQUE,
    opened_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX login_for_incident ON login (incident) WHERE incident IS NOT NULL;
CREATE INDEX login_expiry ON login (expires_at);

-- One click on such a link, on its way to Meta and back.
CREATE TABLE login_attempt (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    login         INTEGER NOT NULL REFERENCES login (id) ON DELETE CASCADE,
    state_digest  BLOB    NOT NULL UNIQUE,
    result_digest BLOB    NOT NULL UNIQUE,
    redirect_uri  TEXT    NOT NULL,
    phase         TEXT    NOT NULL CHECK (phase IN ('begun', 'answered', 'taken', 'ended')),
    -- sealed, and only while it waits to be taken
    code          BLOB,
    ending        TEXT,
    -- of the phase
    since         INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX login_attempt_of ON login_attempt (login, id);
CREATE INDEX login_attempt_open ON login_attempt (phase) WHERE phase IN ('answered', 'taken');

-- A secret that may take the place of one with more permissions.
ALTER TABLE version ADD COLUMN accepts_fewer INTEGER NOT NULL DEFAULT 0;
