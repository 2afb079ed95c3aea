# image: netbirdio/netbird-server:0.77.1
FROM userland:local
COPY netbird-sim /stand-in/
COPY ca.pem /etc/ssl/certs/ca-certificates.crt
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/stand-in/netbird-sim", "--listen", "0.0.0.0:80"]
