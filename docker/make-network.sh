#!/bin/sh
# Makes the network of docker-compose.yml once: the genesis into /net, each validator's key into that validator's volume
# alone. A network that exists is left as it is; one that was not finished is begun again, as nothing runs before it is.
set -eu

if [ -f /net/genesis.json ]; then
  echo 'the network exists'
  exit 0
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
count=$(find /validators -mindepth 1 -maxdepth 1 -type d | wc -l)
icn genesis new --preset "${ICN_PRESET:-devnet}" --validators "$count" --shards "${ICN_SHARD_COUNT:-2}" --out "$made"
for directory in /validators/*; do
  install -d -o node -g node "$directory" "$directory/keys"
  install -m 600 -o node -g node "$made/keys/validator-${directory##*-}.json" "$directory/keys/validator.json"
done
install -m 644 "$made/genesis.json" /net/genesis.json.next
mv /net/genesis.json.next /net/genesis.json
