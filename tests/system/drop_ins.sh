# Each drop-in that the package shows as an example, started for real.
# shellcheck shell=bash

try_drop_ins() {
    case_ "with secrets that only this machine can read" with_encrypted_credentials
    case_ "with egress to this machine alone, exposure 1.1" with_egress_proxy
    case_ "with a growing wait between restarts" starts_with restart-backoff
    case_ "with a program of the operator's that may be run" with_exec_hooks
    case_ "with tokens delivered to another place" with_delivery_paths
    case_ "with emails by a mail program" with_sendmail
    case_ "with metrics in a file for node exporter" with_metrics_textfile
    if [[ "$suite" == bookworm ]]; then return; fi
    case_ "with notify-reload.conf, and a reload by signal" with_notify_reload
}

use_example() {
    inside install -D -m 0644 "/usr/share/doc/perennial/examples/systemd/$1.conf" \
        "/etc/systemd/system/perennial.service.d/$1.conf"
    inside systemctl daemon-reload
}

starts_with() {
    use_example "$1"
    inside systemctl restart perennial
    all_healthy 3
    says "$1.conf" inside systemctl show --value --property=DropInPaths perennial
    without_drop_in "$1"
}

with_exec_hooks() {
    printf '#!/bin/sh\necho it ran\n' >"$root/usr/local/bin/reload-bot"
    chmod 755 "$root/usr/local/bin/reload-bot"
    says "Permission denied" inside nsenter --target "$(main_pid)" --mount /usr/local/bin/reload-bot
    use_example exec-hooks
    inside systemctl restart perennial
    says "it ran" inside nsenter --target "$(main_pid)" --mount /usr/local/bin/reload-bot
    says "Permission denied" inside nsenter --target "$(main_pid)" --mount /usr/bin/true
    all_healthy 3
    without_drop_in exec-hooks
}

with_delivery_paths() {
    local file="$root/etc/perennial/perennial.toml" page
    page="$(a_page)"
    inside install -d -o perennial -m 0700 /srv/tokens
    cp -a "$file" "$scratch/without-delivery.toml"
    printf '\n[[delivery]]\nname = "srv"\ntokens = ["*"]\nfile = { path = "/srv/tokens/{name}", readers = ["alice"] }\n' \
        >>"$file"
    inside systemctl restart perennial
    eventually says "delivery-paths.conf" inside perennial deliveries --json
    use_example delivery-paths
    inside systemctl restart perennial
    inside perennial deliveries --retry srv
    eventually as alice test -r "/srv/tokens/$page"
    [[ "$(as alice cat "/srv/tokens/$page")" == "$(inside perennial get "$page")" ]]
    all_healthy 3
    without_drop_in delivery-paths
    cat "$scratch/without-delivery.toml" >"$file"
    inside systemctl restart perennial
    inside rm -r /srv/tokens
}

# As msmtp-mta would have it; to a mailbox that the other cases do not look into.
with_sendmail() {
    local file="$root/etc/perennial/perennial.toml"
    cp -a "$file" "$scratch/smtp.toml"
    sed -i 's/^smtp = .*/sendmail = true/' "$file"
    inside ln -sf ../bin/msmtp /usr/sbin/sendmail
    printf 'account default\nhost localhost\nfrom perennial@example.com\n' >"$root/etc/msmtprc"
    use_example sendmail
    inside systemctl restart perennial
    inside perennial mail-test alice@example.com
    eventually says "To: alice@example.com" emails_of alice
    without_drop_in sendmail
    cat "$scratch/smtp.toml" >"$file"
    inside systemctl restart perennial
}

# The folder as Debian's prometheus-node-exporter makes it.
with_metrics_textfile() {
    local file="$root/etc/perennial/perennial.toml" folder=/var/lib/prometheus/node-exporter
    inside install -d -m 0755 "$folder"
    cp -a "$file" "$scratch/without-metrics.toml"
    printf '\n[metrics]\ntextfile = "%s/perennial.prom"\n' "$folder" >>"$file"
    inside systemctl restart perennial
    eventually says "metrics-textfile.conf" inside perennial status
    types_the_page docs/src/monitoring.md
    eventually inside grep --quiet '^perennial_ready 1$' "$folder/perennial.prom"
    [[ "$(inside stat --format=%a "$folder/perennial.prom")" == 644 ]]
    all_healthy 3
    without_drop_in metrics-textfile
    inside rm -r "$folder"
    cat "$scratch/without-metrics.toml" >"$file"
    inside systemctl restart perennial
}

with_egress_proxy() {
    use_example egress-proxy
    inside systemctl restart perennial
    all_healthy 3
    inside systemd-analyze security --threshold=11 perennial.service | tail -1
    without_drop_in egress-proxy
}

with_encrypted_credentials() {
    local name plain="$root/etc/perennial/credentials"
    inside install -d -m 0700 /etc/credstore.encrypted
    for name in inventory.key acme.secret smtp.password; do
        inside systemd-creds encrypt --name="$name" "/etc/perennial/credentials/$name" \
            "/etc/credstore.encrypted/perennial.$name"
    done
    mv "$plain" "$plain.away"
    use_example encrypted-credentials
    inside sed -i 's/^#LoadCredentialEncrypted/LoadCredentialEncrypted/' \
        /etc/systemd/system/perennial.service.d/encrypted-credentials.conf
    inside systemctl daemon-reload
    inside systemctl restart perennial
    all_healthy 3
    inside perennial mail-test
    mv "$root/etc/credstore.encrypted/perennial.acme.secret" "$scratch/"
    gives_up_with 243
    mv "$scratch/perennial.acme.secret" "$root/etc/credstore.encrypted/"
    without_drop_in encrypted-credentials
    mv "$plain.away" "$plain"
    rm -r "$root/etc/credstore.encrypted"
    inside systemctl restart perennial
}

with_notify_reload() {
    use_example notify-reload
    inside systemctl restart perennial
    unit_is Type notify-reload
    inside systemctl reload perennial
    unit_is ActiveState active
    all_healthy 3
    without_drop_in notify-reload
    inside systemctl restart perennial
}
