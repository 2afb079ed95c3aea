# The shipped example stack as it is, with stand-ins under the names of the foreign images.
# shellcheck shell=bash

example() {
    local dir="$work/example"
    mkdir -p "$dir"
    cp "$root"/docker-compose.example.yml "$root"/docker-compose.sidecar.example.yml "$dir/"
    # As .env.example says, with names that nobody has.
    {
        echo AUTHENTIK_DOMAIN=auth.example.com
        echo NETBIRD_DOMAIN=netbird.example.com
        sed -n 's/^\([A-Z_]*\)=$/\1/p' "$root/.env.example" | grep -v _DOMAIN | while read -r name; do
            echo "$name=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')"
        done
    } > "$dir/.env"
    mkdir -p "$dir/secrets"
    sed -n 's/^AUTHENTIK_BOOTSTRAP_TOKEN=//p' "$dir/.env" > "$dir/secrets/authentik-token"
    example_stack "the example stack" docker-compose.example.yml
    same "init has ended" "exited 0" "$(exit_of netbird-authentik-init)"
    done_with
    example_stack "the example stack with the sidecar" docker-compose.example.yml docker-compose.sidecar.example.yml
    same "the sidecar is well" "healthy" "$("$docker" inspect -f '{{.State.Health.Status}}' "$(id_of netbird-authentik-init)")"
    done_with
}

example_stack() {
    scenario "$1"
    shift
    files=(--project-directory "$work/example" --env-file "$work/example/.env")
    local file service
    for file in "$@"; do files+=(-f "$work/example/$file"); done
    up
    until_true 60 "management verifies a token" says netbird-management "management: serves"
    expect "it has fetched discovery by the public name" says netbird-management "discovery fetched from https://auth.example.com/"
    expect "the relay has its settings" says netbird-relay "relay: serves rels://netbird.example.com:443"
    expect "the dashboard has its settings" says netbird-dashboard "dashboard: serves https://auth.example.com/application/o/netbird/"
    for service in postgresql netbird-management netbird-signal netbird-relay netbird-dashboard caddy; do
        until_true 120 "$service is healthy" is_healthy "$service"
    done
    # No service of NetBird was started before the files were verified.
    local written started
    written=$(log_of netbird-authentik-init | sed -n 's/^\([^ ]*\) .*setup.env written.*/\1/p' | head -n 1)
    for service in netbird-management netbird-signal netbird-relay netbird-dashboard; do
        started=$("$docker" inspect -f '{{.State.StartedAt}}' "$(id_of "$service")")
        expect "$service ($started) starts after setup.env ($written)" test "$started" \> "$written"
    done
    same "the state is for this container alone" "600 65532:65532" \
        "$("$docker" run --rm --network none -v "${project}_netbird_state:/state" userland:local stat -c '%a %u:%g' /state/secrets.json)"
}

is_healthy() { [ "$("$docker" inspect -f '{{.State.Health.Status}}' "$(id_of "$1")")" = healthy ]; }
