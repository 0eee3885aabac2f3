-- Lives of nodes that are not gone. Each has a lease by the database's clock.
CREATE TABLE nodes (incarnation uuid PRIMARY KEY, node bytea NOT NULL UNIQUE, expires_at timestamptz NOT NULL)
    WITH (fillfactor = 50);
-- When a node last gave a sign of life.
ALTER TABLE clock ADD COLUMN beat_at timestamptz NOT NULL DEFAULT now();
