-- Files that come part after part. Their bytes lie beside the blobs, under their ids.
CREATE TABLE uploads (
    tenant uuid NOT NULL, project uuid NOT NULL, upload uuid NOT NULL, created_at bigint NOT NULL, expires_at bigint NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (tenant, project, upload)
);
