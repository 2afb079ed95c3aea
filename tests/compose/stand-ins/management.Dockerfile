# image: netbirdio/management:0.77.1
FROM userland:local
COPY netbird-stand-in netbird-sim /stand-in/
COPY management.sh /go/bin/netbird-mgmt
COPY ca.pem /etc/ssl/certs/ca-certificates.crt
RUN chmod +x /go/bin/netbird-mgmt
ENTRYPOINT ["/go/bin/netbird-mgmt"]
CMD ["--log-file", "console"]
