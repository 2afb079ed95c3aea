# The shipped example stack as it is, with stand-ins under the names of the foreign images.
# shellcheck shell=bash

example() {
    local dir="$work/example"
    mkdir -p "$dir"
    cp "$root"/docker-compose.*example.yml "$dir/"
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
    own_provider netbird-management docker-compose.embedded.example.yml
    own_provider netbird-server docker-compose.combined.example.yml
}

# An example as it is, on empty volumes, started.
example_up() { # NAME FILE...
    scenario "$1"
    shift
    files=(--project-directory "$work/example" --env-file "$work/example/.env")
    local file
    for file in "$@"; do files+=(-f "$work/example/$file"); done
    up
}

# A NetBird with a provider of its own: the first `up` ends with an account that is its owner's, the second changes nothing.
own_provider() { # NETBIRD'S SERVICE FILE
    example_up "the example stack, ${2#docker-compose.}" "$2"
    local service
    for service in netbird-authentik-init netbird-connect; do
        until_true 120 "$service ends" ended "$service"
        same "$service's end" "exited 0" "$(exit_of "$service")"
    done
    for service in "$1" netbird-dashboard caddy; do
        until_true 120 "$service is healthy" is_healthy "$service"
    done
    expect "NetBird's account is claimed for its owner" says netbird-connect "the account of NetBird belongs to its owner's login"
    expect "the dashboard logs in at NetBird's own provider" says netbird-dashboard "dashboard: serves https://netbird.example.com/oauth2"
    up
    for service in netbird-authentik-init netbird-connect; do
        until_true 60 "$service ends again" ended "$service"
        same "$service's second end" "exited 0" "$(exit_of "$service")"
    done
    expect "the second init finds all in place" says netbird-authentik-init "in sync: NetBird can start"
    expect "and so does the second connect" settled
    done_with
}

# Whether the last run of connect changed nothing.
settled() { log_of netbird-connect | tail -n 1 | grep -qE 'its account has its owner|changed=0'; }

example_stack() {
    local service
    example_up "$@"
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
