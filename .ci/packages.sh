# shellcheck shell=bash
# Packages are installed, run, upgraded and removed in a root of their own. Sourced by .ci/deploy.

nfpm=${cache:?is set by tools.sh}/nfpm-v2.45.2/nfpm

# stand_in copies programs of this machine, with their libraries, into a root.
stand_in() {
  local root=$1 program library
  shift
  mkdir -p "$root"/{tmp,root,etc,proc,usr/bin,usr/sbin,usr/lib,usr/lib64}
  for library in bin sbin lib lib64; do [[ -e $root/$library ]] || ln -s "usr/$library" "$root/$library"; done
  for program; do
    program=$(PATH=$PATH:/usr/sbin:/sbin command -v "$program")
    cp -L "$program" "$root/usr/bin/"
    while IFS= read -r library; do
      mkdir -p "$root$(dirname "$library")"
      cp -L "$library" "$root$library"
    done < <(ldd "$program" | grep -o '/[^ ]*' || true)
  done
}

# bare makes a root with what the scripts of a package call, and no user but root.
bare() {
  stand_in "$1" sh getent groupadd useradd nologin rm stat env
  mkdir "$1/dev"
  mknod -m 666 "$1/dev/null" c 1 3
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
  touch "$1"/etc/{shadow,gshadow,login.defs}
  printf 'passwd: files\ngroup: files\n' >"$1/etc/nsswitch.conf"
}

# is fails unless a file of a root has this mode, owner and group.
is() {
  local found
  found=$(chroot "$1" /usr/bin/stat -c '%a %U:%G' "$2")
  [[ $found == "$3" ]] || fail "$2 is $found, want $3"
}

