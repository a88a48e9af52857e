-- oldest: 1
-- How many requests of a kind came in a slot of ten minutes, by class of duration.
CREATE TABLE load_slot (sk int2 NOT NULL, slot int4 NOT NULL, kind text NOT NULL, c0 int8 NOT NULL, c1 int8 NOT NULL, c2 int8 NOT NULL, c3 int8 NOT NULL, c4 int8 NOT NULL, c5 int8 NOT NULL, c6 int8 NOT NULL, c7 int8 NOT NULL, c8 int8 NOT NULL, c9 int8 NOT NULL, c10 int8 NOT NULL, c11 int8 NOT NULL, PRIMARY KEY (sk, slot, kind));
