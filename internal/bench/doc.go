// Package bench owns the measurement of costs: benchmarks that start the real
// server beside a floor server, a bare net/http server with one handler for each
// primitive, put both under the same load, and hold the processor time of each
// operation against the primitives that it cannot do without. It asserts nothing:
// machines are noisy, and a ratio is for people to read. Without -bench, its tests
// do every operation once, so that it cannot rot. It consists of tests alone;
// scripts/bench runs it and writes docs/benchmarks.md.
package bench
