# Installed, too early, set up, started: as the README's quick start says, word for word.
# shellcheck shell=bash

lives_a_life() {
    boot
    case_ "users, Meta's certificate and a mail server are there" prepare_world
    take_first_steps
    live_day_by_day
    survive_trouble
    try_drop_ins
    leave
}

take_first_steps() {
    cp "$packages"/perennial_*.deb "$root/root/"
    case_ "the package installs, and starts nothing" installs
    case_ "started too early, it says what to do and does not loop" started_too_early
    case_ "the simulated Meta answers" start_meta
    case_ "the README's quick start works as it stands" quick_start
    case_ "systemctl start returns when the socket answers, not before" ready_means_answering
    case_ "setup, run again, changes nothing" setup_again
}

# The commands of a page that say that they are typed here.
commands_of() {
    awk '/^ *<!-- run by tests\/system -->$/ { marked = 1; next }
        marked && /^ *```console$/ { inside = 1; next }
        /^ *```$/ { inside = marked = 0 }
        inside { sub(/^ *\$ /, ""); print }' "$project/$1"
}

types_the_page() {
    commands_of "$1" | grep .
    inside sh -euc "cd && $(commands_of "$1")" </dev/null
}

installs() {
    local command
    command="$(commands_of README.md | head -1)"
    [[ "$command" == "sudo apt install"* ]]
    inside sh -c "cd && $command </dev/null"
    inside getent passwd perennial | grep '/var/lib/perennial:/usr/sbin/nologin$'
    [[ "$(inside stat -c '%U:%G %a' /etc/perennial/credentials)" == "root:root 700" ]]
    unit_is ActiveState inactive
    unit_is ActiveState inactive perennial-check.timer
    unit_is UnitFileState disabled
    inside man --version >/dev/null 2>&1 || true
    inside test -s /usr/share/man/man1/perennial.1.gz
    inside test -s /usr/share/man/man5/perennial.toml.5.gz
    inside test -s /usr/share/man/man8/perennial-api.8.gz
}

started_too_early() {
    refused inside systemctl start perennial
    unit_is ExecMainStatus 78
    unit_is NRestarts 0
    unit_is ActiveState failed
    says "perennial setup" inside journalctl --unit=perennial --output=cat
    inside systemctl reset-failed perennial
    inside systemctl stop perennial-check.timer
}

# What a person types; the prompts are told by a piece of their words. The public address is the parameter, if any.
make_answers() {
    marias_token >"$scratch/token"
    printf '%s\t%s\n' \
        "Email address for errors" ops@example.com \
        "Name of the app" acme \
        "The app's id at Meta" "$APP_ID" \
        "The app's secret" "$APP_SECRET" \
        "Sender address of" "" \
        "Name of your company" "Acme GmbH" \
        "Whom may people ask" "" \
        "Mail server?" smtps://perennial@smtp.example.com:465 \
        "The password" "$SMTP_PASSWORD" \
        "Public address" "${1:-}" >"$scratch/setup"
    printf 'oken\t%s\n' "$(cat "$scratch/token")" >"$scratch/import"
    printf '' >"$scratch/nothing"
}

quick_start() {
    local command
    make_answers
    while read -r command; do
        echo "\$ $command"
        case "$command" in
        "sudo perennial setup") type_it setup "$command" ;;
        "sudo perennial import"*) type_it import "$command" ;;
        *) type_it nothing "$command" ;;
        esac
    done < <(commands_of README.md | tail -n +2)
    all_healthy 3
    inside systemctl is-enabled perennial
    unit_is ActiveState active perennial-check.timer
}

type_it() {
    "$here/typist" "$scratch/$1" nsenter --target "$(leader)" --mount --uts --ipc --net --pid --cgroup \
        env --ignore-environment PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 TERM=xterm \
        sh -c "cd && $2"
}

# So many tokens there are, all of them seen by Meta and well. Whether all else is, such as few crashes lately, is
# another question, and makes the exit code.
all_healthy() {
    eventually are_healthy "$1"
}

are_healthy() {
    (inside perennial status --json || true) | python3 -c '
import json, sys
tokens = json.load(sys.stdin)["tokens"]
print(tokens)
sys.exit(tokens["total"] != int(sys.argv[1]) or tokens["healthy"] != tokens["total"])' "$1"
}

ready_means_answering() {
    local _
    for _ in 1 2 3 4 5; do
        inside systemctl restart perennial
        inside curl --silent --fail --unix-socket /run/perennial/perennial.sock http://localhost/healthz
    done
    inside systemctl show --value --property=StatusText perennial | grep .
    unit_is ActiveState active perennial-check.timer
}

setup_again() {
    inside sh -c 'cat /etc/perennial/perennial.toml /etc/perennial/credentials/* | sha256sum' >"$scratch/before"
    inside perennial setup --yes
    inside sh -c 'cat /etc/perennial/perennial.toml /etc/perennial/credentials/* | sha256sum' | cmp - "$scratch/before"
}
