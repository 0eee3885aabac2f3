-- What is done with many jobs, and these jobs in parts, each with what became of it.
CREATE TABLE bulks (
    tenant uuid NOT NULL, project uuid NOT NULL, bulk uuid NOT NULL, ended_at bigint, record text NOT NULL,
    PRIMARY KEY (tenant, project, bulk)
);
CREATE INDEX bulks_running ON bulks (tenant, project, bulk) WHERE ended_at IS NULL;
CREATE INDEX bulks_ended ON bulks (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE bulk_jobs (
    tenant uuid NOT NULL, project uuid NOT NULL, bulk uuid NOT NULL, part integer NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, bulk, part)
);
