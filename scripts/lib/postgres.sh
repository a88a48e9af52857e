# shellcheck shell=bash
# Sourced by scripts/test: a PostgreSQL server of the run's own, on a socket in a
# temporary folder, without a port, run by an unprivileged user. Tests find it by
# TEST_POSTGRES, and each makes a database of its own in it.

# start_postgres exports TEST_POSTGRES, or fails and has said why.
# The server of an earlier stage is used again; stop_postgres ends it.
start_postgres() {
	local bin dir settings
	if [[ -n ${TEST_POSTGRES:-} ]]; then
		return
	fi
	if [[ -e $work/postgres.url ]]; then
		TEST_POSTGRES=$(<"$work/postgres.url")
		export TEST_POSTGRES
		return
	fi
	bin=$(postgres_bin) || install_postgres || {
		echo "missing: PostgreSQL (apt-get install postgresql)"
		return 1
	}
	bin=${bin:-$(postgres_bin)}
	# A short name: the path of a socket has at most 107 bytes.
	dir=$(mktemp -d /tmp/countersign-pg.XXXXXX)
	echo "$dir" >"$work/postgres.dir"
	echo "$bin" >"$work/postgres.bin"
	chmod 700 "$dir"
	if [[ $(id -u) == 0 ]]; then
		chown "$(postgres_user)" "$dir"
	fi
	# Nothing of a test must survive a power cut, so nothing waits for the disk; what
	# is measured does. Nor does a test wait for a standby: there is none. Who asks
	# for synchronous_commit=on waits for it.
	if [[ -z ${postgres_durable:-} ]]; then
		settings='-c fsync=off -c full_page_writes=off -c synchronous_standby_names=ghost -c synchronous_commit=local'
	else
		settings='-c shared_buffers=1GB -c max_wal_size=4GB'
	fi
	as_postgres "$bin/initdb" -D "$dir/data" -U countersign -A trust \
		--encoding=UTF8 --locale=C --no-sync >"$work/initdb.log" 2>&1 || {
		cat "$work/initdb.log"
		return 1
	}
	as_postgres "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -o \
		"-k $dir -c listen_addresses= $settings -c max_connections=200" start || {
		as_postgres cat "$dir/log"
		return 1
	}
	export TEST_POSTGRES="postgres://countersign@/postgres?host=$dir"
	echo "$TEST_POSTGRES" >"$work/postgres.url"
}

stop_postgres() {
	local bin dir
	[[ -e $work/postgres.dir ]] || return 0
	dir=$(<"$work/postgres.dir")
	bin=$(<"$work/postgres.bin")
	as_postgres "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}

# postgres_bin prints the folder of initdb and pg_ctl, the newest if there are more.
postgres_bin() {
	local found
	found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
	[[ -x $found ]] || found=$(command -v initdb) || return 1
	dirname "$(readlink -f "$found")"
}

# install_postgres leaves out the cluster that Debian's package would otherwise
# make and start.
install_postgres() {
	local conf=/etc/postgresql-common/createcluster.conf status=0
	install_packages postgresql-common >&2 || return 1
	cp -p "$conf" "$work/createcluster.conf"
	echo "create_main_cluster = false" >>"$conf"
	install_packages postgresql >&2 || status=$?
	cp -p "$work/createcluster.conf" "$conf"
	return "$status"
}

# postgres_user is who runs the server when we are root, which it refuses to be.
postgres_user() { id -nu postgres 2>/dev/null || echo nobody; }

as_postgres() {
	if [[ $(id -u) == 0 ]]; then
		(cd / && setpriv --reuid="$(postgres_user)" --regid="$(id -g "$(postgres_user)")" --clear-groups "$@")
	else
		"$@"
	fi
}
