#!/usr/bin/env bash
# The requests of a converged run from one curl that looks at nothing: all at once, though the real ones depend on each
# other. No client that sends these requests needs fewer rounds.
set -euo pipefail
api=$AUTHENTIK_HOST/api/v3
app=$AUTHENTIK_HOST/application/o
# Which application it is, as this program remembers it too.
application=$(sed -n 's/.*"application": "\(.*\)".*/\1/p' "$SETUP_DIR/state.json")
curl --silent --fail --parallel --parallel-immediate --cacert "$AUTHENTIK_CA_FILE" --noproxy '*' \
    --header "Authorization: Bearer $AUTHENTIK_TOKEN" --output /dev/null \
    --output /dev/null --output /dev/null --output /dev/null --output /dev/null \
    --output /dev/null --output /dev/null --output /dev/null --output /dev/null \
    "$api/core/users/me/" "$api/admin/version/" \
    "$api/propertymappings/provider/scope/?page_size=100" "$api/providers/oauth2/?client_id=netbird&page_size=100" \
    "$api/crypto/certificatekeypairs/?has_key=true&page_size=100" "$api/core/brands/current/" \
    "$api/policies/bindings/?target=$application&page_size=100" \
    "$app/netbird/.well-known/openid-configuration" "$app/netbird/jwks/"
