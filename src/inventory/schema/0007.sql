-- Schema 7. Requests that Meta signed, emails whose bodies are sealed, and secrets that are bound to their token's name.

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
