# Tries a connection, with whatever the host has for it: exit status 0 when there is one, 70 when nothing here can try.
# usage: port HOST PORT SECONDS
host=$1 port=$2 seconds=$3
has() { command -v "$1" >/dev/null 2>&1; }
if has timeout && timeout "$seconds" true 2>/dev/null; then within="timeout $seconds"; else within=; fi
if has bash; then
    $within bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" && exit 0
elif has python3; then
    python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))' \
        "$host" "$port" "$seconds" && exit 0
elif has perl; then
    perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2]) or die "$@\n"' \
        "$host" "$port" "$seconds" && exit 0
elif has nc; then
    $within nc "$host" "$port" </dev/null >/dev/null && exit 0
else
    echo 'there is none of bash, python3, perl and nc' >&2
    exit 70
fi
status=$?
[ "$status" != 124 ] || echo "no answer within $seconds s" >&2
exit 1
