package server

import "syscall"

// niceness is that of threads that check passwords: a tenth of the weight of the
// others. Lower, and a full server could keep one from ever ending its hash.
const niceness = 10

// lowerPriority lowers the calling thread alone: on Linux PRIO_PROCESS with the
// id of a thread does that. Where the system forbids it, the thread works as the
// others do.
func lowerPriority() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), niceness) }
