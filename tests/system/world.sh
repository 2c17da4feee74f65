# What is around the daemon in a test machine: its users, Meta, and a mail server. To the daemon they are the real ones:
# it asks https://graph.facebook.com and hands emails to smtps://smtp.example.com, whose certificates the machine trusts.
# shellcheck shell=bash

readonly APP_ID=257422819769992 APP_SECRET=0123456789abcdef0123456789abcdef SMTP_PASSWORD='correct horse: battery'

prepare_world() {
    local user
    echo "127.0.0.1 graph.facebook.com www.facebook.com smtp.example.com tokens.example.com" >>"$root/etc/hosts"
    for user in alice bob chatbot ops maria; do inside useradd --create-home "$user"; done
    certify
    start_mail_server
}

certify() {
    local extensions="subjectAltName=DNS:graph.facebook.com,DNS:www.facebook.com,DNS:smtp.example.com,DNS:tokens.example.com"
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    inside sh -euc "
        mkdir -p /root/tls && cd /root/tls
        openssl req -x509 ${key[*]} -days 2 -subj '/CN=Authority of this test' -keyout ca.key -out ca.crt
        openssl req ${key[*]} -subj /CN=graph.facebook.com -keyout key.pem -out request.pem
        echo '$extensions' >extensions
        openssl x509 -req -days 2 -in request.pem -CA ca.crt -CAkey ca.key -extfile extensions -out cert.pem
        cp ca.crt /usr/local/share/ca-certificates/test.crt
        update-ca-certificates"
}

# With TLS from the first byte, and for those who have a password; ops@ and maria@example.com have mailboxes on it.
start_mail_server() {
    inside sh -euc "
        postconf -e maillog_file= myhostname=smtp.example.com mydestination=example.com \
            smtpd_tls_cert_file=/root/tls/cert.pem smtpd_tls_key_file=/root/tls/key.pem \
            smtpd_sasl_local_domain=smtp.example.com
        postconf -M '465/inet=465 inet n - n - - smtpd'
        postconf -P 465/inet/smtpd_tls_wrappermode=yes 465/inet/smtpd_sasl_auth_enable=yes \
            465/inet/smtpd_client_restrictions=permit_sasl_authenticated,reject
        printf 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n' >/etc/postfix/sasl/smtpd.conf
        printf %s '$SMTP_PASSWORD' | saslpasswd2 -p -c -u smtp.example.com perennial
        chown postfix /etc/sasldb2
        newaliases
        systemctl restart postfix"
}

# The simulated Graph, out of the installed package or of the program that is named, with TLS before it; and before the
# pages for people.
start_meta() {
    local program="${1:-perennial}"
    cat >"$root/root/world.toml" <<TOML
[[app]]
id = "$APP_ID"
secret = "$APP_SECRET"
name = "acme"

[[page]]
id = "2000"
name = "Bakery"

[[page]]
id = "2001"
name = "Florist"

[[person]]
id = "3000"
name = "Maria"
pages = ["2000", "2001"]

[[login]]
app = "$APP_ID"
person = "3000"
scopes = ["pages_show_list", "pages_messaging"]
TOML
    cat >"$root/root/stunnel.conf" <<CONF
foreground = yes
cert = /root/tls/cert.pem
key = /root/tls/key.pem
[graph]
accept = 127.0.0.1:443
connect = 127.0.0.1:8470
[pages]
sni = graph:tokens.example.com
connect = 127.0.0.1:8480
CONF
    inside systemd-run --quiet --unit=meta "$program" graph-sim --world /root/world.toml
    inside systemd-run --quiet --unit=meta-tls stunnel4 /root/stunnel.conf
    eventually inside curl --silent --fail https://graph.facebook.com/sim/clock
    sim --request PUT --data '{"origin": "https://graph.facebook.com"}' paging_host
}

sim() {
    local call="${*: -1}"
    inside curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' "${@:1:$#-1}" \
        "http://127.0.0.1:8470/sim/$call"
}

# Maria's own token, and no page's.
marias_token() {
    sim fleet | python3 -c '
import json, sys
tokens = [json.loads(line) for line in sys.stdin]
print(tokens[0]["access_token"])'
}
