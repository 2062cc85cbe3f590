#!/bin/sh
# Starts the real nginx on each configuration in $1 (one folder each, as /etc/nginx) and asks it what a balancer and a
# visitor behind it ask. In network, mount and process namespaces of its own, where it has the ports and the addresses of a
# server. Answers go to `answers` in each folder.
set -eu
cases=$1 base=$2 name=$3
ip link set lo up
ip address add 10.0.0.5/32 dev lo
for place in /etc/nginx /var/www /var/log/nginx /run; do mount -t tmpfs -o mode=755 tmpfs "$place"; done
for root in /var/www/html /var/www/nextcloud; do mkdir -p "$root"; done
mkdir -p /var/www/nextcloud/apps
for script in index status remote; do echo "<?php" >"/var/www/nextcloud/$script.php"; done
php "$base/backends.php" fcgi:127.0.0.1:9000 http:127.0.0.1:8080 http:127.0.0.1:7867 >/run/backends &
until grep -q ready /run/backends; do sleep 0.02; done

asked() {
  out=$1 host=$2 path=$3 how='by address'
  shift 3
  if [ -n "$host" ]; then how='by its name' && set -- -H "Host: $host"; fi
  said=$(curl -s -m 5 -o /dev/null -H 'X-Forwarded-Proto: https' "$@" -w '%{http_code} %header{location}' \
    "http://10.0.0.5$path") || said="no answer"
  echo "$path $how: $said" | sed 's/ *$//' >>"$out"
}

for case in "$cases"/*/; do
  find /etc/nginx -mindepth 1 -delete
  cp -a "$base/base/." "$case/nginx/." /etc/nginx/
  cp -a "$cases/../tls" /etc/nginx/tls
  out=$case/answers
  : >"$out"
  if ! nginx -t >/run/said 2>&1; then
    { echo "nginx -t fails:"; cat /run/said; } >"$out"
    continue
  fi
  grep -o '\[warn\].*' /run/said | sed 's/^\[warn\] [0-9#: ]*//' >>"$out" || true
  if ! timeout 20 nginx >/run/said 2>&1; then
    { echo "nginx does not start:"; cat /run/said; } >>"$out"
    continue
  fi
  asked "$out" '' /status.php
  for path in /status.php / /apps /.well-known/carddav; do asked "$out" "$name" "$path"; done
  pid=$(cat /run/nginx.pid)
  nginx -s stop 2>/dev/null
  while [ -d "/proc/$pid" ]; do sleep 0.01; done
done
