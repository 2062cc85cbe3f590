# One fact a line, the kind first. $1: the other Availability Zone; $2: the region.
kernel=$(uname -r)

# File systems that are named by a disk's name.
if [ -r /etc/fstab ]; then
  while read -r device place kind _; do
    case $device in
      /dev/xvd*|/dev/sd*|/dev/hd*|/dev/nvme*) echo "device $device $place";;
    esac
    case $kind in
      efs) id=${device%%:*}; case $id in *.*) echo "efs-host $id $place";; *) echo "efs-host $id.efs.$2.amazonaws.com $place";; esac;;
    esac
  done </etc/fstab
fi

# Network settings that name an interface or a MAC address. Those that cloud-init writes anew for each instance do not count.
case " $(cat /proc/cmdline) " in *" net.ifnames=0 "*) echo "ifnames 0";; esac
if command -v cloud-init >/dev/null 2>&1 && [ ! -e /etc/cloud/cloud-init.disabled ]; then renewed=yes; else renewed=no; fi
if grep -Eqs '^[[:space:]]*network:[[:space:]]*\{?[[:space:]]*config:[[:space:]]*disabled' /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg; then renewed=no; fi
for file in /etc/netplan/*.yaml /etc/netplan/*.yml /etc/network/interfaces /etc/network/interfaces.d/* \
            /etc/systemd/network/*.network /etc/systemd/network/*.link /etc/udev/rules.d/*net*.rules \
            /etc/sysconfig/network-scripts/ifcfg-* /etc/NetworkManager/system-connections/*; do
  if [ ! -f "$file" ] || [ "${file##*/}" = ifcfg-lo ]; then continue; fi
  if [ "$renewed" = yes ] && grep -Eqis 'cloud-init|datasource' "$file"; then continue; fi
  body=$(grep -Ev '^[[:space:]]*(#|$)' "$file" || true)
  if printf '%s\n' "$body" | grep -Eqi '(^|[^0-9a-f:])([0-9a-f]{2}:){5}[0-9a-f]{2}([^0-9a-f:]|$)'; then echo "mac $file"; fi
  name=$(printf '%s\n' "$body" | grep -Eo '(^|[^[:alnum:]])(eth[0-9]+|ens[0-9]+|enX[0-9]+|enp[0-9]+s[0-9]+)([^[:alnum:]*]|$)' | grep -Eo '(eth|ens|enX|enp)[0-9]+(s[0-9]+)?' | head -n 1 || true)
  if [ -n "$name" ]; then echo "interface $name $file"; fi
done

# Drivers: in the kernel, as a module, and in what the kernel boots with.
for driver in nvme ena; do
  if grep -Eqs "/$driver\.ko" "/lib/modules/$kernel/modules.builtin"; then echo "driver $driver built-in"; continue; fi
  if ! modinfo -k "$kernel" "$driver" >/dev/null 2>&1; then echo "driver $driver missing"; continue; fi
  echo "driver $driver module"
  if [ "$driver" = ena ]; then continue; fi
  if command -v lsinitramfs >/dev/null 2>&1 && [ -r "/boot/initrd.img-$kernel" ]; then
    listed=$(lsinitramfs "/boot/initrd.img-$kernel" 2>/dev/null || true)
  elif command -v lsinitrd >/dev/null 2>&1 && [ -r "/boot/initramfs-$kernel.img" ]; then
    listed=$(lsinitrd "/boot/initramfs-$kernel.img" 2>/dev/null || true)
  else
    listed=
  fi
  if [ -z "$listed" ]; then echo "initrd $driver untold"
  elif printf '%s\n' "$listed" | grep -Eq "/$driver\.ko"; then echo "initrd $driver yes"
  else echo "initrd $driver no"; fi
done

# Network file systems that are mounted now.
findmnt -rn -t nfs,nfs4 -o SOURCE,TARGET 2>/dev/null | while read -r source place; do
  case $source in *.efs.*) echo "efs-host ${source%%:*} $place";; esac
done || true
