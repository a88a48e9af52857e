# shellcheck shell=bash
# Sourced by scripts/test: makes the programs that the stages need, or says in
# one line what is missing.

tools_dir=$PWD/.tools
tools_job=''

# as_released runs a command with the settings of the released binary. Whatever
# does not need others has these, so that the libraries are compiled once: SQLite
# alone takes a minute.
as_released() { CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath" "$@"; }

# need_go_and_git ends the run when one is missing: nothing works without.
need_go_and_git() {
	if ! command -v git >/dev/null; then
		echo "missing: git (apt-get install git)" >&2
		exit 1
	fi
	if ! command -v go >/dev/null; then
		echo "missing: Go $(sed -n 's/^go //p' go.mod) or newer, with go in PATH" >&2
		exit 1
	fi
	if ! go list -m >"$work/go.log" 2>&1; then
		echo "missing: a Go that can build this module: $(head -n 1 "$work/go.log")" >&2
		exit 1
	fi
}

# need_c makes sure of the C compiler that the race detector links with.
need_c() {
	command -v gcc >/dev/null || command -v clang >/dev/null || install_packages gcc libc6-dev || {
		echo "missing: a C compiler for the race detector (apt-get install gcc libc6-dev)"
		return 1
	}
}

# install_packages installs Debian packages where that asks nobody for anything:
# as root, as in a container.
install_packages() {
	[[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
	apt-get update -q &&
		DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# tool_package names the package in tools.mod that a tool is built from.
tool_package() {
	case $1 in
	gofumpt) echo mvdan.cc/gofumpt ;;
	golangci-lint) echo github.com/golangci/golangci-lint/v2/cmd/golangci-lint ;;
	govulncheck) echo golang.org/x/vuln/cmd/govulncheck ;;
	esac
}

# need_tool builds a tool into .tools/bin unless the one there was built from the
# same tools.mod by the same Go. One package is compiled at a time: the big
# linter is built beside the tests.
need_tool() {
	local bin=$tools_dir/bin/$1 stamp
	stamp=$(go env GOVERSION && cat tools.mod tools.sum)
	stamp=$(sha256sum <<<"$stamp" | cut -d' ' -f1)
	if [[ -x $bin && -e $bin.stamp && $(<"$bin.stamp") == "$stamp" ]]; then
		return
	fi
	mkdir -p "$tools_dir/bin"
	as_released nice go build -modfile=tools.mod -p 1 -o "$bin.$$" "$(tool_package "$1")"
	mv "$bin.$$" "$bin"
	echo "$stamp" >"$bin.stamp"
}

# build_tools_meanwhile starts building the tools of the stages still to come.
build_tools_meanwhile() {
	local wanted=() stage
	for stage in "$@"; do
		case $stage in
		vulnerabilities) wanted+=(govulncheck) ;;
		lint) wanted+=(golangci-lint) ;;
		esac
	done
	((${#wanted[@]} > 0)) || return 0
	set -m # a process group of its own, so that all of it can be stopped
	(
		for stage in "${wanted[@]}"; do
			need_tool "$stage"
		done
		touch "$work/tools.done"
	) >"$work/tools.log" 2>&1 </dev/null &
	set +m
	tools_job=$!
	echo "$tools_job" >"$work/tools.job"
}

# await_tools waits for the build that build_tools_meanwhile has started. Stages
# are subshells, which cannot wait for a child of their parent.
await_tools() {
	local job
	[[ -e $work/tools.job ]] || return 0
	job=$(<"$work/tools.job")
	while [[ ! -e $work/tools.done ]] && kill -0 "$job" 2>/dev/null; do
		sleep 0.5
	done
	cat "$work/tools.log"
}

stop_tools_build() {
	stop_group "$tools_job"
	rm -f "$tools_dir"/bin/*.$$
}

# need_chromium finds the browser, or installs Debian's, and names it in
# TEST_BROWSER.
need_chromium() {
	TEST_BROWSER=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
	if [[ -z $TEST_BROWSER ]]; then
		install_packages chromium fonts-dejavu-core || return 1
		TEST_BROWSER=$(command -v chromium) || return 1
	fi
	export TEST_BROWSER
}

# need_axe puts axe-core, at the version of its lock file, into .tools/browser and
# names it in TEST_AXE.
need_axe() {
	local dir=$tools_dir/browser
	command -v npm >/dev/null || return 1
	if ! cmp -s test/browser/package-lock.json "$dir/installed"; then
		rm -rf "$dir"
		mkdir -p "$dir"
		cp test/browser/package.json test/browser/package-lock.json "$dir/"
		(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund) || return 1
		cp test/browser/package-lock.json "$dir/installed"
	fi
	export TEST_AXE=$dir/node_modules/axe-core/axe.min.js
}

# need_node puts a Node of at least version 22 into PATH: the machine's own, or
# one from npm, at the version and checksum of scripts/node/package-lock.json.
need_node() {
	local dir=$tools_dir/node bin
	if node_is_new_enough; then
		return
	fi
	if ! command -v npm >/dev/null; then
		echo "missing: npm, to install Node 22 (apt-get install npm)"
		return 1
	fi
	if ! cmp -s scripts/node/package-lock.json "$dir/package-lock.json"; then
		rm -rf "$dir"
		mkdir -p "$dir"
		cp scripts/node/package.json "$dir/"
		cp scripts/node/package-lock.json "$dir/lock"
		(
			cd "$dir"
			mv lock package-lock.json
			npm ci --ignore-scripts --no-audit --no-fund || {
				rm -f package-lock.json # or the next run would think it is done
				exit 1
			}
		) || return 1
	fi
	for bin in "$dir"/node_modules/node-linux-*/bin; do
		PATH=$bin:$PATH
	done
	export PATH
	node_is_new_enough || {
		echo "missing: Node 22 or newer; npm has none for $(uname -sm)"
		return 1
	}
}

node_is_new_enough() {
	local version
	version=$(node --version 2>/dev/null) || return 1
	version=${version#v}
	((${version%%.*} >= 22))
}
