#!/bin/sh
# Runs pik in a folder that has nothing else in it, as a user that no other file belongs to: what a release promises.
# dist.sh FOLDER PROGRAM, as root. FOLDER/data is there and may be written by user 65532.
set -eu
folder=$1 program=$2
listen=127.0.0.1:$((20000 + $$ % 20000))

inside() {
    chroot --userspec=65532:65532 "$folder" "$program" "$@"
}

inside --version
PIK_LISTEN=$listen LOG_LEVEL=warn chroot --userspec=65532:65532 "$folder" "$program" serve >/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
tries=0
until PIK_LISTEN=$listen inside health; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ]
    sleep 0.2
done
# More than fits into one page of answers.
number=0
while [ "$number" -lt 1200 ]; do
    number=$((number + 1))
    echo "{\"source\":\"demo\",\"event_type\":\"beat\",\"entity_id\":\"one\",\"event_time\":\"2025-12-28T23:59:59Z\",\"payload\":$number}"
done >"$folder/data/events.ndjson"
inside send --url "http://$listen" /data/events.ndjson
inside send --url "http://$listen" /data/events.ndjson
found=$(inside events --url "http://$listen" --entity-id one --limit 0 --json | grep -o '"event_id":"[0-9a-f]*"' | sort -u | wc -l)
[ "$found" -eq 1200 ] || {
    echo "$found events of 1200 were found" >&2
    exit 1
}
kill -TERM "$server"
wait "$server"
trap - EXIT
if PIK_LISTEN=$listen inside health; then
    echo "a server that has ended is well" >&2
    exit 1
fi
inside verify --data /data
