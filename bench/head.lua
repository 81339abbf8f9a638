-- The HEADs of bench/head.ts as wrk sends them: one path, nothing signed, nothing kept.
wrk.method = "HEAD"
wrk.path = "/bench/images/2026/000/object-000000000.jpg"
