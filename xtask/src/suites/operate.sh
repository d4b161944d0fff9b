#!/usr/bin/env bash
# The configurations of docs/operate.md, each run or checked by the program that reads it.
#   operate.sh PIK NGINX CADDY FOLDER, from the root of the workspace
set -euo pipefail
pik=$(realpath "$1") nginx=$(realpath "$2") caddy=$(realpath "$3") folder=$4
root=$PWD
rm -rf "$folder"
mkdir -p "$folder"
folder=$(realpath "$folder")
cd "$folder"

# The first block of a language on the page, as it stands there.
block() {
    awk -v language="$1" '$0 == "```" language {on = 1; next} on && /^```/ {exit} on' "$root/docs/operate.md" >"$2"
    [ -s "$2" ] || fail "docs/operate.md has no block of $1"
}
fail() {
    echo "operate.sh: $1" >&2
    exit 1
}
started=()
end() {
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
}
trap end EXIT
until_it_answers() {
    for _ in $(seq 150); do
        curl -skf -o /dev/null "$1" && return
        sleep 0.1
    done
    fail "$1 does not answer; see the logs in $folder"
}
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

"$pik" token new shop-7 --scope ingest,read --tokens-file tokens >secret
"$pik" serve --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --data data --tokens-file tokens >told 2>pik.log &
started+=($!)
for _ in $(seq 150); do
    grep -q '^listening' told && break
    sleep 0.1
done
server=$(sed -n 's|^listening on http://||p' told)
metrics=$(sed -n 's|^metrics on http://||p' told)
[ -n "$server" ] || fail "the server does not listen; see $folder/pik.log"

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=events.example -addext subjectAltName=DNS:events.example \
    -keyout key.pem -out certificate.pem 2>openssl.log
ours() {
    sed -e "s|127\.0\.0\.1:8080|$server|" -e "s|/etc/ssl/events\.example\.pem|$folder/certificate.pem|" \
        -e "s|/etc/ssl/events\.example\.key|$folder/key.pem|" -e "s|/var/log/nginx/pik.log|$folder/nginx/pik.log|" "$1"
}

# Batches of 16 MB and 17 MB: the server's limit is between.
python3 -c 'line = "{\"source\":\"app\",\"event_type\":\"large\",\"entity_id\":\"%d\",\"event_time\":\"2025-12-30T08:00:00Z\",\"payload\":\"" + "x" * 999_000 + "\"}"
for number in range(16): print(line % number)' >large
head -c 17000000 /dev/zero | tr '\0' x >over

# The server's own TLS: HTTP/2 for clients that ask for it.
"$pik" serve --listen 127.0.0.1:0 --data secure --tls-cert certificate.pem --tls-key key.pem >told.secure 2>secure.log &
started+=($!)
for _ in $(seq 150); do
    grep -q '^listening' told.secure && break
    sleep 0.1
done
secure=$(sed -n 's|^listening on ||p' told.secure)
echo '{"source":"app","event_type":"secure","entity_id":"one","event_time":"2025-12-30T08:00:00Z","payload":1}' >event.json
for version in 1.1 2; do
    shown=$(curl -sk "--http$version" -o answer -w '%{http_version} %{http_code}' -H 'content-type: application/json' -d @event.json "$secure/ingest")
    [ "$shown" = "$version 200" ] || fail "the server answers $shown over HTTP/$version: $(cat answer)"
done
ask_secure() { curl -sk --http2 -o answer -w '%{http_version} %{http_code}' -H 'content-type: application/x-ndjson' --data-binary "@$1" "$secure/ingest/batch"; }
[ "$(ask_secure large)" = "2 200" ] || fail "a batch of 16 MB is not taken over HTTP/2: $(head -c 300 answer)"
if [ "$(ask_secure over)" != "2 413" ] || ! grep -q too_large answer; then
    fail "what is over the limit has no code over HTTP/2: $(head -c 300 answer)"
fi
h2load -n 5000 -c 8 -m 32 -d event.json -H 'content-type: application/json' "$secure/ingest" >h2load.log
if ! grep -q '5000 succeeded, 0 failed' h2load.log || ! grep -q '5000 2xx' h2load.log; then
    fail "not each of 5000 requests over HTTP/2 is answered: see $folder/h2load.log"
fi
echo "HTTP/2: 16 MB, 17 MB and 5000 requests go through the server's own TLS as they should"

