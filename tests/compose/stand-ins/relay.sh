#!/bin/sh
# What the real relay refuses to start without.
set -eu
: "${NB_AUTH_SECRET:?}" "${NB_EXPOSED_ADDRESS:?}" "${NB_LISTEN_ADDRESS:?}"
echo "relay: serves $NB_EXPOSED_ADDRESS"
exec /go/bin/stand-in web "${NB_LISTEN_ADDRESS#:}" 9000
