-- oldest: 1
-- Rows of a person or an app begin with sk, the shard key: 0 on one machine.
-- Types are PostgreSQL's; SQLite does not care. Times are microseconds.

-- Small facts about this database: what the master key must fit, self-test rows.
CREATE TABLE meta (name text NOT NULL PRIMARY KEY, value bytea NOT NULL);

-- One-time values, a ring: a value that expires in slot tb lives in table tb % 8.
CREATE TABLE spent_0 (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
CREATE TABLE spent_1 (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
CREATE TABLE spent_2 (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
CREATE TABLE spent_3 (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
CREATE TABLE spent_4 (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
CREATE TABLE spent_5 (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
CREATE TABLE spent_6 (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
CREATE TABLE spent_7 (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
-- No slot below floor_tb is accepted any more, none from ceil_tb on is accepted yet.
CREATE TABLE slot_floor (id int2 NOT NULL PRIMARY KEY, floor_tb int4 NOT NULL, ceil_tb int4 NOT NULL);

-- Refresh families. issued_us is when the present generation was made, used_us
-- the last use of a token that does not rotate.
CREATE TABLE rt_family (sk int2 NOT NULL, id bytea NOT NULL, user_id text NOT NULL, app_id text NOT NULL, seq int8 NOT NULL, issued_us int8 NOT NULL, used_us int8, rid bytea NOT NULL, epoch int4 NOT NULL, jkt bytea, data bytea NOT NULL, revoked_us int8, PRIMARY KEY (sk, id));
-- The one secondary index, and not a unique one: ending everything of a person
-- must find their families. Rotation touches no column of it.
CREATE INDEX rt_family_user ON rt_family (sk, user_id);

-- What ended, for as long as a token of it could look alive. A broadcast that
-- every node reads, so sk is 0 in every mode.
CREATE TABLE ended (sk int2 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, family bytea NOT NULL, user_id text NOT NULL, app_id text NOT NULL, PRIMARY KEY (sk, id));

-- People. What a login needs are columns; the rest of the profile is doc.
CREATE TABLE users (sk int2 NOT NULL, id text NOT NULL, username text NOT NULL, email text NOT NULL, state text NOT NULL, epoch int4 NOT NULL, hash text NOT NULL, password_us int8 NOT NULL, created_us int8 NOT NULL, updated_us int8 NOT NULL, doc bytea NOT NULL, PRIMARY KEY (sk, id));
-- User name or e-mail address (hashed) to person; state 0 = claimed, 1 = in force.
CREATE TABLE login_id (sk int2 NOT NULL, id bytea NOT NULL, user_id text NOT NULL, state int2 NOT NULL, claimed_us int8 NOT NULL, PRIMARY KEY (sk, id));
-- Throttle buckets that outlive a restart.
CREATE TABLE counter (sk int2 NOT NULL, id bytea NOT NULL, until_us int8 NOT NULL, n int4 NOT NULL, PRIMARY KEY (sk, id));

-- Audit events, each written in the commit of what it reports.
CREATE TABLE outbox (sk int2 NOT NULL, id bytea NOT NULL, ev bytea NOT NULL, PRIMARY KEY (sk, id));

-- Configuration: 1 server-wide settings, 2 apps, 3 signing keys. A deleted
-- document stays with doc NULL and a new ver, so that every node sees it go.
CREATE TABLE config (tenant text NOT NULL, kind int2 NOT NULL, id text NOT NULL, ver int8 NOT NULL, doc bytea, PRIMARY KEY (tenant, kind, id));
CREATE TABLE config_version (id int2 NOT NULL PRIMARY KEY, ver int8 NOT NULL);
INSERT INTO config_version (id, ver) VALUES (1, 1);
