#!/bin/sh
# Installs Debian packages as programs, none of them as a service of this machine: nothing that a package brings is started
# now (policy-rc.d, invoke-rc.d(8)), nor at the next boot, unless it was to be started before. As root.
# usage: install.sh PACKAGE...
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
policy=/usr/sbin/policy-rc.d
work=$(mktemp -d)
made=
tidy() {
    [ -z "$made" ] || rm -f "$policy"
    rm -rf "$work"
}
trap tidy EXIT
trap 'exit 1' HUP INT TERM

# What starts at boot: links of systemd's units, and of init scripts.
at_boot() { find /etc/systemd/system /etc/rc[2-5].d -type l 2>/dev/null | sort; }

if [ ! -e "$policy" ]; then
    made=yes
    printf '#!/bin/sh\n# There while packages are installed; taken away afterwards.\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
at_boot >"$work/before"
apt-get -q update
apt-get -q install -y --no-install-recommends "$@"
at_boot | comm -13 "$work/before" - >"$work/new"
while read -r link; do
    name=${link##*/}
    case $link in
        /etc/rc*) update-rc.d "${name#[SK][0-9][0-9]}" disable ;;
        *) rm -f "$link" ;;
    esac
    echo "$name does not start at boot: it was installed as a program"
done <"$work/new"
