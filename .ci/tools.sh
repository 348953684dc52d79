# shellcheck shell=bash
# The programs that .ci/run uses besides Go, kept from run to run in a cache outside the tree. Sourced by .ci/run.

golangci_version=v2.15.0
actionlint_version=v1.7.12
staticcheck_version=v0.8.2
govulncheck_version=v1.9.0

cache=${XDG_CACHE_HOME:-$HOME/.cache}/securitycenter_exporter-ci
debian=$cache/debian
golangci_lint=$cache/golangci-lint-$golangci_version/golangci-lint
actionlint=$cache/actionlint-$actionlint_version/actionlint
staticcheck=$cache/staticcheck-$staticcheck_version/staticcheck
# shellcheck disable=SC2034 # .ci/run uses it
govulncheck=$cache/govulncheck-$govulncheck_version/govulncheck

export PROMETHEUS=$debian/usr/bin/prometheus
export PROMTOOL=$debian/usr/bin/promtool
export ALERTMANAGER=$debian/usr/bin/prometheus-alertmanager
export AMTOOL=$debian/usr/bin/amtool

# apt_get runs apt-get without a question, as root whoever calls it.
apt_get() {
  local sudo=()
  ((EUID == 0)) || sudo=(sudo -n)
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Sandbox::User=root "$@"
}

# install_compilers installs what the race detector and make need, where the machine lacks them.
install_compilers() {
  if command -v make >/dev/null && command -v gcc >/dev/null; then return; fi
  apt_get update
  apt_get install -y --no-install-recommends make gcc libc6-dev
}

# install_programs installs the Debian packages of programs that the machine lacks, given as PROGRAM or PROGRAM:PACKAGE.
install_programs() {
  local program missing=()
  for program; do command -v "${program%:*}" >/dev/null || missing+=("${program#*:}"); done
  if ((${#missing[@]} == 0)); then return; fi
  apt_get update
  apt_get install -y --no-install-recommends "${missing[@]}"
}

# unpack_debian unpacks Debian packages into the cache: nothing is installed and no service is started.
# The libraries are those of shellcheck, which a bare machine may lack.
unpack_debian() {
  local packages=(prometheus prometheus-alertmanager shellcheck libffi8 libgmp10 libnuma1)
  if [[ -e $debian/complete ]]; then return; fi
  rm -rf "$debian"
  mkdir -p "$debian/packages"
  apt_get update
  (
    cd "$debian/packages" || exit 1
    apt-get -q -o APT::Sandbox::User=root download "${packages[@]}"
    for package in *.deb; do dpkg -x "$package" "$debian"; done
  )
  rm -r "$debian/packages"
  touch "$debian/complete"
}

# go_tool builds one program of a Go module into a folder named for its version.
go_tool() {
  local binary=$1 module=$2
  if [[ -x $binary ]]; then return; fi
  GOFLAGS='' GOBIN=$(dirname "$binary") go install "$module"
}

install_tools() {
  install_compilers
  unpack_debian
  go_tool "$staticcheck" "honnef.co/go/tools/cmd/staticcheck@$staticcheck_version"
  go_tool "$golangci_lint" "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci_version"
  go_tool "$actionlint" "github.com/rhysd/actionlint/cmd/actionlint@$actionlint_version"
  "$PROMETHEUS" --version
  "$staticcheck" -version
  "$golangci_lint" version
  unpacked_shellcheck --version
}

# unpacked_shellcheck runs shellcheck with the libraries that were unpacked beside it.
unpacked_shellcheck() {
  LD_LIBRARY_PATH=$(echo "$debian"/usr/lib/*-linux-gnu) "$debian/usr/bin/shellcheck" "$@"
}
