#!/bin/sh
# One image for both kinds, as the real one: with a provider of its own where the file says so, which is simulated.
set -eu
config=/etc/netbird/management.json port=80 domain=
arguments=$*
while [ $# -gt 0 ]; do
    case $1 in
        --config) config=$2; shift ;;
        --port) port=$2; shift ;;
        --single-account-mode-domain) domain=$2; shift ;;
    esac
    shift
done
if /bin/busybox grep -q '"EmbeddedIdP"' "$config"; then
    export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
    exec /stand-in/netbird-sim --config "$config" --listen "0.0.0.0:$port" --single-account-mode-domain "$domain"
fi
# shellcheck disable=SC2086
exec /stand-in/netbird-stand-in management $arguments
