-- oldest: 1
-- Administrators; name is folded, so that no two differ only in case. The rest of
-- a member is doc, JSON. ver is raised by every change.
CREATE TABLE staff_member (sk int2 NOT NULL, id text NOT NULL, name text NOT NULL, role text NOT NULL, state text NOT NULL, ver int8 NOT NULL, doc bytea NOT NULL, PRIMARY KEY (sk, id));
CREATE UNIQUE INDEX staff_member_name ON staff_member (sk, name);
-- Their sessions and one-time links, by keyed hash. proved_us: when the member
-- last proved who they are.
CREATE TABLE staff_session (sk int2 NOT NULL, id bytea NOT NULL, member text NOT NULL, begun_us int8 NOT NULL, seen_us int8 NOT NULL, proved_us int8 NOT NULL, until_us int8 NOT NULL, doc bytea NOT NULL, PRIMARY KEY (sk, id));
CREATE TABLE staff_ticket (sk int2 NOT NULL, member text NOT NULL, id bytea NOT NULL, purpose text NOT NULL, until_us int8 NOT NULL, PRIMARY KEY (sk, member));
