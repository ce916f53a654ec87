-- Which row names an object.
CREATE INDEX receipts_by_blob ON receipts (tenant, blob);
CREATE INDEX openings_by_blob ON openings (tenant, blob);
