//! Packages are installed as programs: none of them is started, now or at the next boot.

use std::process::Command;

/// A machine of the test's own over this one, where apt brings a service that would start at once and at every boot. `old` is a
/// service that was there before.
const MACHINE: &str = r#"
mount -t tmpfs tmpfs /mnt
for place in etc usr/sbin; do
    mkdir -p "/mnt/$place/upper" "/mnt/$place/work"
    mount -t overlay -o "lowerdir=/$place,upperdir=/mnt/$place/upper,workdir=/mnt/$place/work" overlay "/$place"
done
mkdir -p /mnt/bin /etc/systemd/system/multi-user.target.wants
ln -s /lib/systemd/system/old.service /etc/systemd/system/multi-user.target.wants/old.service
rm -f /usr/sbin/policy-rc.d
cat >/mnt/bin/apt-get <<'APT'
#!/bin/sh
case "$*" in *update*) exit 0;; esac
if /usr/sbin/policy-rc.d new start; then echo started; else echo "not started: $?"; fi
ln -s /lib/systemd/system/new.service /etc/systemd/system/multi-user.target.wants/new.service
ln -s /lib/systemd/system/new.service /etc/systemd/system/alias.service
ln -s ../init.d/new /etc/rc2.d/S01new
echo "installed $*"
APT
printf '#!/bin/sh\necho "$@" >>/mnt/disabled\n' >/mnt/bin/update-rc.d
chmod 755 /mnt/bin/*
PATH=/mnt/bin:$PATH sh "$1" new
echo "at boot: $(ls /etc/systemd/system/multi-user.target.wants | grep -E '^(old|new)' | tr '\n' ' ')"
[ ! -e /etc/systemd/system/alias.service ] && echo "no alias"
cat /mnt/disabled
[ ! -e /usr/sbin/policy-rc.d ] && echo "policy taken away"
"#;

#[test]
fn nothing_that_is_installed_becomes_a_service_of_the_machine() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rehearsal/machine/install.sh");
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command = Command::new("sudo");
        command.args(["-n", "unshare"]);
    }
    let output = command.args(["--mount", "sh", "-euc", MACHINE, "machine", script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "not started: 101",
        "installed -q install -y --no-install-recommends new",
        "at boot: old.service ",
        "no alias",
        "new disable",
        "policy taken away",
    ] {
        assert!(said.lines().any(|l| l == line), "`{line}` is not in:\n{said}");
    }
}
