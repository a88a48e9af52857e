package sqlstore

import (
	"fmt"
	"syscall"
)

// networkFileSystems are those whose locks or shared memory are not good enough
// for SQLite, by the magic number of statfs(2).
var networkFileSystems = map[uint32]string{
	0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x01021997: "9P",
	0x5346414f: "AFS", 0x6b414653: "AFS", 0x00c36400: "Ceph", 0x0bd00bd0: "Lustre", 0x47504653: "GPFS",
	0x01161970: "GFS2", 0x7461636f: "OCFS2", 0x73757245: "Coda", 0x564c: "NCP", 0x19830326: "BeeGFS",
}

// refuseNetwork refuses a directory on a network file system: locks there do
// not keep two machines apart, and the database would be damaged.
func refuseNetwork(dir string) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return fmt.Errorf("file system of %s: %w", dir, err)
	}
	return networkRefusal(dir, uint32(s.Type)) //nolint:gosec // magic numbers have 32 bits
}

func networkRefusal(dir string, magic uint32) error {
	if name, bad := networkFileSystems[magic]; bad {
		return fmt.Errorf("%s is on a network file system (%s), where SQLite can be damaged: use a local disk, or PostgreSQL", dir, name)
	}
	return nil
}
