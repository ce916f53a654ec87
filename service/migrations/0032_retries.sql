-- When a job that goes back to the queue may be tried again, and why its last attempt gave nothing.

ALTER TABLE jobs ADD COLUMN not_before BIGINT NOT NULL DEFAULT 0;
-- Attempts that ended by a fault of the machine: they do not count against limits.attempts.
ALTER TABLE jobs ADD COLUMN faults BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN retry TEXT; -- died | lease-ended | no-resources | no-space | not-started | unavailable