# exec_start is the command of a unit in a root, with other OPTIONS than those of /etc/default.
exec_start() {
  local output=/tmp/securitycenter.prom line
  line=$(sed -n 's/^ExecStart=//p' "$1/usr/lib/systemd/system/$2.service")
  line=${line//\$\{OUTPUT\}/$output}
  echo "${line//\$OPTIONS/$3}"
}

# installed sees that what is installed in a root works: the commands of its units, run as their user, export the
# simulated consoles of a demonstration with a configuration that only their group may read.
installed() {
  local root=$1 what=$2 port command user=securitycenter_exporter
  is "$root" /etc/securitycenter_exporter "750 root:$user"
  is "$root" /etc/securitycenter_exporter/config.yml "640 root:$user"
  is "$root" /etc/securitycenter_exporter/credentials '700 root:root'
  is "$root" /usr/bin/scctl '755 root:root'
  chroot "$root" /usr/bin/scctl --version
  gzip -dc "$root/usr/share/man/man1/securitycenter_exporter.1.gz" | grep -F 'config.file' >/dev/null
  grep -F scctl "$root/usr/share/bash-completion/completions/scctl" >/dev/null
  [[ -s $root/usr/share/doc/securitycenter-exporter/copyright ]] || fail 'there is no licence'

  run_consoles "demo-of-$what" "$root/etc/securitycenter_exporter/config.yml"
  port=$(free_port)
  read -ra command < <(exec_start "$root" securitycenter_exporter "--web.listen-address=127.0.0.1:$port")
  mkdir -p "$root/var/lib/$user"
  chmod 1777 "$root/tmp"
  chown --reference="$root/etc/securitycenter_exporter/config.yml" "$root/var/lib/$user"
  chmod 770 "$root/var/lib/$user"
  run "$what" env STATE_DIRECTORY="/var/lib/$user" chroot --userspec="$user:$user" "$root" "${command[@]}"
  eventually curl -fsS "http://127.0.0.1:$port/-/ready"
  curl -fsS "http://127.0.0.1:$port/metrics" >"${work:?is set by proof.sh}/$what.metrics"
  grep '^securitycenter_up 1$' "$work/$what.metrics"
  grep '^securitycenter_vulnerabilities{.*severity="critical"} [1-9]' "$work/$what.metrics"

  read -ra command < <(exec_start "$root" securitycenter_exporter-once '')
  env STATE_DIRECTORY="/var/lib/$user" chroot --userspec="$user:$user" "$root" "${command[@]}"
  grep '^securitycenter_up{console="hq"} 1$' "$root/tmp/securitycenter.prom"
  proved "the $what installs into a root of its own; the commands of its units export a simulated console as their user"
}

# build_packages writes the package of a version for this machine, as deb or rpm.
build_packages() {
  go_tool "$nfpm" "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2"
  NFPM=$nfpm PACKAGERS=$1 VERSION=$2 deploy/release/packages "$work/packages" "linux_$(go env GOARCH)_v1"
}

deb() {
  local root=$work/deb-root dpkg
  if ((EUID != 0)); then
    echo 'skipped: installing a package needs root'
    return
  fi
  build_packages deb 1.0.0
  build_packages deb 1.1.0
  bare "$root"
  stand_in "$root" dpkg dpkg-deb dpkg-split tar ldconfig start-stop-daemon diff
  mkdir -p "$root"/var/lib/dpkg/{updates,info} "$root/var/log"
  touch "$root/var/lib/dpkg/status"
  cp "$work"/packages/*.deb "$root/root/"
  # There is no other package in the root.
  dpkg=(chroot "$root" env PATH=/usr/bin:/usr/sbin dpkg --force-depends)
  "${dpkg[@]}" -i "/root/securitycenter-exporter_1.0.0_$(dpkg --print-architecture).deb"
  installed "$root" deb
  cp "$root/etc/securitycenter_exporter/config.yml" "$work/own.yml"
  "${dpkg[@]}" -i "/root/securitycenter-exporter_1.1.0_$(dpkg --print-architecture).deb"
  chroot "$root" /usr/bin/securitycenter_exporter --version | grep -F 'version 1.1.0'
  cmp "$work/own.yml" "$root/etc/securitycenter_exporter/config.yml"
  is "$root" /etc/securitycenter_exporter/config.yml '640 root:securitycenter_exporter'
  "${dpkg[@]}" -r securitycenter-exporter
  [[ ! -e $root/usr/bin/scctl ]] || fail 'the removed package has left its programs'
  cmp "$work/own.yml" "$root/etc/securitycenter_exporter/config.yml"
  "${dpkg[@]}" -P securitycenter-exporter
  [[ ! -e $root/etc/securitycenter_exporter/config.yml ]] || fail 'the purged package has left its configuration'
  proved 'upgrading the deb and removing it keep the configuration, purging it does not'
}

# rpm_package is for the nightly run: Debian's rpm installs.
rpm_package() {
  local root=$work/rpm-root rpm
  if ! command -v rpm >/dev/null; then
    apt_get update
    apt_get install -y --no-install-recommends rpm
  fi
  build_packages rpm 1.0.0
  build_packages rpm 1.1.0
  bare "$root"
  rpm=(rpm --root="$root" --nodeps --nosignature)
  "${rpm[@]}" -i "$work"/packages/securitycenter-exporter-1.0.0-*.rpm
  installed "$root" rpm
  cp "$root/etc/securitycenter_exporter/config.yml" "$work/own.yml"
  "${rpm[@]}" -U "$work"/packages/securitycenter-exporter-1.1.0-*.rpm
  chroot "$root" /usr/bin/securitycenter_exporter --version | grep -F 'version 1.1.0'
  cmp "$work/own.yml" "$root/etc/securitycenter_exporter/config.yml"
  "${rpm[@]}" -e securitycenter-exporter
  [[ ! -e $root/usr/bin/scctl ]] || fail 'the removed package has left its programs'
  cmp "$work/own.yml" "$root/etc/securitycenter_exporter/config.yml.rpmsave"
  proved 'upgrading the rpm keeps the configuration, and removing it puts it aside'
}

# module is for the nightly run: it makes a module proxy of this tree, installs both programs from it by name, as a user does,
# and has a module of its own import the client and the simulated console.
module() {
  local path=github.com/securitycenter-exporter/securitycenter_exporter version=v0.0.1-ci cache=$work/modules
  local tree=$work/module-tree proxy=$work/proxy
  mkdir -p "$tree" "$proxy"
  git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c --ignore-failed-read 2>/dev/null | tar -x -C "$tree"
  git -C "$tree" init -q
  git -C "$tree" add -A
  git -C "$tree" -c user.name=ci -c user.email=ci@example.org commit -q -m ci
  git -C "$tree" tag "$version"
  # Go itself makes the files of a proxy: of a repository that git takes from here.
  (
    cd "$work" || exit
    env GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$tree.insteadOf" GIT_CONFIG_VALUE_0="https://$path" \
      GOPRIVATE="$path" GOMODCACHE="$cache" GOFLAGS=-modcacherw go mod download "$path@$version"
  )
  cp -r "$cache/cache/download/." "$proxy"
  export GOPROXY GONOSUMDB=$path GOFLAGS=-mod=mod GOBIN=$work/installed
  GOPROXY=file://$proxy,$(go env GOPROXY)
  (cd "$work" && go install "$path@$version" && go install "$path/cmd/scctl@$version")
  "$GOBIN/securitycenter_exporter" --version | grep -F "version ${version#v}"
  "$GOBIN/scctl" --version | grep -F "version ${version#v}"
  proved 'go install of both programs by name, from a module proxy made of this tree'

  mkdir "$work/importer"
  cat >"$work/importer/importer_test.go" <<'END'
package importer

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestQuery(t *testing.T) {
	console := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 500})
	client, err := scapi.New(scapi.Options{
		URL: console.URL,
		Credentials: func() (scapi.Credentials, error) {
			return scapi.Credentials{Username: "analyst", Password: sctest.AnalystPassword}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Repositories(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatalf("%d repositories, %v", len(list), err)
	}
}
END
  (
    cd "$work/importer" || exit
    go mod init example.org/importer
    go get "$path@$version"
    go mod tidy
    go test ./...
  )
  proved 'a module of its own that imports scapi and scapi/sctest passes its test'
}
