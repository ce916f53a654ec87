INSERT INTO graphs (tenant, sha256, graph) VALUES ('alice', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"nodes":[]}');
