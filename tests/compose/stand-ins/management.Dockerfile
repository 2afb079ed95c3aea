# image: netbirdio/management:0.77.1
FROM userland:local
COPY netbird-stand-in /go/bin/netbird-mgmt
COPY ca.pem /etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/go/bin/netbird-mgmt", "management"]
CMD ["--log-file", "console"]
