-- Schema 3. What became of letters that a mail server did not take.

ALTER TABLE letter ADD COLUMN refused        TEXT    NOT NULL DEFAULT '[]';
-- since when a server that can be reached has said no
ALTER TABLE letter ADD COLUMN troubled_since INTEGER;
ALTER TABLE letter ADD COLUMN given_up_at    INTEGER;
-- since when somebody who was to have it is known not to get it
ALTER TABLE letter ADD COLUMN undelivered_at INTEGER;
-- whether an operator was told of that by a letter
ALTER TABLE letter ADD COLUMN reported       INTEGER NOT NULL DEFAULT 0;

CREATE INDEX letter_undelivered ON letter (undelivered_at) WHERE undelivered_at IS NOT NULL;
CREATE INDEX letter_of_incident ON letter (incident, id);
