# An engine of its own: nothing of a Docker that may run here is touched, and nothing is left behind.
# shellcheck shell=bash

# Debian's client and engine are of one release; another client may stand before it in the PATH.
docker=/usr/bin/docker
[ -x "$docker" ] || docker=$(command -v docker)
compose=$(command -v docker-compose)

engine_start() {
    export DOCKER_HOST="unix://$work/docker.sock"
    # No proxy settings of this machine in containers, and no credentials.
    export DOCKER_CONFIG="$work/client"
    mkdir -p "$work/client"
    # Debian's client builds without BuildKit unless told to: the Dockerfile must work with both, see images.sh.
    # A network of its own: published ports meet no others, and nothing leaves this machine.
    # shellcheck disable=SC2016
    unshare --net sh -c 'busybox ip link set lo up && exec "$@"' dockerd \
        dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/dockerd.pid" -H "$DOCKER_HOST" \
        --bridge none > "$work/dockerd.log" 2>&1 &
    engine=$!
    for _ in $(seq 120); do
        if "$docker" version > /dev/null 2>&1; then return; fi
        if ! kill -0 "$engine" 2> /dev/null; then break; fi
        sleep 0.5
    done
    echo "dockerd does not start:" >&2
    tail -n 30 "$work/dockerd.log" >&2
    exit 1
}

engine_stop() {
    [ -n "${engine:-}" ] || return 0
    # shellcheck disable=SC2046
    "$docker" rm -f $("$docker" ps -aq) > /dev/null 2>&1 || true
    "$docker" network prune -f > /dev/null 2>&1 || true
    kill "$engine" 2> /dev/null || true
    wait "$engine" 2> /dev/null || true
}
