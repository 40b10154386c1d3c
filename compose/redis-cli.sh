#!/bin/sh
# redis-cli with the password, in the container of Redis.
REDISCLI_AUTH=$(cat /run/weir/redis-password)
export REDISCLI_AUTH
exec redis-cli --no-auth-warning "$@"
