# What goes wrong: the process dies or hangs, the key is another, a secret or the disk is missing, the machine goes down.
# shellcheck shell=bash

survive_trouble() {
    case_ "killed, it is back, and so is every token" killed
    case_ "hung, the watchdog ends it and it is back" hung
    case_ "with a wrong key it ends with 78, writes nothing and does not loop" wrong_key
    case_ "an email tells that it was given up" told_of_the_end
    case_ "without its secrets it ends with 78, says which, and does not loop" without_credentials
    case_ "on a full disk it says so, answers, and goes on when there is room" full_disk
    case_ "an inventory that is lost comes back from a copy" restored
    case_ "with a new inventory key it goes on, and the old one opens nothing" rekeyed
    case_ "a reboot keeps everything" rebooted
    case_ "so does pulling the plug" plug_pulled
}

killed() {
    local before
    before="$(main_pid)"
    inside systemctl kill --kill-who=main --signal=KILL perennial
    eventually unit_is NRestarts 1
    LIMIT=30 eventually inside perennial status
    [[ "$(main_pid)" != "$before" ]]
    all_healthy 3
}

# With less patience than the unit ships with, which is looked at first.
hung() {
    local before
    unit_is WatchdogUSec 1min
    drop_in hasty WatchdogSec=2s TimeoutAbortSec=2s RestartSec=1s
    inside systemctl restart perennial
    before="$(main_pid)"
    inside systemctl kill --kill-who=main --signal=STOP perennial
    LIMIT=30 eventually says "Watchdog timeout" inside journalctl --unit=perennial --output=cat
    LIMIT=30 eventually inside perennial status
    [[ "$(main_pid)" != "$before" ]]
    without_drop_in hasty
    inside systemctl restart perennial
    all_healthy 3
}

drop_in() {
    local file="$root/etc/systemd/system/perennial.service.d/$1.conf"
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "[Service]" "${@:2}" >"$file"
    inside systemctl daemon-reload
}

without_drop_in() {
    rm "$root/etc/systemd/system/perennial.service.d/$1.conf"
    inside systemctl daemon-reload
}

inventory_sum() {
    inside sh -c 'cd /var/lib/perennial && sha256sum inventory.db'
}

# Restarts the daemon, which must give up with this status, once, until it is started again.
gives_up_with() {
    refused inside systemctl restart perennial
    unit_is ExecMainStatus "$1"
    unit_is ActiveState failed
    unit_is NRestarts 0
}

is_well_again() {
    inside systemctl restart perennial
    all_healthy 3
}

wrong_key() {
    local key="$root/etc/perennial/credentials/inventory.key" before
    inside systemctl stop perennial
    before="$(inventory_sum)"
    mv "$key" "$scratch/inventory.key"
    head -c 32 /dev/urandom | base64 >"$key"
    gives_up_with 78
    says key inside journalctl --unit=perennial --output=cat --lines=20
    [[ "$(inventory_sum)" == "$before" ]]
    mv "$scratch/inventory.key" "$key"
    is_well_again
}

without_credentials() {
    local folder="$root/etc/perennial/credentials"
    mv "$folder/acme.secret" "$scratch/"
    gives_up_with 78
    says "/etc/perennial/credentials" inside journalctl --unit=perennial --output=cat --lines=20
    mv "$scratch/acme.secret" "$folder/"
    mv "$folder" "$folder.away"
    gives_up_with 78
    says "credential" inside journalctl --unit=perennial --output=cat --lines=20
    mv "$folder.away" "$folder"
    is_well_again
}

told_of_the_end() {
    eventually says "systemd has stopped restarting perennial.service" emails_of ops
}

# The state on a small file system of its own, which is then filled to the last byte.
full_disk() {
    inside systemctl stop perennial
    inside cp -a /var/lib/perennial /root/state
    inside mount -t tmpfs -o size=16m,mode=0700,uid=perennial,gid=perennial tmpfs /var/lib/perennial
    inside cp -a /root/state/. /var/lib/perennial/
    inside systemctl start perennial
    inside sh -c 'cat /dev/zero >/var/lib/perennial/filler || true' 2>/dev/null
    refused import_another
    inside curl --silent --fail --unix-socket /run/perennial/perennial.sock http://localhost/v1/status
    eventually refused inside curl --silent --fail --unix-socket /run/perennial/perennial.sock http://localhost/readyz
    unit_is ActiveState active
    inside rm /var/lib/perennial/filler
    import_another
    eventually inside curl --silent --fail --unix-socket /run/perennial/perennial.sock http://localhost/readyz
    inside systemctl stop perennial
    inside umount /var/lib/perennial
    inside rm -r /root/state
    is_well_again
}

# Large enough not to fit in what is left over in the last page.
import_another() {
    local number
    for number in $(seq 200); do
        printf '{"app": "acme", "name": "filler-%s", "access_token": "EAAfiller%040d"}\n' "$number" "$number"
    done | inside perennial import -
}

restored() {
    told >"$scratch/before"
    inside perennial backup /root/copy.db
    inside systemctl stop perennial
    inside sh -c 'rm /var/lib/perennial/inventory.db*'
    inside perennial restore --yes /root/copy.db
    inside systemctl start perennial
    told | cmp - "$scratch/before"
    all_healthy 3
}

rekeyed() {
    local key="$root/etc/perennial/credentials/inventory.key"
    cp "$key" "$scratch/old.key"
    inside systemctl stop perennial
    inside perennial rekey
    refused cmp "$key" "$scratch/old.key"
    is_well_again
    cp "$key" "$scratch/new.key"
    cat "$scratch/old.key" >"$key"
    gives_up_with 78
    cat "$scratch/new.key" >"$key"
    is_well_again
}

rebooted() {
    told >"$scratch/before"
    halt reboot
    boot
    inside systemctl is-active perennial
    told | cmp - "$scratch/before"
    all_healthy 3
}

plug_pulled() {
    halt plug
    boot
    inside systemctl is-active perennial
    told | cmp - "$scratch/before"
}

# What the inventory holds, without the times at which something is due.
told() {
    inside perennial tokens --json | python3 -c '
import json, sys
for token in json.load(sys.stdin)["tokens"]:
    print([token[key] for key in ("name", "subject", "parent", "fingerprint", "version", "owners", "imported_at")])'
}
