-- Schema 1. A shipped file is never edited: what changes comes as the next number.
-- Instants are Unix seconds. An end that may not exist is an integer, or the word 'never' or 'unknown'.

-- Data keys, wrapped by the operator's key, which never stands here.
CREATE TABLE data_key (
    id           INTEGER PRIMARY KEY,
    purpose      TEXT    NOT NULL CHECK (purpose IN ('seal', 'fingerprint')),
    wrapped      BLOB    NOT NULL,
    wrapping_key TEXT    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

-- One row per app: what is true of the app rather than of any token.
CREATE TABLE app (
    name          TEXT    NOT NULL PRIMARY KEY,
    budget        TEXT    NOT NULL DEFAULT '',
    trouble       TEXT,
    trouble_since INTEGER,
    failures      INTEGER NOT NULL DEFAULT 0,
    resume_at     INTEGER NOT NULL DEFAULT 0,
    -- the Graph version that answered, when it is not the configured one
    served_version TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    -- never reused: a sealed secret is bound to it
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    app                    TEXT    NOT NULL,
    name                   TEXT    NOT NULL UNIQUE,
    -- what Meta last told; kind is null until it told anything
    kind                   TEXT,
    subject                TEXT    NOT NULL DEFAULT '',
    subject_name           TEXT,
    person                 TEXT    NOT NULL DEFAULT '',
    issued_at              INTEGER,
    expires_at             ANY     NOT NULL DEFAULT 'unknown',
    data_access_expires_at ANY     NOT NULL DEFAULT 'unknown',
    scopes                 TEXT    NOT NULL DEFAULT '',
    parent                 INTEGER REFERENCES token (id) ON DELETE SET NULL,
    -- what the operator wants
    required_scopes        TEXT    NOT NULL,
    owners                 TEXT    NOT NULL,
    -- how it is doing
    state                  TEXT    NOT NULL DEFAULT 'unverified',
    cause                  TEXT,
    since                  INTEGER,
    failures               INTEGER NOT NULL DEFAULT 0,
    -- its secrets
    version                INTEGER NOT NULL DEFAULT 1,
    fingerprint            TEXT    NOT NULL,
    imported_at            INTEGER NOT NULL,
    rotated_at             INTEGER,
    rotation_outcome       TEXT,
    rotation_at            INTEGER,
    -- noted before the exchange is asked for
    rotation_tried_at      INTEGER
) STRICT;

CREATE INDEX token_of_person  ON token (app, person);
CREATE INDEX token_of_subject ON token (app, subject);
CREATE INDEX token_of_parent  ON token (parent) WHERE parent IS NOT NULL;
CREATE INDEX token_in_state   ON token (state, name);

-- When each token is due. Narrow, for a sweep of a healthy fleet writes only here.
CREATE TABLE agenda (
    token        INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    app          TEXT    NOT NULL,
    -- null when only a person can change anything
    due_at       INTEGER,
    action       TEXT    NOT NULL DEFAULT 'check',
    deadline     INTEGER,
    leased_until INTEGER NOT NULL DEFAULT 0,
    checked_at   INTEGER
) STRICT;

CREATE INDEX agenda_due      ON agenda (app, due_at, deadline) WHERE due_at IS NOT NULL;
CREATE INDEX agenda_deadline ON agenda (deadline) WHERE deadline IS NOT NULL;

-- Every secret that is in use, was, or wants to be; sealed.
CREATE TABLE version (
    token       INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    role        TEXT    NOT NULL CHECK (role IN ('current', 'previous', 'candidate')),
    secret      BLOB    NOT NULL,
    digest      BLOB    NOT NULL,
    obtained_at INTEGER NOT NULL,
    ends_at     ANY     NOT NULL DEFAULT 'unknown',
    PRIMARY KEY (token, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX version_by_digest ON version (digest);
CREATE UNIQUE INDEX version_current ON version (token) WHERE role = 'current';
CREATE UNIQUE INDEX version_candidate ON version (token) WHERE role = 'candidate';
CREATE INDEX version_ending ON version (ends_at) WHERE role = 'previous';

-- Which pages a user token reaches, as its own list of pages said last.
CREATE TABLE administers (
    token INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    page  TEXT    NOT NULL,
    name  TEXT    NOT NULL,
    PRIMARY KEY (token, page)
) STRICT, WITHOUT ROWID;

CREATE INDEX administers_page ON administers (page);

-- What somebody asked for on the socket; the next pass acts on it.
CREATE TABLE errand (
    token    INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    action   TEXT    NOT NULL,
    event    INTEGER NOT NULL,
    asked_at INTEGER NOT NULL
) STRICT;

-- The journal. It outlives the tokens it speaks of.
CREATE TABLE event (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    token  INTEGER,
    name   TEXT,
    app    TEXT,
    detail TEXT    NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX event_of_token ON event (token, id) WHERE token IS NOT NULL;

-- Tokens whose need for a person changed since the alerts last looked.
CREATE TABLE attention (
    token INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE incident (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    app                TEXT    NOT NULL,
    -- causes of one story belong together: an end that comes, and the same end come
    story              TEXT    NOT NULL,
    cause              TEXT    NOT NULL,
    -- the person's id, or '' when it is the app itself
    subject            TEXT    NOT NULL,
    opened_at          INTEGER NOT NULL,
    deadline           INTEGER,
    -- when the first of its tokens died
    broken_since       INTEGER,
    acknowledged_until INTEGER,
    resolved_at        INTEGER,
    -- null when nothing is left to say
    review_at          INTEGER,
    told               TEXT    NOT NULL DEFAULT '[]',
    told_cause         TEXT,
    told_at            INTEGER
) STRICT;

-- At most one open incident per cause and person.
CREATE UNIQUE INDEX incident_open ON incident (app, story, subject) WHERE resolved_at IS NULL;
CREATE INDEX incident_due ON incident (review_at) WHERE review_at IS NOT NULL;

-- Whom an incident is about; those that are well again have left, and are still counted.
CREATE TABLE member (
    incident INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
    token    INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    left_at  INTEGER,
    PRIMARY KEY (incident, token)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX member_now ON member (token) WHERE left_at IS NULL;
CREATE INDEX member_ever ON member (token);

-- Letters, until they are sent and after.
CREATE TABLE letter (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    incident     INTEGER REFERENCES incident (id) ON DELETE SET NULL,
    message_id   TEXT    NOT NULL UNIQUE,
    in_reply_to  TEXT,
    recipients   TEXT    NOT NULL,
    -- those of them whom the mail server has taken it for already
    reached      TEXT    NOT NULL DEFAULT '[]',
    subject      TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    html         TEXT    NOT NULL,
    written_at   INTEGER NOT NULL,
    next_try_at  INTEGER,
    attempts     INTEGER NOT NULL DEFAULT 0,
    sent_at      INTEGER,
    last_error   TEXT
) STRICT;

CREATE INDEX letter_waiting ON letter (next_try_at) WHERE next_try_at IS NOT NULL;

-- How many tokens are in each state, so that nobody has to count a million.
CREATE TABLE tally (
    state TEXT    NOT NULL PRIMARY KEY,
    n     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tally_in AFTER INSERT ON token BEGIN
    INSERT INTO tally (state, n) VALUES (NEW.state, 1)
    ON CONFLICT (state) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER tally_out AFTER DELETE ON token BEGIN
    UPDATE tally SET n = n - 1 WHERE state = OLD.state;
END;

CREATE TRIGGER tally_move AFTER UPDATE OF state ON token WHEN OLD.state <> NEW.state BEGIN
    UPDATE tally SET n = n - 1 WHERE state = OLD.state;
    INSERT INTO tally (state, n) VALUES (NEW.state, 1)
    ON CONFLICT (state) DO UPDATE SET n = n + 1;
END;
