#!/bin/sh
# Serves what the Caddyfile, which the entrypoint has written, says of the two names; 2019 is its admin port.
set -eu
routes=$(/bin/busybox awk '/^[a-z0-9.]+ \{$/ { name = $1 } /^    reverse_proxy [a-z-]+:[0-9]+$/ { print name "=" $2 }' /etc/caddy/Caddyfile)
/stand-in/netbird-stand-in web 2019 &
# shellcheck disable=SC2086
exec /stand-in/netbird-stand-in proxy /stand-in $routes
