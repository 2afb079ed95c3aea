#!/bin/sh
# What the real dashboard puts into its pages, and refuses to do without.
set -eu
for name in AUTH_AUTHORITY AUTH_CLIENT_ID AUTH_AUDIENCE AUTH_SUPPORTED_SCOPES USE_AUTH0 NETBIRD_MGMT_API_ENDPOINT; do
    eval "value=\${$name:-}"
    if [ -z "$value" ]; then echo "dashboard: $name is missing"; exec /stand-in web 80; fi
done
echo "$AUTH_AUTHORITY $AUTH_CLIENT_ID $AUTH_AUDIENCE $AUTH_SUPPORTED_SCOPES" > /usr/share/nginx/html/index.html
echo "dashboard: serves $AUTH_AUTHORITY"
exec /stand-in web 80
