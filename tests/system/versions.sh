# Versions come and go: from the one before, with its data; to a newer one, while it runs; away; and away for good.
# shellcheck shell=bash

# The package as if it were of another version.
package_as() {
    local version="$1" tree="$scratch/repacked"
    rm -rf "$tree"
    dpkg-deb -R "$packages"/perennial_*.deb "$tree"
    sed -i "s/^Version: .*/Version: $version/" "$tree/DEBIAN/control"
    dpkg-deb --root-owner-group -Znone -b "$tree" "$root/root/perennial_$version.deb" >/dev/null
}

install_package() {
    inside env DEBIAN_FRONTEND=noninteractive apt-get install --yes "/root/$1" </dev/null
}

leave() {
    case_ "an upgrade restarts it, with the same tokens" upgraded_while_running
    case_ "removed, it is gone and its state stays" removed
    case_ "installed again, it goes on" installed_again
    case_ "purged, nothing of it stays but its user, and nothing was asked" purged
}

upgraded_while_running() {
    local before
    told >"$scratch/before"
    before="$(main_pid)"
    package_as 99.0-1
    install_package perennial_99.0-1.deb
    unit_is ActiveState active
    [[ "$(main_pid)" != "$before" ]]
    told | cmp - "$scratch/before"
}

removed() {
    processes
    inside apt-get remove --yes perennial </dev/null
    refused inside test -e /usr/bin/perennial
    refused processes
    refused inside systemctl is-active perennial-check.timer
    inside test -s /var/lib/perennial/inventory.db
    inside test -s /etc/perennial/perennial.toml
    inside test -s /etc/perennial/credentials/inventory.key
}

installed_again() {
    install_package perennial_99.0-1.deb
    inside systemctl enable --now perennial
    told | cmp - "$scratch/before"
}

purged() {
    inside apt-get purge --yes perennial </dev/null
    refused inside test -e /etc/perennial
    refused inside test -e /var/lib/perennial
    refused processes
    inside sh -c 'find /etc /usr /var/lib -xdev -name "*perennial*" -not -path "/var/lib/dpkg/*"' >"$scratch/left"
    refused grep . "$scratch/left"
    refused inside systemctl cat perennial
    inside getent passwd perennial
}

# Nothing is at hand of the version before but what it left: an inventory of schema 1, under its key.
comes_from_the_version_before() {
    boot
    case_ "the version before is set up, with the inventory it made" version_before
    case_ "upgraded, it has every token" moved_on
}

version_before() {
    local old="$project/tests/fixtures/inventory/0001.sql" database="$root/root/inventory.db"
    package_as 0.0.9-1
    install_package perennial_0.0.9-1.deb
    sed 's/smtp = .*/directory = "\/var\/lib\/perennial\/mail"/' "$project/packaging/perennial.toml" >"$root/etc/perennial/perennial.toml"
    sed -n 's/^-- key: //p' "$old" >"$root/etc/perennial/credentials/inventory.key"
    echo "$APP_SECRET" >"$root/etc/perennial/credentials/acme.secret"
    python3 - "$old" "$database" >"$scratch/tokens" <<'PYTHON'
import sqlite3, sys
database = sqlite3.connect(sys.argv[2])
database.executescript(open(sys.argv[1], encoding="utf-8").read())
print(database.execute("SELECT count(*) FROM token").fetchone()[0])
PYTHON
    inside install -d -m 0700 -o perennial -g perennial /var/lib/perennial /var/lib/perennial/mail
    inside install -m 0600 -o perennial -g perennial /root/inventory.db /var/lib/perennial/inventory.db
    inside systemctl enable perennial
}

moved_on() {
    cp "$packages"/perennial_*.deb "$root/root/"
    install_package "$(basename "$packages"/perennial_*.deb)"
    inside systemctl start perennial
    inside perennial tokens --json | python3 -c '
import json, sys
tokens = json.load(sys.stdin)["tokens"]
print(len(tokens), "tokens")
sys.exit(len(tokens) != int(sys.argv[1]))' "$(cat "$scratch/tokens")"
    inside sh -c 'ls -l /var/lib/perennial'
}
