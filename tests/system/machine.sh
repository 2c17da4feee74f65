# A small machine with a booted systemd, for tests/system/run. A Debian tree is made once for each release and kept in
# $CI_CACHE; a machine is an overlay on it, and what happens there goes with it.
# shellcheck shell=bash

# Beside systemd: what the README's first steps type, and the world around the daemon: a mail server with passwords,
# TLS before the simulated Graph, and rpm to run the other package's scripts.
readonly IN_THE_TREE=systemd,systemd-sysv,dbus,ca-certificates,sudo,adduser,curl,openssl,stunnel4,postfix,libsasl2-modules,sasl2-bin,msmtp,rpm

# One release is enough for that: tests/engines and the stories run on the PostgreSQL of this machine.
readonly IN_TRIXIE=,postgresql

trees="${CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/perennial-ci}/trees"

# In one line why machines cannot be booted here; nothing if they can.
why_not() {
    local tool
    ((EUID == 0)) || { echo "only root can boot a machine"; return; }
    for tool in debootstrap systemd-nspawn nsenter python3; do
        command -v "$tool" >/dev/null || { echo "there is no $tool"; return; }
    done
    [[ -n "$(mirror)" ]] || { echo "apt knows no Debian mirror"; return; }
    [[ "$(stat -f -c %T /sys/fs/cgroup)" =~ ^(cgroup2fs|tmpfs)$ ]] || echo "there are no control groups"
}

# The one that this machine's own packages come from.
mirror() {
    apt-get indextargets --format '$(REPO_URI) $(ORIGIN)/$(LABEL)' 2>/dev/null | awk '$2 == "Debian/Debian" { print $1; exit }'
}

# NAME [SUITE [PACKAGES]]: a tree that is named after its release of Debian is that of a machine. One that is begun is never
# taken for one that is there; whoever else wants it waits.
make_tree() (
    local suite="${2:-$1}" tree="$trees/$1" wanted="${3:-$IN_THE_TREE}"
    [[ "$1" != trixie ]] || wanted+="$IN_TRIXIE"
    mkdir -p "$trees"
    exec 9>"$tree.lock"
    flock 9
    [[ "$(cat "$tree/made-of" 2>/dev/null)" != "$wanted" ]] || return 0
    rm -rf "$tree" "$tree.new"
    DEBIAN_FRONTEND=noninteractive debootstrap --variant=minbase --include="$wanted" \
        "$suite" "$tree.new" "$(mirror)"
    rm -rf "$tree.new"/var/cache/apt/archives/*.deb
    # It starts where a test wants it.
    if [[ -n "$(compgen -G "$tree.new/usr/lib/postgresql/*")" ]]; then chroot "$tree.new" systemctl --quiet disable postgresql; fi
    echo "$wanted" >"$tree.new/made-of"
    mv "$tree.new" "$tree"
)

# The machine's files are at $root from here on, whether it runs or not.
unpack_machine() {
    local suite="$1" place="$2"
    root="$place/root"
    mkdir -p "$place/upper" "$place/work" "$root"
    mount -t overlay overlay -o "lowerdir=$trees/$suite,upperdir=$place/upper,workdir=$place/work" "$root"
    echo perennial-test >"$root/etc/hostname"
    echo "127.0.0.1 localhost perennial-test" >"$root/etc/hosts"
}

# Which process nspawn is, and which the machine's own first one; in files, for the cases are processes of their own.
nspawn() {
    cat "$root.nspawn"
}

leader() {
    cat "$root.leader"
}

is_running() {
    [[ -e "$root.leader" ]]
}

boot() {
    systemd-nspawn --quiet --register=no --keep-unit --private-network --resolv-conf=off --timezone=off \
        --machine="perennial-test" --directory="$root" --boot </dev/null >"$root.console" 2>&1 &
    echo $! >"$root.nspawn"
    until pgrep --parent "$(nspawn)" --exact systemd >"$root.leader" && inside test -S /run/systemd/private 2>/dev/null; do
        kill -0 "$(nspawn)" 2>/dev/null || { cat "$root.console"; return 1; }
        sleep 0.05
    done
    inside systemctl is-system-running --wait >/dev/null || inside systemctl --failed
}

# By its process, for nobody has registered the machine.
inside() {
    nsenter --target "$(leader)" --mount --uts --ipc --net --pid --cgroup \
        env --ignore-environment PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 TERM=dumb "$@"
}

# As `systemctl reboot` would; or, for `plug`, as if somebody pulled that.
halt() {
    case "$1" in
    plug) kill -KILL "$(leader)" ;;
    *) inside systemctl "$1" ;;
    esac
    while kill -0 "$(nspawn)" 2>/dev/null; do sleep 0.05; done
    rm "$root.leader"
}

throw_away_machine() {
    if is_running; then halt plug; fi
    if mountpoint -q "$root"; then umount "$root"; fi
}
