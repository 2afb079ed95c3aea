# image: netbirdio/signal:0.77.1
FROM userland:local
COPY netbird-stand-in /go/bin/netbird-signal
RUN mkdir /busybox && for tool in sh wget; do ln -s /bin/busybox /busybox/$tool; done
ENTRYPOINT ["/go/bin/netbird-signal", "web", "80", "9090"]
