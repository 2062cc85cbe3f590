# Starts a program as another user: of root's, nothing is left. As root.
# usage: become USER PROGRAM [ARGUMENT...]
user=$1
shift
id -u "$user" >/dev/null || { echo "there is no user $user" >&2; exit 126; }
# setpriv (util-linux) stays the same process. Where it cannot do this, as busybox's, su: busybox's starts no session.
become="--reuid $(id -u "$user") --regid $(id -g "$user") --init-groups --reset-env"
if setpriv $become true 2>/dev/null; then exec setpriv $become -- "$@"; fi
exec su -s /bin/sh -c 'exec "$@"' -- "$user" sh "$@"
