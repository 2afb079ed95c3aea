# image: authentik-sim:local
FROM userland:local
COPY authentik-sim /
ENTRYPOINT ["/authentik-sim"]
