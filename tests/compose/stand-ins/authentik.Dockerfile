# image: ghcr.io/goauthentik/server:2026.2.2
FROM userland:local
COPY authentik-sim authentik.sh /
ENTRYPOINT ["/bin/sh", "/authentik.sh"]
