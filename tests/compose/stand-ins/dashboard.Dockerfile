# image: netbirdio/dashboard:v2.90.9
FROM userland:local
COPY netbird-stand-in /stand-in
COPY dashboard.sh /usr/bin/supervisord
RUN chmod +x /usr/bin/supervisord && mkdir -p /usr/share/nginx/html && echo '$AUTH_SUPPORTED_SCOPES' > /usr/share/nginx/html/index.html
ENTRYPOINT ["/usr/bin/supervisord", "-c", "/etc/supervisord.conf"]
