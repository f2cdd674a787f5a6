#!/bin/bash
# Answers whether GET /health is 200. No program but bash: seven nodes on one machine are asked every five seconds.
exec 3<>"/dev/tcp/127.0.0.1/${ICN_RPC##*:}" || exit 1
printf 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3 && [ "$status" = 200 ]
