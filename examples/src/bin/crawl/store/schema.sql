-- Says whose file this is ("crwl"), so that no other database is ever replaced.
PRAGMA application_id = 0x6372776c;

CREATE TABLE pages (
    id       INTEGER PRIMARY KEY,
    source   TEXT NOT NULL UNIQUE,
    title    TEXT,
    headings TEXT NOT NULL,
    body     TEXT NOT NULL,
    bytes    INTEGER NOT NULL,
    words    INTEGER NOT NULL
) STRICT;

CREATE TABLE links (
    page   INTEGER NOT NULL REFERENCES pages (id),
    target TEXT NOT NULL
) STRICT;

CREATE TABLE failures (
    source TEXT NOT NULL,
    stage  TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- The index alone: the text it is over stands in pages.
CREATE VIRTUAL TABLE pages_text USING fts5 (
    title, headings, body,
    content = 'pages', content_rowid = 'id', tokenize = 'porter unicode61'
);
