-- oldest: 1
-- What was seen of each app by flow and day: counters, written once a minute.
-- day counts from 1970; trait is what was counted.
CREATE TABLE app_usage (sk int2 NOT NULL, day int4 NOT NULL, app_id text NOT NULL, flow text NOT NULL, trait text NOT NULL, n int8 NOT NULL, last_us int8 NOT NULL, PRIMARY KEY (sk, day, app_id, flow, trait));

-- Runs of the Security Health Review, by time; doc is compressed JSON.
CREATE TABLE review_run (sk int2 NOT NULL, id bytea NOT NULL, score text NOT NULL, grade text NOT NULL, fails int4 NOT NULL, doc bytea NOT NULL, PRIMARY KEY (sk, id));
