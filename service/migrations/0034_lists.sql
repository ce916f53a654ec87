-- What was committed of an uploaded model.
CREATE INDEX models_by_source ON models (tenant, source, created);
CREATE INDEX uploads_by_age ON uploads (tenant, kind, created);
