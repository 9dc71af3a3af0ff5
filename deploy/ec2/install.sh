#!/bin/sh
# sudo sh deploy/ec2/install.sh HOSTNAME: the API, a worker and an hourly audit under systemd, behind nginx.
#
# For Debian 12 and Amazon Linux 2023; run it in the checkout, which is to stay where it is. The units name that
# folder, and what runs goes on until it is restarted: so another version is installed beside it, from a folder of
# its own, and the one before by running its install.sh again. Settings stay. DESTDIR=/some/folder puts what
# belongs into /etc there, and starts nothing: for packages and for tests.
set -eu

here=$(dirname "$0")
app=$(cd "$here/../.." && pwd)
etc=${DESTDIR-}/etc
name=${1:?usage: install.sh HOSTNAME, such as orders.example.com}

say() { echo "==> $*"; }

for program in nginx openssl; do
  PATH=$PATH:/usr/sbin command -v "$program" >/dev/null ||
    { echo "Install $program first: apt install nginx openssl python3-venv, or dnf install nginx openssl python3.11" >&2; exit 1; }
done

say "Python packages, into $app/.venv"
(cd "$app" && sh local_stack/install.sh requirements.txt)
(cd "$app" && .venv/bin/python -m compileall -q -x '/\.venv/|/tests/' .) # the service cannot write there

group=www-data
if ! getent group www-data >/dev/null && getent group nginx >/dev/null; then group=nginx; fi
if [ -z "${DESTDIR-}" ] && ! getent passwd orders >/dev/null; then
  say "User orders, under whom all runs"
  useradd --system --home-dir "$app" --shell /usr/sbin/nologin orders
fi

settings=$etc/orders/orders.env
mkdir -p "$etc/orders" "$etc/systemd/system" "$etc/nginx/conf.d"
if [ ! -e "$settings" ]; then
  say "Settings, into $settings: fill them in"
  {
    cat "$app/.env.example"
    echo
    echo '# --- made by install.sh -----------------------------------------------------------------------'
    echo
    echo "JWT_SECRET=$(openssl rand -hex 32)"
    echo 'TRUSTED_PROXIES=1' # nginx
  } >"$settings"
fi
chmod 640 "$settings"
if [ -z "${DESTDIR-}" ]; then chown root:orders "$settings"; fi
ln -sf "$settings" "$app/.env"

say "Units, into $etc/systemd/system"
for unit in "$app"/deploy/ec2/orders-*; do
  sed -e "s|/opt/orders|$app|g" -e "s|^SocketGroup=.*|SocketGroup=$group|" "$unit" \
    >"$etc/systemd/system/$(basename "$unit")"
done

say "nginx, into $etc/nginx/conf.d/orders.conf"
sed "s|orders\.example\.com|$name|" "$app/deploy/ec2/nginx.conf" >"$etc/nginx/conf.d/orders.conf"

if [ -z "${DESTDIR-}" ]; then
  nginx -t -q
  systemctl daemon-reload
  systemctl enable --quiet orders-web.socket orders-web orders-worker orders-audit.timer nginx
fi

cat <<END

Installed. What is left to do, for a new version too:
  1. Fill in $settings: MONGO_URI, REDIS_HOST, AWS_REGION, SQS_QUEUE_URL, SES_EMAIL.
  2. Make the indexes:   cd $app && sudo -u orders .venv/bin/flask indexes create
  3. Start it:           sudo systemctl restart orders-web orders-worker orders-audit.timer
                         sudo systemctl reload-or-restart nginx
  4. See it:             curl http://$name/readyz
Logs: journalctl -u orders-web -u orders-worker -f
END
