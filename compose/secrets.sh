#!/bin/sh
# Runs once before the others, and writes into the volume `secrets` what they read: passwords set in .env, or else
# passwords of its own, made at the first start and kept. No password is ever a known one.
set -eu
umask 022
folder=${1:-/data}

# The password in the file $1: $2 where that is set, else the one that is there, else a new one.
password() {
	case $2 in
	*[!A-Za-z0-9._~-]*)
		echo "$3 may have letters, digits and . _ ~ - only" >&2
		exit 1
		;;
	esac
	if [ -n "$2" ]; then
		new=$2
	elif [ -s "$folder/$1" ]; then
		return
	else
		new=$(head -c 512 /dev/urandom | tr -dc A-Za-z0-9 | head -c 32)
	fi
	printf '%s\n' "$new" >"$folder/$1.new"
	mv "$folder/$1.new" "$folder/$1"
}

password redis-password "${REDIS_PASSWORD-}" REDIS_PASSWORD
password grafana-password "${GRAFANA_PASSWORD-}" GRAFANA_PASSWORD
password graylog-password "${GRAYLOG_PASSWORD-}" GRAYLOG_PASSWORD
password graylog-secret "" GRAYLOG_SECRET
tr -d '\n' <"$folder/graylog-password" | sha256sum | cut -d ' ' -f 1 >"$folder/graylog-password-sha2"
redis=$(cat "$folder/redis-password")
printf 'requirepass %s\n' "$redis" >"$folder/redis.conf"
printf '%s\n' "${REDIS_URL:-redis://:$redis@redis:6379/0}" >"$folder/redis-url"
