#!/usr/bin/env bash
# The reads of a converged run as such scripts are usually written: a curl a request, a jq an answer. It compares the
# little that it needs to know whether NetBird is set up, and writes nothing.
set -euo pipefail
die() { echo "$1" >&2; exit 1; }
get() { curl --silent --show-error --fail --noproxy '*' --cacert "$AUTHENTIK_CA_FILE" "$@"; }
api() { get --header "Authorization: Bearer $AUTHENTIK_TOKEN" "$AUTHENTIK_HOST/api/v3/$1"; }

[[ $(api core/users/me/ | jq -r .user.is_superuser) == true ]] || die "the token's user is no administrator"
api admin/version/ | jq -e .version_current >/dev/null
mappings=$(api "propertymappings/provider/scope/?page_size=100" | jq -r '.results[].pk')
provider=$(api "providers/oauth2/?client_id=netbird&page_size=100" | jq -e '.results[0]')
keys=$(api "crypto/certificatekeypairs/?has_key=true&page_size=100" | jq -r '.results[].pk')
api core/brands/current/ | jq -e .flow_device_code >/dev/null
application=$(jq -r .installation.application "$SETUP_DIR/state.json")
api "policies/bindings/?target=$application&page_size=100" | jq -e .results >/dev/null
[[ $(jq -r .client_type <<<"$provider") == public ]] || die "the client is not public"
grep -qF "$(jq -r .signing_key <<<"$provider")" <<<"$keys" || die "there is no such signing key"
grep -qF "$(jq -r '.property_mappings[0]' <<<"$provider")" <<<"$mappings" || die "there is no such mapping"

app=$AUTHENTIK_HOST/application/o
discovery=$(get "$app/netbird/.well-known/openid-configuration")
[[ $(jq -r .issuer <<<"$discovery") == "$app/netbird/" ]] || die "wrong issuer"
get "$(jq -r .jwks_uri <<<"$discovery")" | jq -e '.keys[] | select(.kty == "RSA")' >/dev/null
