#!/usr/bin/env bash
# The requests of a converged run from one curl that looks at nothing: all at once, though the real ones depend on each
# other. No client that sends these requests needs fewer rounds.
set -euo pipefail
api=$AUTHENTIK_HOST/api/v3
app=$AUTHENTIK_HOST/application/o
ask="client_id=netbird&response_type=code&scope=openid+profile+email+offline_access&state=bench"
ask+="&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&prompt=none&redirect_uri="
curl --silent --fail --parallel --parallel-immediate --cacert "$AUTHENTIK_CA_FILE" --noproxy '*' \
    --header "Authorization: Bearer $AUTHENTIK_TOKEN" --output /dev/null \
    --output /dev/null --output /dev/null --output /dev/null --output /dev/null --output /dev/null \
    --output /dev/null --output /dev/null --output /dev/null --output /dev/null --output /dev/null \
    "$api/core/users/me/" "$api/admin/version/" \
    "$api/propertymappings/provider/scope/?page_size=100" "$api/providers/oauth2/?client_id=netbird&page_size=100" \
    "$api/crypto/certificatekeypairs/?has_key=true&page_size=100" "$api/core/brands/?page_size=100" \
    "$app/netbird/.well-known/openid-configuration" "$app/netbird/jwks/" \
    "$app/authorize/?${ask}http%3A%2F%2Flocalhost%3A53000" "$app/authorize/?${ask}http%3A%2F%2Flocalhost%3A53000%2F" \
    "$app/authorize/?${ask}https%3A%2F%2Fnetbird.example.com%2Fauth"
