#!/usr/bin/env bash
# tidegate with the verbs of the script that starts Kafka: start, stop, bounce (stop and start on its data), pids.
#
# Environment: BINARY, DATA (its folder), PORT (the next one is the admin port's), DURABILITY fsync|os.
set -euo pipefail

alive() { [[ -s $DATA/pid ]] && kill -0 "$(<"$DATA/pid")" 2>/dev/null; }

start() {
  mkdir -p "$DATA"
  # Limits of one address are for clients that nobody trusts; here all of them are one program.
  setsid "$BINARY" serve --listen "127.0.0.1:$PORT" --admin-listen "127.0.0.1:$((PORT + 1))" \
    --data-dir "$DATA/store" --set "smq.durability=$DURABILITY" \
    --set kafka.max.connections.per.ip=100000 --set limits.connections_per_second=100000 \
    --set limits.new_groups_per_second=1000000 --set limits.groups=1000000 >>"$DATA/log" 2>&1 </dev/null &
  echo $! >"$DATA/pid"
  for _ in $(seq 1000); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then return; fi
    alive || break
    sleep 0.02
  done
  echo "tidegate does not listen on $PORT:" >&2
  tail -n 20 "$DATA/log" >&2
  exit 1
}

stop() {
  alive || return 0
  kill "$(<"$DATA/pid")"
  for _ in $(seq 750); do
    alive || return 0
    sleep 0.02
  done
  kill -KILL "$(<"$DATA/pid")"
}

case $1 in
  start | stop) "$1" ;;
  bounce) stop && start ;;
  pids) cat "$DATA/pid" ;;
  *) echo "usage: tidegate.sh start|stop|bounce|pids" >&2 && exit 2 ;;
esac
