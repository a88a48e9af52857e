# shellcheck shell=bash
# Sourced by scripts/test: the network of the cluster stage. Three hosts for the
# database and one for the servers and their clients, each a network namespace on
# one bridge. The tests (internal/clustertest) run on the fourth and start, kill
# and cut off the others. Nothing leaves the namespaces.

# cluster_packages installs what the hosts run, without the clusters and services
# that Debian's packages would start. Or it says in one line what is missing.
cluster_packages() {
	local missing=() conf=/etc/postgresql-common/createcluster.conf status=0
	command -v ip >/dev/null || missing+=(iproute2)
	command -v etcd >/dev/null || missing+=(etcd-server)
	command -v patroni >/dev/null || missing+=(patroni python3-psycopg2)
	compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || missing+=(libfaketime)
	postgres_bin >/dev/null || install_postgres || return 1
	((${#missing[@]} > 0)) || return 0
	without_services install_packages "${missing[@]}" || status=$?
	return "$status"
}

# without_services runs a command while Debian's packages may start no service.
without_services() {
	local policy=/usr/sbin/policy-rc.d status=0
	if [[ -e $policy ]]; then
		"$@"
		return
	fi
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	"$@" || status=$?
	rm -f "$policy"
	return "$status"
}

# network_up makes the namespaces ${1}1 … ${1}4 and the bridge in ${1}hub.
network_up() {
	local p=$1 i
	ip netns add "${p}hub" || return 1
	ip -n "${p}hub" link add br0 type bridge
	ip -n "${p}hub" link set br0 up
	for i in 1 2 3 4; do
		ip netns add "$p$i"
		ip -n "${p}hub" link add "v$i" type veth peer name eth0 netns "$p$i"
		ip -n "${p}hub" link set "v$i" master br0 up
		ip -n "$p$i" link set lo up
		ip -n "$p$i" addr add "10.77.0.$i/24" dev eth0
		ip -n "$p$i" link set eth0 up
	done
}

# network_down ends every process in the namespaces, and the namespaces.
network_down() {
	local p=$1 i pids
	for i in 4 1 2 3 hub; do
		[[ -e /run/netns/$p$i ]] || continue
		pids=$(ip netns pids "$p$i")
		# shellcheck disable=SC2086 # one word per process
		[[ -z $pids ]] || kill -KILL $pids 2>/dev/null || true
		ip netns del "$p$i" || true
	done
}

# run_cluster runs the tests on host 4, for ten minutes at most, with servers whose
# clocks can be wrong. What the tests report becomes the stage's remark.
run_cluster() {
	local status=0 prefix="cs${$}x" line
	cluster_permitted || skip "needs root and network namespaces"
	cluster_packages || skip "no packages of PostgreSQL, Patroni and etcd"
	# In the background, because a trap waits for what stands in the foreground, and
	# a stage that is stopped must take its hosts with it.
	# shellcheck disable=SC2064 # this prefix, now
	trap "network_down $prefix" EXIT
	trap 'exit 143' TERM
	network_up "$prefix"
	TEST_CLUSTER=$prefix TEST_CLUSTER_REPORT=$work/cluster.report \
		as_released go_test -tags faults -count=1 -timeout 10m -run '^TestCluster$' \
		-exec "ip netns exec ${prefix}4" ./internal/clustertest &
	wait $! || status=$?
	if [[ -e $work/cluster.report ]]; then
		while read -r line; do remark "$line"; done <"$work/cluster.report"
	fi
	return "$status"
}

# cluster_permitted tries to make a namespace, where that needs nobody's leave.
cluster_permitted() {
	[[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
	command -v ip >/dev/null || install_packages iproute2 || return 1
	ip netns add "cs$$try" && ip netns del "cs$$try"
}
