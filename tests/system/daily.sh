# What happens on ordinary days: people and programs ask, somebody must act, the configuration changes.
# shellcheck shell=bash

live_day_by_day() {
    case_ "Meta was asked about every token" meta_was_asked
    case_ "an email goes out by the real relay, with TLS and password" a_email_arrives
    case_ "a member of the group may look, and no more" a_member_looks
    case_ "the commands that the book begins the night with" types_the_page docs/src/at-3-am.md
    case_ "a stranger does not get to the socket" a_stranger_is_kept_out
    case_ "a good reload lets a named reader have its tokens, and only those" a_reader_reads
    case_ "a service of another user gets each token by file, and confirms it" a_service_gets_its_token
    case_ "a service hears of it by webhook and confirms; who does not is named" a_service_hears_of_its_token
    case_ "a bad reload is refused, says why, and changes nothing" a_bad_reload
    case_ "the check from outside runs, and finds all well" checked_from_outside
    case_ "no privilege, no exposure beyond 1.2" the_sandbox_holds
}

as() {
    inside runuser -u "$1" -- "${@:2}"
}

meta_was_asked() {
    sim 'ledger?endpoint=debug_token' | python3 -c '
import json, sys
ledger = json.load(sys.stdin)
print(ledger)
sys.exit(not json.dumps(ledger).count("debug_token"))'
    says maria inside perennial tokens
    says Bakery inside perennial tokens --json
}

emails_of() {
    inside cat "/var/mail/$1"
}

a_email_arrives() {
    inside perennial mail-test maria@example.com
    eventually says "To: maria@example.com" emails_of maria
    says "sasl_username=perennial" inside journalctl --unit=postfix* --output=cat
}

a_member_looks() {
    as alice perennial status
    as alice perennial tokens
    as alice curl --silent --fail --unix-socket /run/perennial/perennial.sock http://localhost/v1/status
    refused as alice perennial check acme-maria
    says "may not do this" as alice perennial check acme-maria
    as alice perennial version
    refused as alice perennial get acme-maria
    refused as alice perennial rename acme-maria mine
    refused as alice perennial owners acme-maria --add alice@example.com
    refused as alice perennial forget --yes acme-maria
    refused as alice cat /var/lib/perennial/inventory.db
    refused as alice cat /etc/perennial/credentials/inventory.key
    refused as alice cat /etc/perennial/credentials/acme.secret
}

a_stranger_is_kept_out() {
    refused as bob perennial status
    refused as bob curl --silent --fail --unix-socket /run/perennial/perennial.sock http://localhost/healthz
    refused as bob ls /run/perennial
    refused as bob ls /run/credentials/perennial.service
}

a_reader_reads() {
    inside adduser --quiet chatbot perennial
    refused as chatbot perennial get maria-2000
    printf '\n[[status.reader]]\nuser = "chatbot"\ntokens = ["*akery*", "*2000*"]\n' >>"$root/etc/perennial/perennial.toml"
    local before page
    before="$(main_pid)"
    inside systemctl reload perennial
    [[ "$(main_pid)" == "$before" ]]
    page="$(a_page)"
    [[ "$(as chatbot perennial get "$page")" == "$(inside perennial get "$page")" ]]
    refused as chatbot perennial get acme-maria
    refused as chatbot perennial forget --yes "$page"
    refused as alice perennial get "$page"
}

# The name of the bakery's token.
a_page() {
    inside perennial tokens --json | python3 -c '
import json, sys
tokens = json.load(sys.stdin)["tokens"]
print(next(token["name"] for token in tokens if token["subject"]["id"] == "2000"))'
}

# By the example units. The chatbot is in the group of the socket since the case before.
a_service_gets_its_token() {
    local page folder=/run/perennial/tokens examples=/usr/share/doc/perennial/examples/systemd
    page="$(a_page)"
    printf '\n[[delivery]]\nname = "chatbot"\ntokens = ["*"]\nfile = { path = "%s/{name}", readers = ["chatbot"] }\n' \
        "$folder" >>"$root/etc/perennial/perennial.toml"
    inside systemctl reload perennial
    eventually inside test -e "$folder/$page"
    [[ "$(as chatbot cat "$folder/$page")" == "$(inside perennial get "$page")" ]]
    refused as bob cat "$folder/$page"
    refused as alice cat "$folder/$page"
    refused as alice ls "$folder"

    cat >"$root/etc/systemd/system/chatbot.service" <<END
[Service]
User=chatbot
ExecStart=/bin/sh -c 'cat $folder/$page >/home/chatbot/token; exec sleep infinity'
END
    for unit in chatbot-token.path chatbot-token.service; do
        sed "s/acme-main/$page/" "$root$examples/$unit" >"$root/etc/systemd/system/$unit"
    done
    inside systemctl daemon-reload
    # Gone before anybody watches it: that it goes is a change, too, and systemd sees none while it acts on another.
    inside rm "$folder/$page"
    inside systemctl start chatbot-token.path
    inside systemctl reload perennial
    eventually says in_use inside perennial deliveries --state in_use --json
    # The service may still be starting when its new version is confirmed.
    eventually same_secret /home/chatbot/token "$(inside perennial get "$page")"

    local before
    before="$(inside stat --format=%i "$folder/$page")"
    inside systemctl restart perennial
    all_healthy 3
    [[ "$(inside stat --format=%i "$folder/$page")" == "$before" ]]
    inside systemctl stop chatbot-token.path chatbot.service
}

