UPDATE jobs SET not_before = 24, faults = 1, retry = 'no-space' WHERE id = 'job-3';
