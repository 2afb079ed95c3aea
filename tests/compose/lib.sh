# Small words for scenarios: what is expected, and what is shown when it is not so.
# shellcheck shell=bash

checks=0

note() { printf '   %s\n' "$*"; }

fail() {
    printf '\nFAILED: %s\n' "$*" >&2
    if [ -n "${project:-}" ]; then
        for container in $("$docker" ps -aq --filter "label=com.docker.compose.project=$project"); do
            printf -- '-- %s\n' "$("$docker" inspect -f '{{.Name}} {{.State.Status}} {{.State.ExitCode}}' "$container")" >&2
            "$docker" logs --tail 40 "$container" >&2 2>&1 || true
        done
    fi
    exit 1
}

# expect WHAT COMMAND...: the command has to succeed.
expect() {
    local what=$1
    shift
    "$@" || fail "$what"
    checks=$((checks + 1))
}

# same WHAT A B
same() { [ "$2" = "$3" ] || fail "$1: '$2' is not '$3'"; checks=$((checks + 1)); }

# has WHAT TEXT IN
has() { case $3 in *"$2"*) checks=$((checks + 1)) ;; *) fail "$1: no '$2' in: $3" ;; esac; }

# until SECONDS WHAT COMMAND...: polls, since containers have no other way to tell.
until_true() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "in vain: $what"
        sleep 0.1
    done
    checks=$((checks + 1))
}

# side_by_side ROW...: the functions of a row one after the other, the rows at the same time.
side_by_side() {
    local row rows=0 pids=() pid failed=
    for row in "$@"; do
        rows=$((rows + 1))
        (
            checks=0
            # shellcheck disable=SC2086
            for part in $row; do "$part"; done
            echo "$checks" > "$work/checks-$rows"
        ) > "$work/row-$rows.log" 2>&1 &
        pids+=($!)
    done
    rows=0
    for pid in "${pids[@]}"; do
        rows=$((rows + 1))
        wait "$pid" || failed=yes
        cat "$work/row-$rows.log"
        [ -z "$failed" ] || break
        checks=$((checks + $(cat "$work/checks-$rows")))
    done
    [ -z "$failed" ] || { kill "${pids[@]}" 2> /dev/null; exit 1; }
}

# scenario NAME FILE...: a project of its own, on empty volumes.
scenario() {
    printf '\n-- %s\n' "$1"
    project=$(printf '%s' "$1" | tr 'A-Z' 'a-z' | tr -c 'a-z0-9' '-' | cut -c1-40)
    shift
    files=(-f "$here/stack.yml")
    for file in "$@"; do files+=(-f "$here/$file"); done
}

stack() { "$compose" --log-level ERROR -p "$project" "${files[@]}" "$@"; }

up() { stack up -d --quiet-pull "$@" > "$work/up-$project.log" 2>&1 || { cat "$work/up-$project.log" >&2; fail "up"; }; }

done_with() { stack down -v --timeout 5 > /dev/null 2>&1 || fail "down"; project=; }

id_of() { stack ps -aq "$1" | tail -n 1; }

log_of() { "$docker" logs "$(id_of "$1")" 2>&1; }

says() { case "$(log_of "$1")" in *"$2"*) ;; *) return 1 ;; esac; }

says_or_ended() { says "$@" || ended "$1"; }

exit_of() { "$docker" inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$(id_of "$1")"; }

ended() { [ "$("$docker" inspect -f '{{.State.Status}}' "$(id_of "$1")")" = exited ]; }

# In a container with a shell that sees the project's volumes.
look() {
    "$docker" run --rm --network none -v "${project}_setup:/setup" -v "${project}_state:/state" userland:local bash -c "$1"
}

# What is there now: names, modes, owners, times and bytes.
files_now() { look 'cd / && stat -c "%n %a %u:%g %Y" setup/* state/* && cat setup/* state/* | cksum'; }

# The management stand-in has verified a token, with what the files say.
management_serves() { until_true 60 "management verifies a token" says management "management: serves"; }

# Nothing is left to do: objects and files.
in_sync() {
    local out
    out=$(stack run --rm -T --no-deps init plan 2> /dev/null) || fail "plan: changes are pending: $out"
    has "nothing is left to do" "= ${1:-7} unchanged" "$out"
}
