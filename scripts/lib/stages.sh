# shellcheck shell=bash
# Sourced by scripts/test: what each stage does. A stage runs in a subshell with
# its output in a log; it fails when a command of it fails. Unless it calls count
# or skip, it is one test.

# go_test runs tests and counts each of them.
go_test() {
	build_testsum
	go test -json -timeout 20m "$@" | "$work/testsum" -counts "$counts"
}

build_testsum() {
	[[ -x $work/testsum ]] || as_released go build -o "$work/testsum" ./scripts/testsum
}

# folders_with prints, as ./ paths, the folders of Go test files that match.
folders_with() {
	local file
	git ls-files --cached --others --exclude-standard -- '*_test.go' |
		{ grep -Ev '(^|/)testdata/|^test/clients/' || true; } |
		while read -r file; do
			if [[ -e $file ]] && grep -Eq "$1" "$file"; then
				echo "./$(dirname "$file")"
			fi
		done | sort -u
}

stage_format() {
	local bad
	need_tool gofumpt
	bad=$(git ls-files --cached --others --exclude-standard -- '*.go' |
		grep -v '/testdata/' | while read -r file; do [[ ! -e $file ]] || echo "$file"; done |
		xargs -r "$tools_dir/bin/gofumpt" -l)
	if [[ -n $bad ]]; then
		echo "not formatted; run .tools/bin/gofumpt -w on:"
		echo "$bad"
		return 1
	fi
}

stage_vet() {
	as_released go vet ./...
	if [[ -n $(folders_with '^//go:build.*\bfaults\b') ]]; then
		as_released go vet -tags faults ./...
	fi
}

stage_house() { as_released go_test ./internal/arch; }

stage_unit() {
	local packages
	need_c
	want_postgres
	packages=$(go list ./... | grep -v '/internal/arch$')
	# shellcheck disable=SC2086 # one word per package
	go_test -race $packages
}

want_postgres() {
	start_postgres || remark "no PostgreSQL, its tests are skipped"
}

# The build tag faults puts a switch on each defence; the tests that carry it turn
# each one off and demand that something goes red.
stage_faults() {
	local folders
	folders=$(folders_with '^//go:build.*\bfaults\b')
	[[ -n $folders ]] || skip "no test is built with the tag faults"
	want_postgres
	# shellcheck disable=SC2086 # one word per folder
	as_released go_test -tags faults -run Fault $folders
}

# Three database hosts, and what happens to logins while they break: the faults that
# tell most; cluster-all knows more.
stage_cluster() { run_cluster; }

stage_cluster-all() { TEST_CLUSTER_ALL=1 run_cluster; }

# build_binary leaves out debugging information and symbols, a third of the size. Stack traces
# and profiles need neither.
build_binary() { as_released go build -ldflags="-s -w" -o "$work/countersign" ./cmd/countersign; }

stage_build() {
	local most=30 size
	build_binary
	size=$(($(stat -c %s "$work/countersign") * 10 / (1 << 20))) # as ls -h counts
	remark "binary $((size / 10)).$((size % 10)) MB"
	if ((size > most * 10)); then
		echo "the binary is larger than $most MB"
		return 1
	fi
	echo "go mod tidy would change:"
	go mod tidy -diff
	echo "nothing"
	go mod verify
	go mod verify -modfile=tools.mod
}

stage_generated() {
	scripts/generate --check
}

# The clients are programs of other people, each in a module of its own. Their
# script prints a closing line of our form, and is given the binary and Node.
# What the probe says of servers that others wrote.
stage_servers() {
	local status=0
	need_node || remark "no Node 22, nothing to probe"
	if [[ ! -x $work/countersign ]]; then
		build_binary
	fi
	SERVERS_BINARY=$work/countersign test/servers/run >"$work/servers.out" || status=$?
	cat "$work/servers.out"
	count_from "$work/servers.out"
	return "$status"
}

