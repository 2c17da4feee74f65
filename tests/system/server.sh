# Two daemons on one database of Debian's own PostgreSQL: the packaged unit, and a copy of it for a second node. The role
# is the daemon's user, so the Unix socket needs no password.
# shellcheck shell=bash

shares_a_server() {
    boot
    case_ "a world for two daemons is there" prepare_world
    cp "$packages"/perennial_*.deb "$root/root/"
    case_ "PostgreSQL has a database, and two daemons use it" two_nodes_start
    case_ "what one imports, the one that does the work checks" nodes_share_tokens
    case_ "systemctl stop leaves the work to the other at once" a_node_takes_over
}

two_nodes_start() {
    install_package "$(basename "$packages"/perennial_*.deb)"
    start_meta
    inside systemctl start postgresql
    as postgres psql --quiet --command 'CREATE ROLE perennial LOGIN'
    as postgres psql --quiet --command 'CREATE DATABASE perennial OWNER perennial'
    as postgres psql --tuples-only --command 'SHOW server_version'
    local secrets="$root/etc/perennial/credentials"
    echo 'postgres://perennial@%2Frun%2Fpostgresql/perennial' >"$secrets/inventory.url"
    echo "$APP_SECRET" >"$secrets/acme.secret"
    head -c 32 /dev/urandom | base64 >"$secrets/inventory.key"
    node_configuration lima perennial >"$root/etc/perennial/perennial.toml"
    node_configuration oslo perennial-oslo >"$root/etc/perennial/oslo.toml"
    sed -e 's#perennial run#perennial --config /etc/perennial/oslo.toml run#' \
        -e 's#^\(State\|Runtime\)Directory=perennial#&-oslo#' -e '/^ExecReload/d' \
        "$root/usr/lib/systemd/system/perennial.service" >"$root/etc/systemd/system/perennial-oslo.service"
    inside systemctl daemon-reload
    inside systemctl start perennial
    LIMIT=20 eventually works lima
    inside systemctl start perennial-oslo
}

# A file for a node that has a name and folders of its own, and all else alike.
node_configuration() {
    cat <<TOML
[[app]]
name = "acme"
id = "$APP_ID"
secret = { credential = "acme.secret" }
[inventory]
url = { credential = "inventory.url" }
key = { credential = "inventory.key" }
node = "$1"
[alerts]
from = "perennial@example.com"
to = ["ops@example.com"]
directory = "/var/lib/$2"
[status]
socket = "/run/$2/perennial.sock"
TOML
}

oslo() {
    inside perennial --config /etc/perennial/oslo.toml "$@"
}

# As the other node sees it, if there is one.
works() {
    (oslo status --json || inside perennial status --json || true) 2>/dev/null | python3 -c '
import json, sys
nodes = {node["name"]: node["duties"] for node in json.load(sys.stdin)["nodes"]}
print(nodes)
sys.exit(sorted(nodes[sys.argv[1]]) != ["app:acme", "delivery", "email", "nightly"])' "$1"
}

nodes_share_tokens() {
    marias_token | oslo import --app acme --name maria
    all_healthy 1
    says lima oslo status
    says oslo inside perennial status
}

a_node_takes_over() {
    local before
    works lima
    inside systemctl stop perennial
    LIMIT=20 eventually works oslo
    before="$(oslo get maria)"
    oslo check maria
    [[ "$(oslo get maria)" == "$before" && -n "$before" ]]
}
