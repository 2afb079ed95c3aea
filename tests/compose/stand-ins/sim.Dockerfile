# image: authentik-sim:local
FROM scratch
COPY authentik-sim /
ENTRYPOINT ["/authentik-sim"]
