# Sizes, printed and held against the budgets: 5 MB unpacked, one file, 8 MiB resident.
# shellcheck shell=bash

# Kept by scenarios while a container lives: the process's peak, and that of its control group.
peak_of() {
    local id pid limit
    id=$("$docker" inspect -f '{{.Id}}' "$(id_of "$1")")
    pid=$("$docker" inspect -f '{{.State.Pid}}' "$id")
    resident_kib=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status")
    group_bytes=
    for limit in "/sys/fs/cgroup/memory/docker/$id/memory.max_usage_in_bytes" "/sys/fs/cgroup/docker/$id/memory.peak"; do
        if [ -r "$limit" ]; then group_bytes=$(cat "$limit"); fi
    done
}

budgets() {
    printf '\n-- budgets\n'
    local size files
    size=$("$docker" image inspect -f '{{.Size}}' "$image")
    note "image: $size bytes unpacked, of 5000000"
    expect "the image's size" test "$size" -le 5000000
    "$docker" history --format '{{.Size}}\t{{.CreatedBy}}' "$image" | cut -c1-110 | while read -r line; do note "layer: $line"; done
    "$docker" create --name budgets "$image" > /dev/null
    files=$("$docker" export budgets | tar -t | grep -v '/$' | grep -vE '^(dev|etc|proc|sys)(/|$)|^\.dockerenv$')
    "$docker" rm budgets > /dev/null
    same "one file" "netbird-authentik-init" "$files"
    same "no root" "65532:65532" "$("$docker" image inspect -f '{{.Config.User}}' "$image")"
    has "labels" "org.opencontainers.image.version" "$("$docker" image inspect -f '{{json .Config.Labels}}' "$image")"
    note "sidecar: ${resident_kib:?no scenario has measured it} KiB resident at most, of 8192; control group ${group_bytes:-unknown} bytes at most, of 16777216"
    expect "resident memory" test "$resident_kib" -le 8192
}
