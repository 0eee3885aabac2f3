-- Stored bytes that lie in object storage: which objects they are. An object has its row before it is made and until it is
-- gone; those that nothing holds go when they have been free for a while.
CREATE TABLE objects (
    object uuid PRIMARY KEY, held integer NOT NULL DEFAULT 0, free_since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX objects_free ON objects (free_since) WHERE held = 0;
CREATE TABLE blobs (
    digest bytea PRIMARY KEY, size bigint NOT NULL, committed_at timestamptz NOT NULL, pieces text NOT NULL
);
-- The pieces of uploads that go on.
CREATE TABLE staged (
    upload uuid NOT NULL, start bigint NOT NULL, length bigint NOT NULL, object uuid NOT NULL,
    PRIMARY KEY (upload, start)
);