stage_clients() {
	local status=0
	need_node || remark "no Node 22, its judges are skipped"
	if [[ ! -x $work/countersign ]]; then
		build_binary
	fi
	COUNTERSIGN_BINARY=$work/countersign test/clients/run >"$work/clients.out" || status=$?
	cat "$work/clients.out"
	count_from "$work/clients.out"
	return "$status"
}

# The pages in a real Chromium, judged by axe-core. With TEST_SCREENSHOTS=FOLDER,
# every page is written there as a picture.
stage_browser() {
	need_chromium || skip "no Chromium (apt-get install chromium)"
	need_axe || remark "no axe-core, accessibility is not judged"
	as_released go_test ./internal/browsertest
}

# count_from takes the counts of a closing line "N passed, N failed[, N skipped]".
count_from() {
	local line numbers
	line=$(grep -E '^([a-z]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$1" | tail -n 1) || return 0
	mapfile -t numbers < <(grep -Eo '[0-9]+' <<<"$line")
	count "${numbers[0]}" "${numbers[1]}" "${numbers[2]:-0}"
}

# Each fuzz target runs for a few seconds, one on each of two cores.
stage_fuzz() {
	local folder target listed status=0 targets bad
	: >"$work/targets"
	for folder in $(folders_with '^func Fuzz'); do
		listed=$(as_released go test -list '^Fuzz' "$folder")
		for target in $(grep '^Fuzz' <<<"$listed"); do
			echo "$folder $target" >>"$work/targets"
		done
	done
	targets=$(wc -l <"$work/targets")
	((targets > 0)) || skip "there is no fuzz target"
	mkdir -p "$work/fuzz"
	export work
	export -f fuzz_one
	xargs -P 2 -L 1 bash -c 'fuzz_one "$@"' fuzz <"$work/targets" || status=1
	cat "$work"/fuzz/*.log # of a sound target, one line
	bad=$(find "$work/fuzz" -name '*.failed' | wc -l)
	count $((targets - bad)) "$bad" 0
	return "$status"
}

# fuzz_one runs a target of a folder. An input that fails is written below the
# folder's testdata, where it stays: commit it with the fix. When the time runs
# out at an unlucky moment, the go command reports its own deadline as a failure
# (go.dev/issue/75804): such a run named no input, so it is run again.
fuzz_one() {
	local log="$work/fuzz/$2${1//\//-}" try
	for try in 1 2 3 4; do
		if go test -run '^$' -fuzz "^$2\$" -fuzztime "${TEST_FUZZTIME:-5s}" -parallel 1 "$1" >"$log.log" 2>&1; then
			echo "sound: $1 $2" >"$log.log"
			return
		fi
		grep -q '^ *context deadline exceeded$' "$log.log" && ! grep -q 'Failing input' "$log.log" || break
	done
	echo "failed at try $try" >>"$log.log"
	touch "$log.failed"
	return 1
}

stage_vulnerabilities() {
	local status=0
	await_tools
	need_tool govulncheck
	as_released timeout 300 "$tools_dir/bin/govulncheck" ${GOVULNDB:+-db "$GOVULNDB"} ./... >"$work/govulncheck" 2>&1 || status=$?
	cat "$work/govulncheck"
	if ((status != 0)) && grep -Eq 'fetching vulnerabilities|connection refused|no such host|dial tcp|unexpected status code|i/o timeout' "$work/govulncheck"; then
		skip "the vulnerability database cannot be reached"
	fi
	return "$status"
}

stage_lint() {
	await_tools
	need_tool golangci-lint
	"$tools_dir/bin/golangci-lint" config verify
	as_released "$tools_dir/bin/golangci-lint" run --allow-parallel-runners ./...
	if command -v shellcheck >/dev/null; then
		shellcheck -x .ci/run scripts/test scripts/generate test/clients/run
	else
		remark "no shellcheck for the scripts"
	fi
}

# A fresh clone must be as fresh afterwards. In a tree that somebody works in,
# changes say nothing.
stage_tree() {
	[[ -z $status_before ]] || skip "the tree had changes before"
	git status --porcelain
	[[ -z $(git status --porcelain) ]]
}
