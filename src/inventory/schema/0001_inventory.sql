-- Schema 1. Edited in place until the first release; after it, every change is the next file.
-- Times are Unix seconds. An expiry is NULL when it is unknown, and 9223372036854775807 when the token never expires.

-- Data keys, wrapped by the operator's key, which is never stored here.
CREATE TABLE data_key (
    id           INTEGER PRIMARY KEY,
    purpose      TEXT    NOT NULL CHECK (purpose IN ('seal', 'fingerprint')),
    wrapped      BLOB    NOT NULL,
    wrapping_key TEXT    NOT NULL,
    created_at   INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;

-- The data keys wrapped by the operator's next key, while it is being put in place.
CREATE TABLE rewrapped_key (
    id           INTEGER PRIMARY KEY REFERENCES data_key (id) ON DELETE CASCADE,
    wrapped      BLOB    NOT NULL,
    wrapping_key TEXT    NOT NULL
) STRICT;

-- What is true of an app rather than of one of its tokens.
CREATE TABLE app (
    name           TEXT    NOT NULL PRIMARY KEY,
    budget         TEXT    NOT NULL DEFAULT '',
    -- the cause of the error that affects the whole app, if any, and since when
    error          TEXT,
    failing_since  INTEGER,
    failures       INTEGER NOT NULL DEFAULT 0,
    resume_at      INTEGER NOT NULL DEFAULT 0,
    -- the Graph version that answered, when it is not the configured one
    served_version TEXT,
    -- the scopes that the configuration asks for at login
    scopes         TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    -- never reused: sealed secrets are bound to it
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    app                    TEXT    NOT NULL,
    name                   TEXT    NOT NULL UNIQUE,
    -- what Meta said last; kind, subject and person are NULL until the first check
    kind                   TEXT,
    subject                TEXT,
    subject_name           TEXT,
    person                 TEXT,
    issued_at              INTEGER,
    expires_at             INTEGER,
    data_access_expires_at INTEGER,
    scopes                 TEXT    NOT NULL DEFAULT '',
    -- the user token that a page token was derived from
    parent                 INTEGER,
    -- what the operator asked for
    required_scopes        TEXT    NOT NULL,
    owners                 TEXT    NOT NULL,
    -- scopes that the token had and lost; scopes that it needs and never had
    lost_scopes            TEXT    NOT NULL DEFAULT '',
    ungranted_scopes       TEXT    NOT NULL DEFAULT '',
    state                  TEXT    NOT NULL DEFAULT 'unverified',
    cause                  TEXT,
    since                  INTEGER,
    failures               INTEGER NOT NULL DEFAULT 0,
    -- since when Meta has refused it without a good answer in between, and the cause it named last
    refused_since          INTEGER,
    refused_cause          TEXT,
    version                INTEGER NOT NULL DEFAULT 1,
    fingerprint            TEXT    NOT NULL,
    imported_at            INTEGER NOT NULL,
    rotated_at             INTEGER,
    rotation_outcome       TEXT,
    rotation_at            INTEGER,
    -- written before the exchange is sent: when it was begun, and how many were
    rotation_tried_at      INTEGER,
    exchanges              INTEGER NOT NULL DEFAULT 0
) STRICT;

-- By state, so that a search for a person's living tokens does not read thousands that are dead.
CREATE INDEX token_of_person  ON token (app, person, state) WHERE person IS NOT NULL;
-- A person has few tokens of their own, and may have 100,000 of pages.
CREATE INDEX token_of_own     ON token (app, person) WHERE kind <> 'page';
CREATE INDEX token_of_subject ON token (app, subject) WHERE subject IS NOT NULL;
CREATE INDEX token_of_parent  ON token (parent) WHERE parent IS NOT NULL;
-- Most tokens are healthy, and are listed in the order of their names. So a token that becomes healthy only leaves this.
CREATE INDEX token_in_state   ON token (state, name)
    WHERE state = 'unverified' OR state = 'expiring' OR state = 'failing' OR state = 'dead';

-- A foreign key from a table to itself would double the cost of every update.
CREATE TRIGGER parent_out AFTER DELETE ON token BEGIN
    UPDATE token SET parent = NULL WHERE parent = OLD.id;
END;

-- When each token is due. Narrow, because a sweep of a healthy fleet writes only here.
CREATE TABLE schedule (
    token        INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    app          TEXT    NOT NULL,
    -- NULL while only a person can help
    due_at       INTEGER,
    action       TEXT    NOT NULL DEFAULT 'check',
    deadline     INTEGER,
    checked_at   INTEGER,
    -- a digest of Meta's last answer, and until when the same answer changes nothing; NULL when any answer is to be judged
    known_answer INTEGER,
    known_until  INTEGER
) STRICT;

CREATE INDEX schedule_due      ON schedule (app, due_at, deadline) WHERE due_at IS NOT NULL;
CREATE INDEX schedule_deadline ON schedule (deadline) WHERE deadline IS NOT NULL;

-- Every secret of a token: current, previous, or a candidate. Sealed.
CREATE TABLE version (
    token         INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('current', 'previous', 'candidate')),
    secret        BLOB    NOT NULL,
    digest        BLOB    NOT NULL,
    obtained_at   INTEGER NOT NULL,
    ends_at       INTEGER,
    -- a candidate that may replace a secret with more scopes
    accepts_fewer INTEGER NOT NULL DEFAULT 0,
    -- which of the token's exchanges was begun with this candidate, for one that lasts longer
    exchanged_by  INTEGER,
    -- of a candidate that Meta gave for the secret in use: the exchange that it came from
    exchange      INTEGER,
    PRIMARY KEY (token, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX version_by_digest ON version (digest);
CREATE UNIQUE INDEX version_current ON version (token) WHERE role = 'current';
-- One candidate that was handed in, and one of each exchange.
CREATE UNIQUE INDEX version_candidate ON version (token, coalesce(exchange, 0)) WHERE role = 'candidate';
CREATE INDEX version_ending ON version (ends_at) WHERE role = 'previous';

-- The candidate that was refused last. The row is deleted when another candidate is stored.
CREATE TABLE refused_candidate (
    token      INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    refused_at INTEGER NOT NULL,
    -- why, as JSON
    why        TEXT    NOT NULL
) STRICT;

-- The pages that a user token can manage, as of its last check.
CREATE TABLE page_admin (
    token INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    page  TEXT    NOT NULL,
    name  TEXT    NOT NULL,
    PRIMARY KEY (token, page)
) STRICT, WITHOUT ROWID;

CREATE INDEX page_admin_page ON page_admin (page);

-- The latest order for each token, and what became of it. The next sweep carries out those that are pending.
CREATE TABLE token_order (
    token        INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    action       TEXT    NOT NULL,
    event        INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    -- null while it is pending
    ended_at     INTEGER,
    outcome      TEXT
) STRICT;

CREATE INDEX pending_order ON token_order (token) WHERE ended_at IS NULL;

-- What the sweeps have in hand, a row for many tokens. No other sweep takes these tokens before the claim ends.
CREATE TABLE claim (
    id      INTEGER PRIMARY KEY,
    app     TEXT    NOT NULL,
    -- their ids, as a JSON list
    tokens  TEXT    NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;

-- Tokens that were being checked when the daemon crashed. They are checked one at a time, and the row is deleted after.
CREATE TABLE crash_suspect (
    token        INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    -- consecutive crashes
    crashes      INTEGER NOT NULL,
    -- no more checks from then on, until one is ordered
    set_aside_at INTEGER
) STRICT;

-- Whether the app receives a page's webhooks, from Meta's list of subscribed apps.
CREATE TABLE webhook_subscription (
    token      INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    checked_at INTEGER NOT NULL,
    -- 'unknown': Meta did not say
    state      TEXT    NOT NULL CHECK (state IN ('subscribed', 'missing', 'unknown')),
    -- the required fields that the app is not subscribed to
    missing    TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX webhook_subscription_missing ON webhook_subscription (token) WHERE state = 'missing';

-- Tokens that never had a required scope, until the operators are notified.
CREATE TABLE ungranted (
    token    INTEGER PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
    found_at INTEGER NOT NULL
) STRICT;

CREATE INDEX ungranted_found ON ungranted (found_at);

-- The journal. It outlives the tokens that it names.
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
-- Earlier names of tokens, by which older events name them.
CREATE INDEX event_renamed ON event (token) WHERE kind = 'renamed';

-- Tokens whose state changed since the alerts worker last looked at them.
CREATE TABLE incident_queue (
    token INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE incident (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    app                  TEXT    NOT NULL,
    -- groups causes: an expiry that is near, and the same expiry once it has passed
    incident_cause       TEXT    NOT NULL,
    cause                TEXT    NOT NULL,
    -- the person's id, or '' for the app itself
    subject              TEXT    NOT NULL,
    -- the apps that an outage affects
    apps                 TEXT    NOT NULL DEFAULT '[]',
    opened_at            INTEGER NOT NULL,
    deadline             INTEGER,
    -- when the first of its tokens died
    broken_since         INTEGER,
    acknowledged_until   INTEGER,
    resolved_at          INTEGER,
    -- NULL when there is nothing left to send
    review_at            INTEGER,
    notified             TEXT    NOT NULL DEFAULT '[]',
    notified_cause       TEXT,
    notified_at          INTEGER,
    -- since when someone has been notified and has not acted; NULL once someone acts
    awaiting_since       INTEGER,
    -- when it was sent to a second person
    escalated_at         INTEGER,
    -- how often the same cause came back soon after it was resolved
    relapses             INTEGER NOT NULL DEFAULT 0,
    -- all its tokens work again, but it relapsed too often to be resolved at once
    stable_since         INTEGER,
    flapping_notified_at INTEGER
) STRICT;

-- At most one open incident per cause and person.
CREATE UNIQUE INDEX incident_open ON incident (app, incident_cause, subject) WHERE resolved_at IS NULL;
CREATE INDEX incident_by_cause ON incident (app, incident_cause, subject, resolved_at);
CREATE INDEX incident_due ON incident (review_at) WHERE review_at IS NOT NULL;
CREATE INDEX incident_resolved ON incident (resolved_at) WHERE resolved_at IS NOT NULL;

-- The tokens of an incident. Those that work again have left it, and still count.
CREATE TABLE incident_token (
    incident  INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
    token     INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    joined_at INTEGER NOT NULL DEFAULT 0,
    left_at   INTEGER,
    -- 1: still works, but expires soon after the others, and the same login renews it
    upcoming  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (incident, token)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX incident_token_now ON incident_token (token) WHERE left_at IS NULL;
CREATE INDEX incident_token_ever ON incident_token (token);

-- Emails, before and after they are sent.
CREATE TABLE email (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    incident       INTEGER REFERENCES incident (id) ON DELETE SET NULL,
    message_id     TEXT    NOT NULL UNIQUE,
    in_reply_to    TEXT,
    recipients     TEXT    NOT NULL,
    -- the recipients that the mail server accepted, and those that it refused for good
    delivered_to   TEXT    NOT NULL DEFAULT '[]',
    refused        TEXT    NOT NULL DEFAULT '[]',
    subject        TEXT    NOT NULL,
    -- sealed, because they hold login links; NULL once they were cleared
    text           BLOB,
    html           BLOB,
    created_at     INTEGER NOT NULL,
    next_try_at    INTEGER,
    attempts       INTEGER NOT NULL DEFAULT 0,
    sent_at        INTEGER,
    last_error     TEXT,
    -- since when a reachable mail server has refused it
    failing_since  INTEGER,
    given_up_at    INTEGER,
    -- since when it is known not to reach one of its recipients
    undelivered_at INTEGER,
    -- 1 once an operator was sent an email about that
    reported       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX email_waiting ON email (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX email_to_report ON email (id) WHERE undelivered_at IS NOT NULL AND reported = 0;
CREATE INDEX email_of_incident ON email (incident, id);
CREATE INDEX email_done ON email (created_at) WHERE next_try_at IS NULL;
CREATE INDEX email_sent ON email (sent_at) WHERE sent_at IS NOT NULL;

-- The figures of the mail queue are read from these alone, because the bodies make the rows long.
CREATE INDEX email_waiting_since ON email (created_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX email_waiting_error ON email (id, last_error) WHERE next_try_at IS NOT NULL AND last_error IS NOT NULL;
CREATE INDEX email_unreached ON email (created_at, next_try_at, undelivered_at, last_error) WHERE delivered_to = '[]';
CREATE INDEX email_undelivered ON email (incident, id, delivered_to, last_error) WHERE undelivered_at IS NOT NULL;
CREATE INDEX email_delivered ON email (incident, id) WHERE sent_at IS NOT NULL AND undelivered_at IS NULL;

-- One version of a token for one sink. Of each token and sink, only the newest version waits.
CREATE TABLE delivery (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    token         INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    sink          TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    state         TEXT    NOT NULL DEFAULT 'pending',
    created_at    INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    -- NULL when nothing is left to try
    next_try_at   INTEGER,
    failing_since INTEGER,
    -- since when attempts for this token and sink fail; unlike failing_since it outlives a retry and a newer version
    undelivered_since INTEGER,
    last_error    TEXT,
    delivered_at  INTEGER,
    in_use_at     INTEGER,
    -- since when a consumer has not confirmed this version; NULL once all have, or once there is a newer version
    lagging_since INTEGER,
    UNIQUE (token, sink, version)
) STRICT;

CREATE INDEX delivery_due ON delivery (sink, next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX delivery_in_state ON delivery (state, id) WHERE state = 'pending' OR state = 'failed';
CREATE INDEX delivery_lagging ON delivery (sink, lagging_since) WHERE lagging_since IS NOT NULL;
CREATE INDEX delivery_undelivered ON delivery (sink, undelivered_since) WHERE undelivered_since IS NOT NULL;
CREATE INDEX delivery_done ON delivery (created_at) WHERE state <> 'pending';

-- The files that sinks wrote. A row outlives its token and its sink, so that the file can be removed.
CREATE TABLE delivered_file (
    path  TEXT    NOT NULL PRIMARY KEY,
    sink  TEXT    NOT NULL,
    token INTEGER NOT NULL,
    -- whether the file must be looked at again: 'check', or 'remove' because a person's data must go
    stale TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX delivered_file_of ON delivered_file (token, sink);
CREATE INDEX delivered_file_stale ON delivered_file (path) WHERE stale IS NOT NULL;

-- Sinks whose receiver said that it wants nothing more. They are left alone until an operator says otherwise.
CREATE TABLE disabled_sink (
    sink        TEXT    NOT NULL PRIMARY KEY,
    reason      TEXT    NOT NULL,
    disabled_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who uses a token: a user who fetched it, or a sink.
CREATE TABLE consumer (
    token          INTEGER NOT NULL REFERENCES token (id) ON DELETE CASCADE,
    name           TEXT    NOT NULL,
    -- the newest version that it was given, and the one that it said it uses
    seen_version   INTEGER,
    seen_at        INTEGER,
    in_use_version INTEGER,
    in_use_at      INTEGER,
    PRIMARY KEY (token, name)
) STRICT, WITHOUT ROWID;

-- Messages about incidents to chat rooms and other programs, before and after they are sent.
CREATE TABLE post (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- its name in the configuration
    channel     TEXT    NOT NULL,
    incident    INTEGER REFERENCES incident (id) ON DELETE CASCADE,
    message_id  TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    -- what it says, as JSON, without links and addresses
    content     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    next_try_at INTEGER,
    attempts    INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT,
    sent_at     INTEGER,
    given_up_at INTEGER,
    -- the HTTP status of the answer
    status      INTEGER,
    UNIQUE (channel, message_id)
) STRICT;

CREATE INDEX post_waiting ON post (channel, next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX post_of_incident ON post (incident, channel) WHERE incident IS NOT NULL;
CREATE INDEX post_done ON post (created_at) WHERE next_try_at IS NULL;

-- How the channels of posts are doing.
CREATE TABLE post_channel (
    name          TEXT    NOT NULL PRIMARY KEY,
    -- since when every attempt has failed; NULL while it works
    failing_since INTEGER,
    last_error    TEXT,
    -- 1 when only an operator can make it work again
    refused       INTEGER NOT NULL DEFAULT 0,
    -- when others were notified that it fails; NULL once they know that it works again
    reported_at   INTEGER,
    -- totals that survive pruning
    sent          INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    given_up      INTEGER NOT NULL DEFAULT 0,
    -- the last event of the journal that was searched for renewals
    journal_to    INTEGER
) STRICT, WITHOUT ROWID;

-- The digests that were written, by the scheduled time that they were for.
CREATE TABLE digest (
    tick       INTEGER NOT NULL PRIMARY KEY,
    -- the newest event that it includes
    event      INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- A login that someone is asked for. Links and addresses are looked up by a keyed digest, so that a reader of this file
-- cannot use them.
CREATE TABLE login (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    app                 TEXT    NOT NULL,
    -- Meta's id of the person, or '' when anyone may log in
    person              TEXT    NOT NULL,
    -- the token to replace, if one was named
    token               INTEGER REFERENCES token (id) ON DELETE SET NULL,
    incident            INTEGER REFERENCES incident (id) ON DELETE SET NULL,
    remedy              TEXT    NOT NULL,
    -- an operator accepts a token with fewer scopes
    accepts_fewer       INTEGER NOT NULL,
    login_ticket        BLOB    NOT NULL,
    login_ticket_digest BLOB    NOT NULL UNIQUE,
    opened_at           INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL
) STRICT;

CREATE INDEX login_for_incident ON login (incident) WHERE incident IS NOT NULL;
CREATE INDEX login_expiry ON login (expires_at);
-- the logins that an operator asked for
CREATE INDEX login_by_hand ON login (expires_at) WHERE incident IS NULL;

-- One click on a login link, on its way to Meta and back.
CREATE TABLE login_attempt (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    login         INTEGER NOT NULL REFERENCES login (id) ON DELETE CASCADE,
    state_digest  BLOB    NOT NULL UNIQUE,
    result_digest BLOB    NOT NULL UNIQUE,
    redirect_uri  TEXT    NOT NULL,
    phase         TEXT    NOT NULL CHECK (phase IN ('begun', 'answered', 'claimed', 'ended')),
    -- sealed; present only until the login worker claims it
    code          BLOB,
    ending        TEXT,
    -- when the phase began
    since         INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX login_attempt_of ON login_attempt (login, id);
CREATE INDEX login_attempt_open ON login_attempt (phase) WHERE phase IN ('answered', 'claimed');

-- Calendars of coming logins that were given an address. The address is found by the ticket's keyed digest, and printed
-- from the sealed ticket.
CREATE TABLE calendar (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    -- '' and '' for the calendar of the operators
    app           TEXT    NOT NULL,
    person        TEXT    NOT NULL,
    ticket        BLOB    NOT NULL,
    ticket_digest BLOB    NOT NULL UNIQUE,
    -- JSON: what was shown last, by which a change is recognized
    shown         TEXT    NOT NULL DEFAULT 'null',
    UNIQUE (app, person)
) STRICT;

-- People about whom Meta's webhooks said that something changed. The next sweep checks their tokens and deletes the row.
CREATE TABLE webhook_notice (
    app    TEXT    NOT NULL,
    person TEXT    NOT NULL,
    -- when it changed, according to Meta
    at     INTEGER NOT NULL,
    PRIMARY KEY (app, person)
) STRICT, WITHOUT ROWID;

-- Requests to delete a person's data. What remains when one is finished names nobody.
CREATE TABLE data_deletion (
    -- the same for the same person and app, so that a repeated request is recognized
    code         TEXT    NOT NULL PRIMARY KEY,
    app          TEXT    NOT NULL,
    -- '' when finished
    person       TEXT    NOT NULL,
    -- when Meta signed the request
    signed_at    INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    finished_at  INTEGER,
    -- how many tokens were deleted, and the last event of the journal that was redacted
    tokens       INTEGER NOT NULL DEFAULT 0,
    journal_to   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX data_deletion_open ON data_deletion (requested_at) WHERE finished_at IS NULL;
CREATE INDEX data_deletion_finished ON data_deletion (finished_at) WHERE finished_at IS NOT NULL;

-- Each accepted `signed_request`, for as long as it could be replayed. Its payload does not say which callback it is for,
-- so one that was used at one callback is refused at the other.
CREATE TABLE signed_request (
    -- keyed, of app and payload
    digest       BLOB    NOT NULL PRIMARY KEY,
    callback     TEXT    NOT NULL CHECK (callback IN ('deauthorize', 'data_deletion')),
    delete_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX signed_request_age ON signed_request (delete_after);

-- The daemons that share this inventory, and which of them holds which duty. Empty where only one daemon can use it.
CREATE TABLE node (
    -- new at every start
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    -- by the clock of the database
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    -- JSON: the ids of its apps, and a fingerprint of each section of its configuration
    settings   TEXT    NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;

CREATE TABLE duty (
    name    TEXT    NOT NULL PRIMARY KEY,
    -- the id of a node, or '' when it was given up
    holder  TEXT    NOT NULL,
    -- goes up with every holder; each write of a holder compares it
    epoch   INTEGER NOT NULL,
    -- in milliseconds, by the clock of the database
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Starts of the daemon. One that never ended crashed, unless it is the latest and still running.
CREATE TABLE daemon_run (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- the name of the node; '' where only one daemon can use the inventory
    node       TEXT    NOT NULL DEFAULT '',
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;

-- How many tokens each app has, and how many of those that were checked are of each kind and in each state, so that no
-- query counts a million of them. The rest are unverified. A first check thus changes one row, as few as possible.
-- The triggers use no ON CONFLICT DO UPDATE: with it SQLite makes ready to undo each statement, and copies every page that
-- it changes.
CREATE TABLE token_total (
    app    TEXT    NOT NULL PRIMARY KEY,
    tokens INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE checked_total (
    app    TEXT    NOT NULL,
    -- '' when no check could find it out yet
    kind   TEXT    NOT NULL,
    state  TEXT    NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (app, kind, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER token_total_in AFTER INSERT ON token BEGIN
    UPDATE token_total SET tokens = tokens + 1 WHERE app = NEW.app;
    INSERT INTO token_total (app, tokens) SELECT NEW.app, 1 WHERE changes() = 0;
END;

CREATE TRIGGER token_total_out AFTER DELETE ON token BEGIN
    UPDATE token_total SET tokens = tokens - 1 WHERE app = OLD.app;
    UPDATE checked_total SET tokens = tokens - 1
    WHERE OLD.state <> 'unverified' AND app = OLD.app AND kind = coalesce(OLD.kind, '') AND state = OLD.state;
END;

CREATE TRIGGER checked_total_move AFTER UPDATE OF state, kind ON token
    WHEN OLD.state <> NEW.state OR OLD.kind IS NOT NEW.kind BEGIN
    UPDATE checked_total SET tokens = tokens - 1
    WHERE OLD.state <> 'unverified' AND app = OLD.app AND kind = coalesce(OLD.kind, '') AND state = OLD.state;
    UPDATE checked_total SET tokens = tokens + 1
    WHERE app = NEW.app AND kind = coalesce(NEW.kind, '') AND state = NEW.state;
    INSERT INTO checked_total (app, kind, state, tokens)
    SELECT NEW.app, coalesce(NEW.kind, ''), NEW.state, 1 WHERE changes() = 0;
END;

-- How many tokens each incident ever had, has now, and how many of these have its cause and not only its end ahead.
CREATE TABLE incident_total (
    incident INTEGER PRIMARY KEY REFERENCES incident (id) ON DELETE CASCADE,
    ever     INTEGER NOT NULL DEFAULT 0,
    present  INTEGER NOT NULL DEFAULT 0,
    broken   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The other totals that the status shows, in one row.
CREATE TABLE totals (
    id                       INTEGER PRIMARY KEY CHECK (id = 1),
    open_incidents           INTEGER NOT NULL DEFAULT 0,
    unacknowledged_incidents INTEGER NOT NULL DEFAULT 0,
    -- goes up with every change to what the figures of the mail queue are read from
    mail_changes             INTEGER NOT NULL DEFAULT 0,
    pending_deliveries       INTEGER NOT NULL DEFAULT 0,
    failed_deliveries        INTEGER NOT NULL DEFAULT 0,
    -- a copy was restored then: nothing is delivered before a check after it
    restored_at              INTEGER
) STRICT;

INSERT INTO totals (id) VALUES (1);

CREATE TRIGGER incident_total_in AFTER INSERT ON incident WHEN NEW.resolved_at IS NULL BEGIN
    UPDATE totals SET open_incidents = open_incidents + 1,
        unacknowledged_incidents = unacknowledged_incidents + (NEW.acknowledged_until IS NULL);
END;

CREATE TRIGGER incident_total_out AFTER DELETE ON incident BEGIN
    UPDATE totals SET open_incidents = open_incidents - (OLD.resolved_at IS NULL),
        unacknowledged_incidents = unacknowledged_incidents
            - (OLD.resolved_at IS NULL AND OLD.acknowledged_until IS NULL),
        mail_changes = mail_changes + 1;
END;

CREATE TRIGGER incident_total_move AFTER UPDATE OF resolved_at, acknowledged_until ON incident BEGIN
    UPDATE totals SET open_incidents = open_incidents
            + (NEW.resolved_at IS NULL) - (OLD.resolved_at IS NULL),
        unacknowledged_incidents = unacknowledged_incidents
            + (NEW.resolved_at IS NULL AND NEW.acknowledged_until IS NULL)
            - (OLD.resolved_at IS NULL AND OLD.acknowledged_until IS NULL),
        mail_changes = mail_changes + 1;
END;

CREATE TRIGGER incident_tokens_begin AFTER INSERT ON incident BEGIN
    INSERT INTO incident_total (incident) VALUES (NEW.id);
END;

CREATE TRIGGER incident_tokens_in AFTER INSERT ON incident_token BEGIN
    UPDATE incident_total SET ever = ever + 1, present = present + (NEW.left_at IS NULL),
        broken = broken + (NEW.left_at IS NULL AND NEW.upcoming = 0)
    WHERE incident = NEW.incident;
END;

CREATE TRIGGER incident_tokens_out AFTER DELETE ON incident_token BEGIN
    UPDATE incident_total SET ever = ever - 1, present = present - (OLD.left_at IS NULL),
        broken = broken - (OLD.left_at IS NULL AND OLD.upcoming = 0)
    WHERE incident = OLD.incident;
END;

CREATE TRIGGER incident_tokens_move AFTER UPDATE OF left_at, upcoming ON incident_token BEGIN
    UPDATE incident_total SET
        present = present + (NEW.left_at IS NULL) - (OLD.left_at IS NULL),
        broken = broken + (NEW.left_at IS NULL AND NEW.upcoming = 0) - (OLD.left_at IS NULL AND OLD.upcoming = 0)
    WHERE incident = NEW.incident;
END;

CREATE TRIGGER mail_change_in AFTER INSERT ON email BEGIN
    UPDATE totals SET mail_changes = mail_changes + 1;
END;

CREATE TRIGGER mail_change_out AFTER DELETE ON email BEGIN
    UPDATE totals SET mail_changes = mail_changes + 1;
END;

CREATE TRIGGER mail_change AFTER UPDATE OF incident, created_at, delivered_to, next_try_at, sent_at,
    last_error, undelivered_at ON email BEGIN
    UPDATE totals SET mail_changes = mail_changes + 1;
END;

CREATE TRIGGER delivery_total_in AFTER INSERT ON delivery BEGIN
    UPDATE totals SET pending_deliveries = pending_deliveries + (NEW.state = 'pending'),
        failed_deliveries = failed_deliveries + (NEW.state = 'failed');
END;

CREATE TRIGGER delivery_total_out AFTER DELETE ON delivery BEGIN
    UPDATE totals SET pending_deliveries = pending_deliveries - (OLD.state = 'pending'),
        failed_deliveries = failed_deliveries - (OLD.state = 'failed');
END;

CREATE TRIGGER delivery_total_move AFTER UPDATE OF state ON delivery WHEN OLD.state <> NEW.state BEGIN
    UPDATE totals SET
        pending_deliveries = pending_deliveries + (NEW.state = 'pending') - (OLD.state = 'pending'),
        failed_deliveries = failed_deliveries + (NEW.state = 'failed') - (OLD.state = 'failed');
END;
