# image: netbirdio/relay:0.77.1
FROM userland:local
COPY netbird-stand-in /go/bin/stand-in
COPY relay.sh /go/bin/netbird-relay
RUN chmod +x /go/bin/netbird-relay && mkdir /busybox && for tool in sh wget; do ln -s /bin/busybox /busybox/$tool; done
ENTRYPOINT ["/go/bin/netbird-relay"]
