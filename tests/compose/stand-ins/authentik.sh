# `server` and `worker`, as the real image has them. Whether it takes the token depends on both having it.
case $1 in
    server) exec /authentik-sim --listen 0.0.0.0:9000 --token "$AUTHENTIK_BOOTSTRAP_TOKEN" --startup fast --approve-devices akadmin ;;
    worker) exec /usr/bin/sleep infinity ;;
esac
