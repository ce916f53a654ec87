INSERT INTO turns (tenant, served) VALUES ('alice', 7);
