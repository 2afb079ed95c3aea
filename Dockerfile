# One static binary in an image of nothing else. Any Rust image builds it, on musl and on glibc, with BuildKit and without
# (arm64: docs/image.md):
#     docker build -t netbird-authentik-init:0.1.0 .
#     docker build --build-arg BUILDER=rust:1-bookworm -t netbird-authentik-init:0.1.0 .
# Without a network: `cargo vendor`, put what it prints into .cargo/config.toml, then `docker build --network none .`
ARG BUILDER=rust:1-alpine

# What decides which dependencies are built: manifests and the lock file, with empty sources. It is a stage of its own so
# that the layer below is found again in the cache as long as this text is the same, whatever happened to the sources.
# What is in tests/ is here because the workspace names it; nothing of it gets into the binary.
FROM ${BUILDER} AS manifests
WORKDIR /context
COPY . .
RUN set -eu; \
    find . -name Cargo.toml ! -path './vendor/*' | while read -r manifest; do \
        package="/manifests/${manifest%/Cargo.toml}"; \
        mkdir -p "$package/src"; \
        cp "$manifest" "$package/"; \
        echo '//! Empty.' > "$package/src/lib.rs"; \
        printf '//! Empty.\nfn main() { std::process::exit(70) }\n' > "$package/src/main.rs"; \
    done; \
    cp Cargo.lock /manifests/; \
    for offline in .cargo vendor; do if [ -e "$offline" ]; then cp -R "$offline" /manifests/; fi; done

FROM ${BUILDER} AS build
# ring has C and assembler in it. Official Rust images bring a compiler; a bare Alpine one may not.
RUN command -v cc > /dev/null || apk add --no-cache gcc musl-dev
# With --target, build scripts and macros stay dynamic while the program becomes static, which glibc needs.
# Without packed relocations the binary is 0.2 MB larger. The index of stack frames, 0.1 MB, is for unwinding: a panic aborts.
ENV RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--no-eh-frame-hdr" \
    CARGO_TARGET_DIR=/target
# AUDITABLE=yes puts the list of crates into the binary, for `cargo audit bin` and for scanners: releases have it.
ARG AUDITABLE=
RUN if [ -n "$AUDITABLE" ] && ! command -v cargo-auditable > /dev/null; then cargo install --locked cargo-auditable; fi
WORKDIR /src
COPY --from=manifests /manifests/ ./
RUN cargo ${AUDITABLE:+auditable} build --release --locked --bin netbird-authentik-init --target "$(rustc -vV | sed -n 's/^host: //p')"
COPY . .
# Cargo goes by modification times, and those of a checkout may be older than the empty sources: hence touch.
RUN touch src/lib.rs src/main.rs \
 && cargo ${AUDITABLE:+auditable} build --release --locked --bin netbird-authentik-init --target "$(rustc -vV | sed -n 's/^host: //p')"
# The very tree that the image will hold: a binary that still wanted a library, or was made of the empty sources, fails here.
RUN mkdir -p /image /volumes/setup /volumes/dashboard /volumes/relay /volumes/state \
 && chmod 0755 /volumes/setup /volumes/dashboard /volumes/relay \
 && chmod 0700 /volumes/state \
 && cp /target/*-*/release/netbird-authentik-init /image/ \
 && chroot /image /netbird-authentik-init version

FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="netbird-authentik-init" \
      org.opencontainers.image.description="Makes Authentik hold what NetBird needs, verifies it, and writes the files NetBird starts from." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /image/ /
# An empty named volume takes the owner of the directory that it is mounted on: without these, a user who is not root
# could not write to it.
COPY --from=build --chown=65532:65532 /volumes/ /
# Numbers, since there is no /etc/passwd to look a name up in.
USER 65532:65532
ENTRYPOINT ["/netbird-authentik-init"]
