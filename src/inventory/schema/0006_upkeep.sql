-- Schema 6. The daemon's own life, and two keys that open the inventory while one takes the other's place.

-- Each start, and when it came to an orderly end. One without an end was a crash, unless it is the one that runs.
CREATE TABLE life (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;

-- The data keys once more, wrapped by the operator's next key, until that is in its place.
CREATE TABLE rewrapped_key (
    id           INTEGER PRIMARY KEY REFERENCES data_key (id) ON DELETE CASCADE,
    wrapped      BLOB    NOT NULL,
    wrapping_key TEXT    NOT NULL
) STRICT;
