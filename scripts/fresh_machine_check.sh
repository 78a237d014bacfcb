#!/usr/bin/env bash
# Try the README on a machine that has nothing: a bare Debian 13 in its own folder.
#
#   scripts/fresh_machine_check.sh [--tests] [--root DIR]
#
# Installs the packages that the README names, clones the repository as it is committed, runs the commands of the
# README's section "Start" as a plain user, and prints how long each took and for how long a processor worked.
# --tests: also `make test`. --root: build the system in DIR and keep it; one that is there already is used again.
# DEBIAN_MIRROR: where packages come from.
# Exit codes: 0 everything worked, or skipped with the reason; 1 something did not; 2 usage.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
suite=trixie
tests=no
root=

while [ $# -gt 0 ]; do
  case $1 in
    --tests) tests=yes ;;
    --root) root=${2:?--root needs a folder}; shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) echo "$0: unknown argument $1; --tests and --root DIR are known" >&2; exit 2 ;;
  esac
  shift
done

skip() {
  echo "skipped the check on a fresh machine: $1"
  exit 0
}

[ "$(id -u)" = 0 ] || skip "it needs root"
built=no
[ -n "$root" ] && [ -x "$root/usr/bin/apt-get" ] && built=yes
[ $built = yes ] || command -v debootstrap >/dev/null \
  || skip "debootstrap is missing; get it with \`apt-get install debootstrap\`"
unshare --mount true 2>/dev/null || skip "nothing can be mounted here (a container without that right?)"

# What the README says is what is tried.
start=$(sed -n '/^## Start$/,/^## [^S]/p' "$repository/README.md")
packages=$(sed -n 's/^sudo apt install //p' <<<"$start")
mapfile -t commands < <(sed -n 's/^\(python3 -m arena[^#]*[^# ]\) *\(#.*\)\{0,1\}$/\1/p' <<<"$start" | head -2)
if [ -z "$packages" ] || [ ${#commands[@]} -ne 2 ]; then
  echo "README.md, section Start: expected a line 'sudo apt install ...' and two commands 'python3 -m arena...'" >&2
  exit 1
fi

if [ -z "$root" ]; then
  root=$(mktemp -d)
  trap 'rm -rf --one-file-system "$root"' EXIT
fi
mkdir -p "$root"
root=$(cd "$root" && pwd)

inside() { # words of a command, carried out as root inside the system
  # shellcheck disable=SC2016
  unshare --mount --propagation private sh -c '
    root=$1; shift
    mount -t proc proc "$root/proc" && exec chroot "$root" env -i \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
      ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} \
      "$@"' sh "$root" "$@" </dev/null
}

as_user() { # one line of shell, carried out as a plain user in the clone
  inside setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/user sh -ec "cd /home/user/arena; $1"
}

spent() { # sets cpu to the seconds that the processor worked for all commands so far
  times >"$root.times" # not into a pipe: that would be another shell, which has spent nothing
  cpu=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, part, "m"); sum += part[1] * 60 + part[2] } printf "%d", sum }' \
    "$root.times")
  rm -f "$root.times"
}

timed() { # a title, then words of a command: notes how long it took, ends the script where it fails
  local title=$1 began=$SECONDS cpu before
  shift
  spent
  before=$cpu
  echo "--- $title"
  "$@" || { echo "FAILED after $((SECONDS - began)) s: $title" >&2; exit 1; }
  spent
  took+="$(printf '%6d s %6d s  %s' $((SECONDS - began)) $((cpu - before)) "$title")"$'\n'
}

build_system() {
  local log=$root.log
  echo "--- build a bare Debian 13 ($suite, minbase) in $root"
  # shellcheck disable=SC2086
  if ! debootstrap --variant=minbase "$suite" "$root" ${DEBIAN_MIRROR:-} >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    skip "debootstrap could not build it: is a mirror of Debian reachable? Set DEBIAN_MIRROR to name one"
  fi
  rm -f "$log"
}

install_packages() {
  # shellcheck disable=SC2086
  inside env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $packages >"$root/install.log" 2>&1 \
    || { tail -n 20 "$root/install.log" >&2; return 1; }
  # The authorities that this machine trusts besides the usual ones, such as that of a proxy.
  if [ -d /usr/local/share/ca-certificates ]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
    inside update-ca-certificates >/dev/null
  fi
}

clone() {
  rm -rf "$root/home/user"
  mkdir -p "$root/home/user"
  git clone --quiet --no-hardlinks "$repository" "$root/home/user/arena"
  chown -R 1000:1000 "$root/home/user"
}

took=
[ $built = yes ] || build_system
timed "apt install $packages" install_packages
timed "git clone" clone
for command in "${commands[@]}"; do timed "$command" as_user "$command"; done
[ "$tests" = no ] || timed "make test" as_user "make test"

echo
echo "$(inside python3 --version), $(inside cargo --version), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg)"
printf '%8s %8s\n%s' "elapsed" "CPU" "$took"
