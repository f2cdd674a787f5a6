#!/bin/sh
# Runs `icn` under a parent of its own. The kernel gives process 1 no default action for a signal, so a node that is
# still starting would not hear SIGTERM; here it is a child and hears every signal, and its exit code is passed on.
set -eu

child=
stop() {
  if [ -z "$child" ]; then exit 143; fi
  # SIGTERM for either: a shell starts its children deaf to SIGINT.
  kill -TERM "$child" 2>/dev/null || :
}
trap stop TERM INT

run() {
  "$@" &
  child=$!
  code=0
  wait "$child" || code=$?
  # A trapped signal ends the wait, not the child.
  while kill -0 "$child" 2>/dev/null; do
    code=0
    wait "$child" || code=$?
  done
  child=
  return "$code"
}

if [ "${1:-}" = start ] && [ -n "${ICN_GENESIS:-}" ] && [ ! -f "$ICN_DATA/genesis.json" ]; then
  # The genesis is written last: without it, what an interrupted `icn init` left is no data directory yet.
  rm -f "$ICN_DATA/config.json" "$ICN_DATA/keys/node.json"
  run icn init --genesis "$ICN_GENESIS" --data "$ICN_DATA"
fi
if [ "${1:-}" = start ] && [ -n "${ICN_START_AFTER:-}" ]; then
  run node /icn/dist/scripts/docker/start-after.js "$ICN_START_AFTER"
fi
run icn "$@"
