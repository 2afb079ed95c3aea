# image: management:local
FROM userland:local
COPY netbird-stand-in /
COPY ca.pem /etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/netbird-stand-in", "management"]
