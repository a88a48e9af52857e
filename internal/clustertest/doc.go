// Package clustertest owns the proof that nothing is lost and nothing is spent
// twice while machines fail: it drives real servers over HTTP in front of a
// PostgreSQL cluster of three nodes, breaks nodes, processes, disks, clocks and
// the network under them, and holds what clients were told against what is true
// afterwards, by a ledger of every acknowledged login, rotation and revocation and
// of every answer that was lost.
//
// It consists of tests alone. Those that need the cluster run where
// scripts/test cluster has made its network; the load and the ledger are tested
// with the embedded database in every run, so that they cannot rot.
package clustertest
