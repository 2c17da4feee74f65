# The services of packaging/compose.yaml, on a simulated Graph. For tests/container/run.
# shellcheck shell=bash

readonly APP_ID=257422819769992 APP_SECRET=0123456789abcdef0123456789abcdef
readonly GRAPH=http://127.0.0.1:8470 SITE=https://localhost

export PERENNIAL_CONFIG="$scratch/perennial" PERENNIAL_SITE="$SITE" GRAPH_URL="$GRAPH/v25.0"
export PERENNIAL_IMAGE=localhost/perennial CADDY_IMAGE=localhost/debian:12-slim CHATBOT_IMAGE=localhost/debian:12-slim

# One network for all, no control groups, and no more than this process has: it may be in a container itself.
limits=(--cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=4096:4096)
here_only=("${limits[@]}" --network host --pull never)

compose() {
    /usr/bin/python3 "$here/compose.py" "$project/packaging/compose.yaml" "$@"
}

# A service of the file, in the background.
up() {
    local arguments
    mapfile -t arguments < <(compose run "$1")
    ((${#arguments[@]} > 1))
    pod run --detach --name "$1" "${here_only[@]}" "${arguments[@]}"
}

# A command in the daemon's container.
perennial() {
    pod exec perennial perennial "$@"
}

throw_away_containers() {
    ((${#storage[@]} > 0)) || return 0
    pod rm --all --force --time 0 >/dev/null 2>&1 || true
    if [[ -e "$scratch/graph.pid" ]]; then kill "$(cat "$scratch/graph.pid")" 2>/dev/null || true; fi
    pod volume rm --all --force >/dev/null 2>&1 || true
    # A container that ends starts a program to clean up behind it, which writes to the storage once more.
    eventually no_one_uses_the_storage || true
}

no_one_uses_the_storage() {
    ! pgrep --full -- "$scratch/storage"
}

starts_too_early() {
    mkdir -p "$scratch/perennial"
    refuses "perennial setup" pod run --rm "${here_only[@]}" --read-only localhost/perennial
}

start_meta() {
    cat >"$scratch/world.toml" <<TOML
[[app]]
id = "$APP_ID"
secret = "$APP_SECRET"
name = "acme"

[[page]]
id = "2000"
name = "Bakery"

[[person]]
id = "3000"
name = "Maria"
pages = ["2000"]

[[login]]
app = "$APP_ID"
person = "3000"
scopes = ["pages_show_list", "pages_messaging"]
TOML
    mkdir -p "$scratch/program"
    tar --extract --gzip --file "$packages"/perennial-*-linux-gnu.tar.gz --directory "$scratch/program" --strip-components=1
    "$scratch/program/bin/perennial" graph-sim --listen "${GRAPH#http://}" --world "$scratch/world.toml" >"$scratch/graph.log" 2>&1 &
    echo $! >"$scratch/graph.pid"
    eventually curl --silent --fail "$GRAPH/sim/clock"
}

# The command of the book, with options for its questions.
set_up() {
    start_meta
    echo "$APP_SECRET" >"$scratch/perennial/app-secret"
    pod run --rm --user 0 "${here_only[@]}" --volume "$scratch/perennial:/etc/perennial" localhost/perennial \
        setup --yes --app-name acme --app-id "$APP_ID" --app-secret-file /etc/perennial/app-secret \
        --mail-to ops@example.com --mail-directory /var/lib/perennial/mail --graph-url "$GRAPH" --dialog-url "$GRAPH" \
        --timezone Europe/Berlin --skip-checks
    chown -R 8470:8470 "$scratch/perennial/credentials"
    cat >>"$scratch/perennial/perennial.toml" <<TOML
[[status.reader]]
user = "10001"
tokens = ["acme-*"]

[[delivery]]
name = "files"
tokens = ["acme-*"]
file = { path = "/run/perennial/tokens/{name}", readers = ["10003"] }

[web]
listen = "unix:/run/perennial/web.sock"
public_url = "https://tokens.example.com"
TOML
}

starts_read_only() {
    local volume
    while read -r volume; do
        # shellcheck disable=SC2086 # a name and its options
        pod volume create $volume
    done < <(compose volumes | awk '{ name = $1; $1 = ""; print $0, name }')
    [[ -z "$(compose depends perennial)" ]]
    up perennial
    eventually perennial status
    refuses "Read-only file system" pod exec perennial sh -c 'echo >/etc/perennial/new'
    refuses "Read-only file system" pod exec perennial sh -c 'echo >/usr/new'
    [[ "$(pod exec perennial stat -f -c %T /run/perennial)" == tmpfs ]]
    perennial status --json | grep --quiet '"name": *"perennial"'
    pod exec perennial grep --quiet '^CapEff:\s0*$' /proc/self/status
}

is_healthy() {
    eventually pod healthcheck run perennial
}

keeps_tokens() {
    curl --silent --fail "$GRAPH/sim/fleet" |
        /usr/bin/python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["access_token"])' >"$scratch/token"
    pod exec --interactive perennial perennial import --app acme --name acme-maria --discover <"$scratch/token"
    pod exec --interactive perennial perennial import --app acme --name other <"$scratch/token" || true
    eventually has_healthy_tokens
}

has_healthy_tokens() {
    perennial tokens --json | /usr/bin/python3 -c '
import json, sys
states = {token["name"]: token["state"] for token in json.load(sys.stdin)["tokens"]}
print(states)
sys.exit("acme-bakery" not in states or set(states.values()) != {"healthy"})'
}

consumer_gets_its_token() {
    compose depends chatbot | grep --line-regexp perennial
    up chatbot
    eventually says_bakery
    perennial consumers acme-bakery | grep 10001
    refuses "may not" perennial get acme-bakery
    pod exec --user 0:8470 perennial perennial get acme-bakery | grep --quiet .
}

says_bakery() {
    pod logs chatbot 2>&1 | grep '"name": "Bakery"'
}

# A program in a container of its own: who, in which group, which token.
asks() {
    local user="$1" group="$2" token="$3"
    pod run --rm "${here_only[@]}" --user "$user" "${group:+--group-add=$group}" --volume perennial_run:/run/perennial:ro \
        --volume "$project/docs/clients/client.py:/client.py:ro" --env GRAPH_URL="$GRAPH_URL" localhost/debian:12-slim \
        sh -c "echo 'me?fields=name' | python3 /client.py $token"
}

others_are_refused() {
    asks 10001:10001 8470 acme-bakery | grep Bakery
    refuses "PermissionError" asks 10001:10001 8471 acme-bakery
    refuses "may not" asks 10002:10002 8470 acme-bakery
}

reads_file() {
    pod run --rm "${here_only[@]}" --user "$1" --volume perennial_run:/run/perennial:ro localhost/debian:12-slim \
        cat /run/perennial/tokens/acme-bakery
}

files_reach_their_reader() {
    eventually reads_file 10003:10003
    [[ "$(reads_file 10003:10003)" == "$(pod exec --user 0:8470 perennial perennial get acme-bakery)" ]]
    refuses "Permission denied" reads_file 10004:10004
}

caddy_passes_on() {
    up caddy
    eventually reaches_the_pages
}

reaches_the_pages() {
    curl --silent --insecure --location --max-time 5 "$SITE/login/not-a-link" | grep --ignore-case "link"
}

survives_a_kill() {
    pod kill --signal KILL perennial
    eventually refuses "" pod exec perennial true
    pod start perennial
    eventually has_healthy_tokens
    pod rm --force --time 5 perennial
    up perennial
    eventually has_healthy_tokens
    eventually pod healthcheck run perennial
}

misses_nothing() {
    if pod logs perennial 2>&1 | grep --extended-regexp 'WARN|ERROR|Read-only|denied'; then return 1; fi
    perennial status | head -3
    pod exec perennial test -s /var/lib/perennial/inventory.db
}

stops() {
    local start=$SECONDS
    pod stop --time 20 perennial
    ((SECONDS - start < 10))
    [[ "$(pod inspect --format '{{.State.ExitCode}}' perennial)" == 0 ]]
}

# Frozen, it answers nothing.
is_unhealthy_when_hung() {
    pod start perennial
    eventually pod healthcheck run perennial
    kill -STOP "$(pod inspect --format '{{.State.Pid}}' perennial)"
    refuses "" pod healthcheck run perennial
    kill -CONT "$(pod inspect --format '{{.State.Pid}}' perennial)"
}