# Events, their id, the largest batch and more, and a wait, through a proxy at a port.
through() {
    local proxy=$1 port=$2
    ask() {
        curl -s --cacert certificate.pem --resolve "events.example:$port:127.0.0.1" -H "authorization: Bearer $(cat secret)" \
            "$@"
    }
    local url=https://events.example:$port
    local event='{"source":"app","event_type":"proxy","entity_id":"'$proxy'","event_time":"2025-12-30T08:00:00Z","payload":1}'
    ask -D head -H 'content-type: application/json' -H "x-request-id: mine-$proxy" -d "$event" "$url/ingest" |
        grep -q '"status":"ACCEPTED"' || fail "$proxy: the event is not accepted"
    grep -qi "^x-request-id: mine-$proxy" head || fail "$proxy does not hand on the id of a request"
    ask -D head -H 'content-type: application/json' -d "$event" "$url/ingest" | grep -q '"status":"DUPLICATE"' ||
        fail "$proxy: the event is no duplicate"
    grep -qiE '^x-request-id: [0-9a-f-]{32,36}' head || fail "$proxy makes no id for a request"
    local id
    id=$(sed -n 's/^x-request-id: \([0-9a-f-]*\).*/\1/Ip' head)
    # Standard error is written some milliseconds behind.
    sleep 0.2
    grep -q "\"request_id\":\"$id\"" pik.log || fail "$proxy: the server's log does not have the id $id"
    case $proxy in
    nginx) grep -q " $id 200 " nginx/pik.log || fail "nginx's log does not have the id $id, so nginx did not make it" ;;
    caddy) [ "${#id}" = 36 ] || fail "$id is no UUID, so Caddy did not make it" ;;
    esac
    # 2,500 events, and the batches at the server's limit.
    seq 2500 | sed "s/.*/{\"source\":\"app\",\"event_type\":\"$proxy\",\"entity_id\":\"e&\",\"event_time\":\"2025-12-30T08:00:00Z\",\"payload\":&}/" >many
    ask -H 'content-type: application/x-ndjson' --data-binary @many "$url/ingest/batch" | grep -q '"accepted":2500' ||
        fail "$proxy: not all of 2500 events are accepted"
    [ "$(ask -o answer -w '%{http_code}' -H 'content-type: application/x-ndjson' --data-binary @large "$url/ingest/batch")" = 200 ] ||
        fail "$proxy does not let a batch of 16 MB through: $(cat answer)"
    ask -o answer -H 'content-type: application/x-ndjson' --data-binary @over "$url/ingest/batch"
    grep -q too_large answer || fail "$proxy: what is over the server's limit has no code: $(head -c 300 answer)"
    [ "$(ask -o answer -w '%{http_code}' "$url/events?arrived_from=2100-01-01T00:00:00Z&arrived_to=2100-01-02T00:00:00Z&wait=20")" = 200 ] ||
        fail "$proxy does not wait for 20 seconds: $(cat answer)"
    echo "$proxy: events, their ids, 2500 events, 16 MB, 17 MB and a wait of 20 s go through TLS as they should"
}

port=$(free_port)
block nginx page.conf
mkdir -p nginx
{
    echo "daemon off; pid nginx/pid; error_log nginx/error.log; events {}"
    echo "http { access_log nginx/access.log; client_body_temp_path nginx/body; proxy_temp_path nginx/proxy;"
    echo "fastcgi_temp_path nginx/fastcgi; uwsgi_temp_path nginx/uwsgi; scgi_temp_path nginx/scgi;"
    ours page.conf | sed "s/listen 443/listen 127.0.0.1:$port/"
    echo "}"
} >nginx.conf
"$nginx" -p "$folder" -c nginx.conf -t 2>nginx/test.log || fail "nginx refuses the block: $(cat nginx/test.log)"
"$nginx" -p "$folder" -c nginx.conf 2>nginx/log &
started+=($!)
until_it_answers "https://127.0.0.1:$port/healthz"
through nginx "$port" &
first=$!

port=$(free_port)
block caddy Caddyfile.page
{
    echo "{
	admin off
	auto_https disable_redirects
	skip_install_trust
}"
    ours Caddyfile.page | sed "s/^events\.example {/https:\/\/events.example:$port {/"
} >Caddyfile
export HOME=$folder XDG_DATA_HOME=$folder/caddy XDG_CONFIG_HOME=$folder/caddy
"$caddy" validate --adapter caddyfile --config Caddyfile 2>caddy.validate || fail "caddy refuses the block: $(cat caddy.validate)"
"$caddy" run --adapter caddyfile --config Caddyfile >caddy.log 2>&1 &
started+=($!)
for _ in $(seq 150); do
    curl -skf -o /dev/null --resolve "events.example:$port:127.0.0.1" "https://events.example:$port/healthz" && break
    sleep 0.1
done
mkdir -p second && cd second
ln -s ../pik.log ../secret ../certificate.pem ../large ../over .
through caddy "$port"
cd ..
wait "$first"

block yaml prometheus.yml
cp "$root/deploy/alerts.yml" .
promtool check config prometheus.yml
curl -sf "http://$metrics" | promtool check metrics || fail "the metrics break Prometheus' rules"
# What the dashboard asks is PromQL.
python3 - "$root/deploy/grafana-dashboard.json" >dashboard.yml <<'PYTHON'
import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
print("groups:\n- name: dashboard\n  rules:")
for panel in panels:
    for target in panel["targets"]:
        asked = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
        print(f"  - record: panel:{panel['id']}:{target['refId']}\n    expr: {json.dumps(asked)}")
PYTHON
promtool check rules dashboard.yml "$root/deploy/alerts.yml"

# With a program that is there, as the package has one.
mkdir -p units
sed "s|/usr/bin/pik|$pik|" "$root/deploy/pik.service" >units/pik.service
cp "$root/deploy/pik.socket" units/
SYSTEMD_UNIT_PATH=$folder/units: systemd-analyze verify units/pik.service units/pik.socket
systemd-analyze security --offline=true --threshold=20 units/pik.service >exposure ||
    fail "the unit is open: $(tail -n 1 exposure)"
tail -n 1 exposure
# The settings are ones that the server has.
block ini pik.env
"$pik" serve --help >help
sed 's/=.*//' pik.env | while read -r name; do grep -q "env: $name=" help || fail "there is no setting $name"; done
