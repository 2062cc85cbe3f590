#!/bin/bash
# Pid 1 of a host until it becomes the host's init: builds /proc, /sys, /dev, /run, /tmp over the root
# given, changes into it and executes the init. Runs in namespaces of its own (mount, pid, uts, ipc, cgroup).
# usage: boot.sh ROOT HOSTNAME systemd|lab-init
set -e
root=$1 name=$2 init=$3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# As root the host has no user namespace: what is the machine's own is not for it to change.
for part in sys sysrq-trigger irq bus fs; do
    [ -e "$root/proc/$part" ] || continue
    mount --bind "$root/proc/$part" "$root/proc/$part"
    mount -o remount,bind,ro,nosuid,nodev,noexec "$root/proc/$part"
done
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys" 2>/dev/null || mount --rbind /sys "$root/sys" || true
# The root of this control group namespace is the host's own group.
[ "$init" != systemd ] || mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid,noexec,size=1M tmpfs "$root/dev"
for node in null zero full random urandom tty; do
    [ -e "/dev/$node" ] || continue
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts" 2>/dev/null ||
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
hostname "$name"
mkdir "$root/run/oldroot"
cd "$root"
pivot_root . run/oldroot
cd /
umount -l /run/oldroot
rmdir /run/oldroot
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
case $init in
    systemd) set -- /lib/systemd/systemd --log-target=console --show-status=no ;;
    *) set -- /usr/local/sbin/lab-init ;;
esac
# Without the machine's clock, kernel modules, ports and devices. It keeps SYS_BOOT: without it a power-off looks like a reboot.
exec setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-mknod env -i PATH="$PATH" HOME=/root TERM=dumb container=lab "$@"
