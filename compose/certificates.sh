#!/bin/sh
# Runs once before the node of the profile `tls`, and writes into the volume `certificates` what it shows: an authority
# and a certificate of its own, made at the first start and kept. The certificate is made anew 30 days before its end.
#
#   certificates.sh [FOLDER] [NAME,NAME...]     the names of the host, besides localhost and 127.0.0.1
set -eu
umask 022
folder=${1:-/certificates}
names=DNS:localhost,IP:127.0.0.1,DNS:node-tls
for name in $(printf '%s' "${2-}" | tr , ' '); do
	case $name in
	*[!A-Za-z0-9.:-]*)
		echo "TLS_NAMES may have letters, digits and . : - only" >&2
		exit 1
		;;
	*:* | [0-9]*.[0-9]*.[0-9]*.*[0-9]) names=$names,IP:$name ;;
	*) names=$names,DNS:$name ;;
	esac
done

key() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.new"
	mv "$1.new" "$1"
}

if [ ! -s "$folder/ca.crt" ]; then
	key "$folder/ca.key"
	openssl req -x509 -new -key "$folder/ca.key" -days 3650 -subj "/CN=weir compose" \
		-addext "keyUsage=critical,keyCertSign,cRLSign" -out "$folder/ca.crt.new"
	mv "$folder/ca.crt.new" "$folder/ca.crt"
fi
if [ "$(cat "$folder/names" 2>/dev/null)" != "$names" ] || ! openssl x509 -in "$folder/tls.crt" -noout -checkend 2592000 >/dev/null 2>&1; then
	key "$folder/tls.key"
	# Python from 3.13 on wants all that RFC 5280 does: whose key it is, and whose key has signed it.
	printf '%s\n' "subjectAltName=$names" "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
		"extendedKeyUsage=serverAuth" "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" >"$folder/tls.ext"
	openssl req -new -key "$folder/tls.key" -subj "/CN=node-tls" -out "$folder/tls.csr"
	openssl x509 -req -in "$folder/tls.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days 365 -extfile "$folder/tls.ext" -out "$folder/tls.crt.new"
	mv "$folder/tls.crt.new" "$folder/tls.crt"
	printf '%s' "$names" >"$folder/names"
fi
chmod 644 "$folder/tls.key" # openssl lets its owner alone read it, and the node is another user
