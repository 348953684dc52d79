# shellcheck shell=bash
# What scripts prove things with: a folder that goes away, servers that are ended, words for what was shown. Sourced by
# .ci/deploy and .ci/docs, after .ci/tools.sh.

work=$(mktemp -d)
binary=$work/securitycenter_exporter
started=()
cleanup() {
  local pid
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'echo "${0##*/}: FAILED at line $LINENO: $BASH_COMMAND" >&2' ERR

proved() { printf 'proved: %s\n' "$1"; }
fail() { echo "${0##*/}: $1" >&2; return 1; }

# run starts a server; its output goes to a log that is shown when something does not happen in time.
run() {
  local log=$work/$1.log
  shift
  "$@" >"$log" 2>&1 &
  started+=($!)
}

# eventually tries a command for 60 s.
eventually() {
  local deadline=$((SECONDS + 60))
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= deadline)); then
      tail -n 20 "$work"/*.log
      fail "did not come true in 60 s: $*"
    fi
    sleep 0.3
  done
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# instances lists the instances for which a Prometheus has a result, on one line.
instances() {
  "$PROMTOOL" query instant "http://127.0.0.1:$1" "count by (instance) ($2)" | grep -o 'instance="[^"]*"' | cut -d'"' -f2 | sort | xargs
}
have_instances() { [[ $(instances "$1" "$2") == "$3" ]]; }

# copy_tree copies what git knows of, or would add, into a new folder.
copy_tree() {
  mkdir "$1"
  git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c --ignore-failed-read 2>/dev/null | tar -x -C "$1"
}

# run_consoles runs a demonstration, and writes a configuration that exports its Tenable Security Center 6 as hq.
run_consoles() {
  local name=$1 file=$2 address
  run "$name" "$binary" --demo --web.listen-address="127.0.0.1:$(free_port)"
  eventually grep -E '^ +sc6 +http' "$work/$name.log"
  address=$(sed -nE 's|^ +sc6 +(http.*)/rest$|\1|p' "$work/$name.log")
  cat >"$file" <<END
consoles:
  - name: hq
    url: $address
    accounts:
      - {name: admin, username: admin, password: admin-password}
      - {name: analyst, username: analyst, password: analyst-password}
END
}
