#!/bin/sh
# Runs `icn` under a parent of its own. The kernel gives process 1 no default action for a signal, so a node that is
# still starting would not hear SIGTERM; here it is process 2 and hears every signal, and its exit code is passed on.
set -eu

if [ "${1:-}" = start ] && [ -n "${ICN_GENESIS:-}" ] && [ ! -f "$ICN_DATA/genesis.json" ]; then
  # The genesis is written last: without it, what an interrupted `icn init` left is no data directory yet.
  rm -f "$ICN_DATA/config.json" "$ICN_DATA/keys/node.json"
  icn init --genesis "$ICN_GENESIS" --data "$ICN_DATA"
fi

child=
trap '[ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' TERM
trap '[ -z "$child" ] || kill -INT "$child" 2>/dev/null || :' INT
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

if [ "${1:-}" = start ] && [ -n "${ICN_START_AFTER:-}" ]; then
  run node /icn/dist/scripts/docker/start-after.js "$ICN_START_AFTER"
fi
run icn "$@"
