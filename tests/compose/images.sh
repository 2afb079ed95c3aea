# Images without a registry: base images are trees of this machine, under the names of the real ones.
# shellcheck shell=bash

# Files of Debian packages and of all that they need.
files_of() {
    local packages
    packages=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances "$@" | grep '^[a-z0-9]' | sort -u)
    # shellcheck disable=SC2086
    { dpkg-query -W -f '${db:Status-Abbrev}${binary:Package}\n' $packages 2> /dev/null || true; } | sed -n 's/^ii //p' \
        | xargs dpkg -L | sort -u | while read -r file; do
            case $file in /usr/share/doc/* | /usr/share/man/* | /usr/share/locale/* | /usr/share/info/*) continue ;; esac
            if [ -L "$file" ] || [ -f "$file" ]; then printf '%s\n' "${file#/}"; fi
        done
}

# A tree with the links that Debian's merged /usr has, imported under a name.
import_tree() { # NAME, then files on standard input
    local tree="$work/tree"
    rm -rf "$tree" && mkdir -p "$tree"/{usr/bin,usr/sbin,usr/lib,usr/lib64,tmp,etc,root,proc,sys,dev,run}
    for top in bin sbin lib lib64; do ln -s "usr/$top" "$tree/$top"; done
    chmod 1777 "$tree/tmp"
    # Alternatives (/usr/bin/cc) and the like are links into /etc.
    tar -C / --ignore-failed-read -cf - -T - 2> /dev/null | tar -C "$tree" --keep-directory-symlink -xf -
    mkdir -p "$tree/etc/alternatives" && cp -a /etc/alternatives/. "$tree/etc/alternatives/"
    if [ -n "${2:-}" ]; then "$2" "$tree"; fi
    tar -C "$tree" -cf - . | "$docker" import ${3:+--change "$3"} - "$1" > /dev/null
    rm -rf "$tree"
}

# The toolchain that builds the rest of the project, without its documentation.
add_toolchain() {
    local sysroot
    sysroot=$(rustc --print sysroot)
    mkdir -p "$1/usr/local/rust"
    ln -sf gcc "$1/usr/bin/cc"
    # Unoptimized: it runs once, and is built as often.
    cargo install --debug --quiet --locked --root "$work/tools" cargo-auditable
    cp "$work/tools/bin/cargo-auditable" "$1/usr/bin/"
    tar -C "$sysroot" --exclude=./share --exclude='./lib/rustlib/src' -cf - . | tar -C "$1/usr/local/rust" -xf -
}

builder_image() {
    files_of gcc libc6-dev coreutils findutils sed grep dash bash tar \
        | import_tree rust:1-alpine add_toolchain "ENV PATH=/usr/local/rust/bin:/usr/sbin:/usr/bin"
}

# A shell, what the health checks of the example stack call, and what the stand-ins are linked with.
userland_image() { files_of bash dash coreutils grep curl busybox-static libc6 libgcc-s1 | import_tree userland:local; }

buildkit() { with_buildkit=1 build "$@"; }

build() {
    DOCKER_BUILDKIT=${with_buildkit:-0} "$docker" build --network none "$@" > "$work/build-$BASHPID.log" 2>&1 || {
        tail -n 40 "$work/build-$BASHPID.log" >&2
        exit 1
    }
}

# The project's Dockerfile as it is, on the context that .dockerignore leaves, with vendored crates.
project_image() {
    local context="$work/context"
    mkdir -p "$context"
    (cd "$root" && tar -cf - Cargo.toml Cargo.lock Dockerfile .dockerignore src tests/*/Cargo.toml) | tar -C "$context" -xf -
    mkdir -p "$context/.cargo"
    (cd "$root" && cargo vendor --quiet --locked --versioned-dirs "$context/vendor" > /dev/null)
    printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n' \
        > "$context/.cargo/config.toml"
    build -t "$image" "$context"
}

binary_of() {
    "$docker" create --name taken "$1" > /dev/null
    "$docker" cp taken:/netbird-authentik-init - | tar -xOf - > "$2"
    "$docker" rm taken > /dev/null
}

# Beside the scenarios, which wait more than they work: the other builder makes the same bytes of it; and a release's binary lists its crates.
other_builds() {
    buildkit -t other:local "$work/context"
    binary_of "$image" "$work/binary"
    binary_of other:local "$work/other"
    expect "the same bytes with BuildKit and without" cmp "$work/binary" "$work/other"
    buildkit --build-arg AUDITABLE=yes -t auditable:local "$work/context"
    binary_of auditable:local "$work/auditable"
    has "the list of crates" ".dep-v0" "$(readelf -S -W "$work/auditable")"
    expect "a release's size" test "$("$docker" image inspect -f '{{.Size}}' auditable:local)" -le 5000000
    note "a release's image: $("$docker" image inspect -f '{{.Size}}' auditable:local) bytes"
}

# The simulators, and what stands in for NetBird, as the tests build them: with the examples, since Cargo would build
# half of their dependencies again for the programs alone.
stand_in_images() {
    local binaries="$work/stand-ins"
    (cd "$root" && cargo build --quiet --locked --bins --examples \
        -p netbird-authentik-init -p authentik-sim -p netbird-sim -p netbird-stand-in)
    mkdir -p "$binaries"
    for binary in authentik-sim netbird-sim netbird-stand-in; do
        strip -o "$binaries/$binary" "${CARGO_TARGET_DIR:-$root/target}/debug/$binary"
    done
    "$binaries/netbird-stand-in" certificates "$binaries" auth.example.com netbird.example.com
    cp -r "$here/stand-ins/." "$binaries/"
    for dockerfile in "$binaries"/*.Dockerfile; do
        local name
        name=$(sed -n '1s/^# image: //p' "$dockerfile")
        build -t "$name" -f "$dockerfile" "$binaries"
    done
}