# The webhook's receiver fetches the token from the socket and confirms it, after the signature was verified by openssl.
# The user of the other file never confirms anything.
a_service_hears_of_its_token() {
    local file="$root/etc/perennial/perennial.toml" token
    make_the_hook
    cp -a "$file" "$scratch/without-hook.toml"
    cat >>"$file" <<END
[[delivery]]
name = "hook"
tokens = ["acme-*"]
webhook = { url = "http://127.0.0.1:9000/", secret = { credential = "hook.secret" } }
grace = "1s"
[[delivery]]
name = "reports"
tokens = ["acme-*"]
file = { path = "/run/perennial/reports/{name}", readers = ["bob"] }
grace = "1s"
[[status.reader]]
user = "chatbot"
tokens = ["acme-*"]
END
    inside systemctl restart perennial
    eventually inside test -e /home/chatbot/hooked
    eventually inside test -e /run/perennial/reports/acme-maria
    token="$(sim --request POST --data "{\"kind\": \"long_lived\", \"app\": \"$APP_ID\", \"person\": \"3000\",
        \"scopes\": [\"pages_show_list\", \"pages_messaging\"], \"pages\": [\"2000\", \"2001\"]}" tokens |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')"
    printf %s "$token" | inside perennial import --replace acme-maria
    eventually same_secret /home/chatbot/hooked "$token"
    eventually same_secret /run/perennial/reports/acme-maria "$token"
    eventually says '"in_use_version":2' inside perennial show acme-maria --json
    LIMIT=240 eventually says "reports has not confirmed version 2" emails_of ops
    refused says "hook has not confirmed" emails_of ops
    cat "$scratch/without-hook.toml" >"$file"
    rm "$root/etc/perennial/credentials/hook.secret"
    inside systemctl restart perennial
}

same_secret() {
    [[ "$(inside cat "$1")" == "$2" ]]
}

# A service of the user chatbot, which systemd starts for each request.
make_the_hook() {
    local key=0123456789abcdef0123456789abcdef
    printf 'whsec_%s' "$(printf %s "$key" | base64)" >"$root/etc/perennial/credentials/hook.secret"
    chmod 600 "$root/etc/perennial/credentials/hook.secret"
    cat >"$root/usr/local/bin/take-hook" <<'END'
#!/bin/bash
set -euo pipefail
declare -A header
while IFS= read -r line && line="${line%$'\r'}" && [[ -n "$line" ]]; do
    name="${line%%:*}"
    header["${name,,}"]="${line#*: }"
done
IFS= read -r -N "${header[content-length]}" body
signed="${header[webhook-id]}.${header[webhook-timestamp]}.$body"
expected="v1,$(printf %s "$signed" | openssl dgst -sha256 -hmac "$1" -binary | base64)"
[[ "${header[webhook-signature]}" == "$expected" ]]
token="$(sed -n 's/.*"token":"\([a-z0-9-]*\)".*/\1/p' <<<"$body")"
perennial get "$token" >"$HOME/hooked"
answer='{"in_use": true}'
printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "${#answer}" "$answer"
END
    chmod 755 "$root/usr/local/bin/take-hook"
    printf '[Socket]\nListenStream=127.0.0.1:9000\nAccept=yes\n' >"$root/etc/systemd/system/hook.socket"
    cat >"$root/etc/systemd/system/hook@.service" <<END
[Service]
User=chatbot
StandardInput=socket
StandardOutput=socket
StandardError=journal
ExecStart=/usr/local/bin/take-hook $key
END
    inside systemctl daemon-reload
    inside systemctl start hook.socket
}

a_bad_reload() {
    local file="$root/etc/perennial/perennial.toml" before
    before="$(main_pid)"
    cp -a "$file" "$scratch/good.toml"
    echo 'viewrs = ["*"]' >>"$file"
    refused inside systemctl reload perennial
    says viewrs inside journalctl --unit=perennial --output=cat --lines=20
    unit_is ActiveState active
    [[ "$(main_pid)" == "$before" ]]
    # Its first sweep may not have finished.
    eventually as alice perennial status
    cat "$scratch/good.toml" >"$file"
    inside systemctl reload perennial
}

the_sandbox_holds() {
    local status="/proc/$(main_pid)/status" unit
    inside grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)):\s+0+$' "$status" | wc -l | grep --quiet '^5$'
    inside grep -E '^NoNewPrivs:\s+1$' "$status"
    inside grep -E '^Seccomp:\s+2$' "$status"
    for unit in perennial perennial-check perennial-alert@perennial.service; do
        inside systemd-analyze security --threshold=12 "$unit.service" | tail -1
    done
    # What it writes cannot be run: not below its directories, by nobody in its name space.
    inside cp /usr/bin/true /var/lib/perennial/true
    says "Permission denied" inside nsenter --target "$(main_pid)" --mount /var/lib/perennial/true
    inside rm /var/lib/perennial/true
    inside sh -c "echo >/proc/$(main_pid)/root/var/lib/perennial/written"
    inside rm /var/lib/perennial/written
    says "Read-only" inside sh -c "echo >/proc/$(main_pid)/root/etc/perennial/written"
    says "Read-only" inside sh -c "echo >/proc/$(main_pid)/root/usr/bin/written"
}

checked_from_outside() {
    inside systemctl list-timers perennial-check.timer | grep perennial-check
    inside systemctl start perennial-check.service
    unit_is Result success perennial-check.service
    as alice perennial doctor
    says "only root can read the apps' secrets" as alice perennial doctor
    says "Meta accepts id and secret of acme" inside perennial doctor
    says "answers and accepts user and password" inside perennial doctor
    says "it opens /var/lib/perennial/inventory.db" inside perennial doctor
}
