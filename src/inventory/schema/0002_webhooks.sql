-- Schema 2. What Meta tells of by itself, and which pages an app listens to.

-- Somebody of whom Meta said that something changed. The next pass looks at that person's tokens, and the row goes.
CREATE TABLE notice (
    app    TEXT    NOT NULL,
    person TEXT    NOT NULL,
    -- when it changed, as Meta says
    at     INTEGER NOT NULL,
    PRIMARY KEY (app, person)
) STRICT, WITHOUT ROWID;

-- Who asked Meta to have their data deleted. What stays afterwards names nobody.
CREATE TABLE deletion (
    -- the same for the same person and app, so that a repeated request is known by it
    code         TEXT    NOT NULL PRIMARY KEY,
    app          TEXT    NOT NULL,
    -- '' once nothing is left
    person       TEXT    NOT NULL,
    -- when Meta signed the request
    signed_at    INTEGER NOT NULL,
    asked_at     INTEGER NOT NULL,
    finished_at  INTEGER,
    -- how many tokens are gone, and up to which event the journal has been gone through
    tokens       INTEGER NOT NULL DEFAULT 0,
    journal_to   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX deletion_open ON deletion (asked_at) WHERE finished_at IS NULL;

-- Whether the app is told of what happens on a page, as Meta's list of subscribed apps said last.
CREATE TABLE subscription (
    token    INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    asked_at INTEGER NOT NULL,
    -- 'unknown': Meta did not say
    state    TEXT    NOT NULL CHECK (state IN ('subscribed', 'missing', 'unknown')),
    -- of the fields that the operator wants, those it is not told of
    missing  TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX subscription_missing ON subscription (token) WHERE state = 'missing';
