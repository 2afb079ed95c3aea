# Places that cannot be written to: exit code 73, which user it was, the cure, and nothing half-written.
# shellcheck shell=bash

# refused WHAT SAYS DOCKER-ARGUMENTS...: a run against a server that is ready, with this place for its files.
refused() {
    local what=$1 says=$2 out code=0
    shift 2
    out=$("$docker" run --rm --network "${project}_inner" --read-only --cap-drop ALL --security-opt no-new-privileges \
        -e AUTHENTIK_HOST=http://authentik:9000 -e AUTHENTIK_HOST_BROWSER=http://authentik:9000 -e "AUTHENTIK_TOKEN=$TOKEN" -e NETBIRD_DOMAIN=netbird.example.com \
        -e SETUP_TIMEOUT=60s "$@" "$image" 2>&1) || code=$?
    same "$what: exit code" 73 "$code"
    has "$what" "$says" "$out"
    has "$what: three lines" "what to do: " "$out"
}

unwritable_places() {
    scenario "places that cannot be written to"
    STARTUP=ready up authentik
    local dir="$work/places"
    mkdir -p "$dir"/{theirs,full,blocked/relay.env,readonly}
    chmod 755 "$dir/theirs" && chown 0:0 "$dir/theirs"
    chmod 777 "$dir/blocked" "$dir/readonly"

    refused "another user's directory" "chown 65532:65532" -v "$dir/theirs:/setup"
    refused "another user's directory, user: 1234:5678" "chown 1234:5678" --user 1234:5678 -v "$dir/theirs:/setup"
    refused "a read-only mount" "without :ro" -v "$dir/readonly:/setup:ro"
    refused "no mount at all, and a read-only root" "Read-only file system"
    refused "a directory where a file should be" "relay.env" -v "$dir/blocked:/setup"
    # Not over the image's own directories: Docker would give the new file system their mode, and root as owner.
    refused "a full disk" "free some space" --mount type=tmpfs,destination=/full,tmpfs-size=4096,tmpfs-mode=0777 \
        --mount type=tmpfs,destination=/room,tmpfs-mode=0777 -e SETUP_DIR=/full -e SETUP_STATE_DIR=/room
    same "nothing is left in them" "" "$(find "$dir/theirs" "$dir/readonly" -mindepth 1)"
    same "nothing half is left" "" "$(find "$dir" -name '*.tmp')"

    # The cure that the message names.
    chown 65532:65532 "$dir/theirs"
    expect "after the cure it works" "$docker" run --rm --network "${project}_inner" --read-only --cap-drop ALL \
        -e AUTHENTIK_HOST=http://authentik:9000 -e AUTHENTIK_HOST_BROWSER=http://authentik:9000 -e "AUTHENTIK_TOKEN=$TOKEN" -e NETBIRD_DOMAIN=netbird.example.com \
        -e SETUP_LOG=error -v "$dir/theirs:/setup" "$image"
    local user
    for user in 0 1000 1000:1000 65532:0 2147483647:2147483647; do
        local place="$dir/as-${user/:/-}"
        mkdir "$place" && chmod 777 "$place"
        expect "as user $user" "$docker" run --rm --network "${project}_inner" --read-only --cap-drop ALL --user "$user" \
            -e AUTHENTIK_HOST=http://authentik:9000 -e AUTHENTIK_HOST_BROWSER=http://authentik:9000 -e "AUTHENTIK_TOKEN=$TOKEN" -e NETBIRD_DOMAIN=netbird.example.com \
            -e SETUP_LOG=error -v "$place:/setup" "$image"
        expect "the files are there" test -s "$place/setup.env"
    done
    done_with
}
