-- The layout of the store. A `record` is JSON in the form of the domain's types; what is filtered, ordered or counted is a
-- column beside it. Names and keys are bytes: clients may put any character into them, and their order is that of bytes.

CREATE TABLE tenants (tenant uuid PRIMARY KEY, created_at bigint NOT NULL, record text NOT NULL);
CREATE TABLE projects (
    tenant uuid NOT NULL, project uuid NOT NULL, created_at bigint NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project)
);
-- Without a project: of a whole tenant.
CREATE TABLE removals (
    tenant uuid NOT NULL, project uuid, done boolean NOT NULL, record text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (tenant, project)
);
CREATE TABLE tokens (token uuid PRIMARY KEY, hash bytea NOT NULL UNIQUE, created_at bigint NOT NULL, record text NOT NULL);

-- One row a project: its counters, limits and sums. Whoever writes of a project's jobs, bytes or events holds its row.
CREATE TABLE ledgers (
    tenant uuid NOT NULL, project uuid NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE datasets (
    tenant uuid NOT NULL, project uuid NOT NULL, dataset uuid NOT NULL, created_at bigint NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, dataset)
);
CREATE INDEX ON datasets (tenant, project, created_at, dataset);
CREATE TABLE pipelines (
    tenant uuid NOT NULL, project uuid NOT NULL, pipeline uuid NOT NULL, ordinal bigint NOT NULL, record text NOT NULL,
    schedule text,
    PRIMARY KEY (tenant, project, pipeline), UNIQUE (tenant, project, ordinal)
);
CREATE INDEX ON pipelines (tenant, project, pipeline) WHERE schedule IS NOT NULL;
CREATE TABLE modules (
    tenant uuid NOT NULL, project uuid NOT NULL, name bytea NOT NULL, version bytea NOT NULL,
    number integer GENERATED ALWAYS AS IDENTITY UNIQUE, record text NOT NULL,
    PRIMARY KEY (tenant, project, name, version)
);
CREATE INDEX ON modules (tenant, project, name, number);
-- The bytes that a deleted version had.
CREATE TABLE retired (
    tenant uuid NOT NULL, project uuid NOT NULL, name bytea NOT NULL, version bytea NOT NULL, digest bytea NOT NULL,
    PRIMARY KEY (tenant, project, name, version)
);
CREATE TABLE activations (
    tenant uuid NOT NULL, project uuid NOT NULL, number integer NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, number)
);
CREATE TABLE grants (
    tenant uuid NOT NULL, project uuid NOT NULL, module bytea NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, module)
);
CREATE TABLE secrets (
    tenant uuid NOT NULL, project uuid NOT NULL, name bytea NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, name)
);

