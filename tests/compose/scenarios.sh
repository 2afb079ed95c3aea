# What people's stacks go through: first start, restarts, kills, replicas, certificates, secrets.
# shellcheck shell=bash

empty_then_full_volumes() {
    scenario "empty volumes, then full ones"
    up
    management_serves
    same "init's end" "exited 0" "$(exit_of init)"
    local before after
    before=$(files_now)
    has "setup.env" "setup/setup.env 640 65532:65532" "$before"
    has "secrets.json is for its owner only" "state/secrets.json 600 65532:65532" "$before"
    expect "setup.env is bash" look 'set -eu; . /setup/setup.env; [ "$NETBIRD_DOMAIN" = netbird.example.com ]'
    in_sync
    up
    until_true 60 "the second run" ended init
    same "init's second end" "exited 0" "$(exit_of init)"
    expect "the second run finds all in place" says init "in sync: NetBird can start"
    after=$(files_now)
    same "no file is touched, times included" "$before" "$after"
    done_with
}

with_the_user_list() {
    scenario "NetBird lists users"
    export IDP=authentik
    up
    management_serves
    expect "with the app password of the file" says management "management: lists users"
    unset IDP
    done_with
}

slow_start() {
    scenario "Authentik starts slowly"
    STARTUP=slow up
    expect "init has told what it waited for" says init "waiting for Authentik to answer"
    expect "and for the token" says init "waiting for Authentik to accept the token"
    management_serves
    in_sync
    done_with
}

late_authentik() {
    scenario "Authentik comes late"
    up --no-deps init
    until_true 30 "it waits" says init "waiting for Authentik to answer"
    up authentik
    until_true 60 "init ends" ended init
    same "init's end" "exited 0" "$(exit_of init)"
    up management
    management_serves
    done_with
}

authentik_restarts_in_the_middle() {
    scenario "Authentik restarts in the middle"
    # At a request, not after a time: a run on a fast machine would be over before.
    export SIM_OPTIONS="--restart-after 12"
    up authentik
    up --no-deps init
    until_true 60 "init ends" ended init
    same "init's end" "exited 0" "$(exit_of init)"
    expect "it has seen the restart" says init "waiting for Authentik"
    up management
    management_serves
    in_sync
    unset SIM_OPTIONS
    done_with
}

killed_and_started_again() {
    scenario "this container is killed and started again"
    # Slow, so that most kills come in time. On a loaded machine a run may get further than the line it is watched for,
    # up to its end; then the next one has less to do, and that has to be fine too. The first kill is always in time:
    # its line stands before every write.
    LATENCY=1000 up authentik
    local step killed=0
    for step in "accepts the token" "+ flow" "+ provider" "+ application"; do
        LATENCY=1000 up --no-deps init
        until_true 60 "$step" says_or_ended init "$step"
        "$docker" kill "$(id_of init)" > /dev/null 2>&1 && killed=$((killed + 1))
        stack rm -sf init > /dev/null 2>&1
    done
    expect "a run was killed" test "$killed" -ge 1
    LATENCY=1000 up
    management_serves
    in_sync
    expect "nothing half is left" look '! ls -A /setup /state | grep -q "\.tmp$"'
    done_with
}

three_replicas() {
    scenario "three replicas on one volume"
    up authentik
    stack up -d --no-deps --scale init=3 init > /dev/null 2>&1 || fail "up"
    local id
    for id in $(stack ps -aq init); do
        same "a replica's end" 0 "$("$docker" wait "$id")"
    done
    in_sync
    stack rm -sf init > /dev/null 2>&1
    up
    management_serves
    done_with
}

custom_ca() {
    scenario "a CA of one's own" ca.yml
    export HOST=https://authentik:9443
    up authentik
    until_true 30 "the CA's certificate" "$docker" run --rm --network none -v "${project}_ca:/ca" userland:local test -s /ca/ca.pem
    CA_FILE='' up --no-deps init
    until_true 30 "without the CA it ends" ended init
    same "at once, and not at the deadline" "exited 76" "$(exit_of init)"
    expect "with the cure" says init "AUTHENTIK_CA_FILE"
    up --no-deps init
    until_true 60 "init ends" ended init
    same "init's end" "exited 0" "$(exit_of init)"
    expect "management finds the endpoints in its file" \
        look 'grep -q "\"OIDCConfigEndpoint\": \"\"" /setup/management.json && grep -q "https://authentik:9443/application" /setup/management.json'
    unset HOST
    done_with
}

secrets_as_files() {
    scenario "the token as a file" secrets.yml
    printf '%s\n' "$TOKEN" > "$work/token"
    chmod 644 "$work/token"
    export TOKEN_PATH="$work/token"
    up
    management_serves
    expect "the token is in no environment" sh -c "! '$docker' inspect $(id_of init) | grep -qF '$TOKEN'"
    expect "and in no log" sh -c "! '$docker' logs $(id_of init) 2>&1 | grep -qF '$TOKEN'"
    in_sync
    done_with
}

# A process that does not hear SIGTERM is killed after the timeout, with 137. Here it waits for a name that nobody has.
stopped_while_waiting() {
    scenario "stopped while it waits"
    up --no-deps init
    until_true 30 "it waits" says init "waiting for Authentik to answer"
    stopped init 143
    done_with
}

# stopped SERVICE CODE: how long the container takes, and how much of it is the program's.
stopped() {
    local before after told ended
    before=$(date +%s%N)
    stack stop --timeout 10 "$1" > /dev/null 2>&1
    after=$(date +%s%N)
    same "it ends by itself" "exited $2" "$(exit_of "$1")"
    told=$(log_of "$1" | sed -n 's/^\([^ ]*\) .*SIGTERM: ends.*/\1/p')
    ended=$("$docker" inspect -f '{{.State.FinishedAt}}' "$(id_of "$1")")
    note "docker-compose stop took $(((after - before) / 1000000)) ms; SIGTERM to exit $((($(date -d "$ended" +%s%N) - $(date -d "$told" +%s%N)) / 1000000)) ms"
}

sidecar() {
    scenario "the sidecar" sidecar.yml
    STARTUP=slow up
    management_serves
    same "health" "healthy" "$("$docker" inspect -f '{{.State.Health.Status}}' "$(id_of init)")"
    local before pages
    before=$(files_now)
    look 'rm /setup/management.json /state/secrets.json && echo no >> /setup/setup.env'
    "$docker" kill --signal HUP "$(id_of init)" > /dev/null
    until_true 30 "what vanished comes back" look 'test -s /setup/management.json && ! grep -qx no /setup/setup.env'
    same "byte for byte" "${before##*$'\n'}" "$(files_now | tail -n 1)"
    pages=$("$docker" run --rm --network "${project}_inner" userland:local curl -fsS "http://$(address_of init):9191/metrics")
    has "metrics" 'netbird_authentik_init_cycles_total 2' "$pages"
    peak_of init
    expect "restart" "$docker" kill --signal HUP "$(id_of authentik)" > /dev/null
    stopped init 0
    done_with
}

address_of() { "$docker" inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(id_of "$1")"; }
