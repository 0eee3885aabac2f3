-- What people keep by name.
CREATE TABLE saved (
    tenant uuid NOT NULL, project uuid NOT NULL, kind smallint NOT NULL, name bytea NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, kind, name)
);
-- What happened in each of the latest hours; an hour takes the place of one that nobody asks for any more.
CREATE TABLE hours (
    tenant uuid NOT NULL, project uuid NOT NULL, place smallint NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, place)
) WITH (fillfactor = 50);
