-- Schema 7.

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