-- What was submitted, never updated. Where a job stands is a row in exactly one of queue, running and ended.
CREATE TABLE jobs (
    job uuid PRIMARY KEY, tenant uuid NOT NULL, project uuid NOT NULL, ordinal bigint NOT NULL, created_at bigint NOT NULL,
    job_type text NOT NULL, priority smallint NOT NULL, pipeline uuid, pipeline_ordinal bigint NOT NULL, subject bytea NOT NULL,
    spec text NOT NULL,
    UNIQUE (tenant, project, ordinal)
);
-- The order of the queue is that of (rank, behind, since, tenant, project, ordinal); lanes are by rank and tenant. A job may
-- start from `due` on.
CREATE TABLE queue (
    job uuid PRIMARY KEY, tenant uuid NOT NULL, project uuid NOT NULL, ordinal bigint NOT NULL, rank smallint NOT NULL,
    behind boolean NOT NULL, since bigint NOT NULL, due bigint NOT NULL, standing smallint NOT NULL, moving text NOT NULL
) WITH (fillfactor = 90, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_order ON queue (rank, behind, since, tenant, project, ordinal);
CREATE INDEX queue_lanes ON queue (rank, tenant, behind, since, project, ordinal);
CREATE INDEX queue_due ON queue (due);
CREATE INDEX queue_project ON queue (tenant, project, ordinal);
CREATE TABLE running (
    job uuid PRIMARY KEY, tenant uuid NOT NULL, project uuid NOT NULL, ordinal bigint NOT NULL, node bytea NOT NULL,
    attempt integer NOT NULL, incarnation uuid NOT NULL, claim uuid NOT NULL, lease_until bigint NOT NULL,
    standing smallint NOT NULL, started_at bigint, moving text NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX ON running (node);
CREATE INDEX ON running (tenant, project, ordinal);
CREATE TABLE ended (
    job uuid PRIMARY KEY, tenant uuid NOT NULL, project uuid NOT NULL, ordinal bigint NOT NULL, state smallint NOT NULL,
    standing smallint NOT NULL, started_at bigint, ended_at bigint, remark bytea, moving text NOT NULL
);
CREATE INDEX ON ended (tenant, project, state, ordinal DESC);
CREATE INDEX ON ended (tenant, project, ended_at, ordinal);
CREATE VIEW places AS
    SELECT job, 0::smallint AS state, standing, NULL::bigint AS started_at, NULL::bigint AS ended_at, NULL::bytea AS remark,
        NULL::bigint AS lease_until, moving FROM queue
    UNION ALL
    SELECT job, 1::smallint, standing, started_at, NULL, NULL, lease_until, moving FROM running
    UNION ALL
    SELECT job, state, standing, started_at, ended_at, remark, NULL, moving FROM ended;

-- Live figures of running attempts.
CREATE TABLE pulses (job uuid PRIMARY KEY, attempt integer NOT NULL, pulse text NOT NULL) WITH (fillfactor = 50);
CREATE TABLE checkpoints (job uuid PRIMARY KEY, record text NOT NULL);
CREATE TABLE artifacts (job uuid PRIMARY KEY, record text NOT NULL);
CREATE TABLE receipts (job uuid NOT NULL, attempt integer NOT NULL, record text NOT NULL, PRIMARY KEY (job, attempt));
CREATE TABLE logs (job uuid NOT NULL, batch integer NOT NULL, record text NOT NULL, PRIMARY KEY (job, batch));
CREATE TABLE keys (
    tenant uuid NOT NULL, project uuid NOT NULL, key bytea NOT NULL, body bytea NOT NULL, job uuid NOT NULL,
    PRIMARY KEY (tenant, project, key)
);
CREATE INDEX ON keys (job);
CREATE TABLE processed (
    tenant uuid NOT NULL, project uuid NOT NULL, pipeline uuid NOT NULL, digest bytea NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, pipeline, digest)
);
CREATE TABLE events (
    tenant uuid NOT NULL, project uuid NOT NULL, number bigint NOT NULL, job uuid NOT NULL, first boolean NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (tenant, project, number)
);
CREATE INDEX ON events (job, number);

CREATE TABLE notices (tenant uuid NOT NULL, project uuid NOT NULL, record text NOT NULL, PRIMARY KEY (tenant, project));
CREATE TABLE deliveries (
    tenant uuid NOT NULL, project uuid NOT NULL, delivery uuid NOT NULL, due_at bigint NOT NULL, settled boolean NOT NULL,
    job uuid NOT NULL, state text NOT NULL, channel text NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, delivery)
);
CREATE INDEX deliveries_tried ON deliveries (due_at, tenant, project, delivery) WHERE NOT settled;
CREATE INDEX deliveries_forgotten ON deliveries (due_at, tenant, project, delivery) WHERE settled;
CREATE INDEX ON deliveries (job);

-- Bytes that no record names any more and that are not swept yet.
CREATE TABLE replaced (
    tenant uuid NOT NULL, project uuid NOT NULL, digest bytea NOT NULL, size text NOT NULL,
    PRIMARY KEY (tenant, project, digest)
);
CREATE TABLE days (
    tenant uuid NOT NULL, project uuid NOT NULL, day bigint NOT NULL, record text NOT NULL,
    PRIMARY KEY (tenant, project, day)
);
CREATE TABLE durations (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, module bytea NOT NULL, micros bigint NOT NULL);
CREATE INDEX ON durations (module, number DESC);
-- `value` is empty where a row is of the whole day, or of all values that are not told apart.
CREATE TABLE usage (
    tenant uuid NOT NULL, project uuid NOT NULL, dimension smallint NOT NULL, day bigint NOT NULL, value bytea NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (tenant, project, dimension, day, value)
);
CREATE TABLE audit (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint NOT NULL, tenant uuid, project uuid,
    subject bytea NOT NULL, record text NOT NULL
);
CREATE INDEX ON audit (tenant, number);
CREATE INDEX ON audit (project, number);
-- When somebody last asked whether the database takes writes, which secret its nodes share, and which database this is: no
-- other one has the id, but for its copies.
CREATE TABLE clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), alive_at timestamptz NOT NULL, mark bytea,
    id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO clock (alive_at) VALUES (now());
