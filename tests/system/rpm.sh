# The RPM package: its files are those of the Debian one, and its scripts run where systemd does.
# shellcheck shell=bash

takes_the_rpm() {
    case_ "the RPM has the files of the Debian package" same_files
    boot
    cp "$packages"/perennial-*.rpm "$root/root/"
    case_ "the RPM installs, and starts nothing" rpm_installs
    case_ "put in the place of an RPM before it, it restarts what runs" rpm_replaced
    case_ "erased, it is gone and its state stays" rpm_erased
    case_ "the tarball installs as the book says" tarball_installs
}

# What is where in one only: Debian's own papers, and where each keeps licences and completions of zsh.
only_in_one='/usr/share/(doc/perennial/(copyright|changelog\.Debian\.gz|third-party-licences\.gz)|lintian/.*|licenses/.*|zsh/.*)'

same_files() {
    local deb="$scratch/deb" rpm="$scratch/rpm"
    mkdir -p "$deb" "$rpm"
    dpkg-deb -x "$packages"/perennial_*.deb "$deb"
    inside_tree_rpm2cpio "$packages"/perennial-*.rpm "$rpm"
    listed "$deb" >"$scratch/deb.list"
    listed "$rpm" >"$scratch/rpm.list"
    diff "$scratch/deb.list" "$scratch/rpm.list"
    cmp "$deb/usr/share/zsh/vendor-completions/_perennial" "$rpm/usr/share/zsh/site-functions/_perennial"
    cmp "$deb/usr/share/doc/perennial/third-party-licences.gz" "$rpm/usr/share/licenses/perennial/third-party-licences.gz"
    cmp "$project/LICENSE" "$rpm/usr/share/licenses/perennial/LICENSE"
}

# With the tree's own rpm, for this machine may have none.
inside_tree_rpm2cpio() {
    chroot "$root" rpm2archive -n - <"$1" | tar --extract --directory "$2"
}

listed() {
    (
        cd "$1"
        find . -type f -printf '/%P %m\n' | grep --extended-regexp --invert-match "^$only_in_one " | sort
        find . -type f -printf '/%P\n' | grep --extended-regexp --invert-match "^$only_in_one$" | sort |
            while read -r file; do sha256sum ".$file"; done
    )
}

rpm_installs() {
    inside sh -c 'rpm --install --nodeps /root/perennial-*.rpm'
    inside getent passwd perennial
    [[ "$(inside stat -c '%U:%G %a' /etc/perennial/credentials)" == "root:root 700" ]]
    unit_is ActiveState inactive
    unit_is UnitFileState disabled
}

# To the scripts, the same version again is an upgrade like any other.
rpm_replaced() {
    local before
    sed 's/smtp = .*/directory = "\/var\/lib\/perennial\/mail"/' "$project/packaging/perennial.toml" >"$root/etc/perennial/perennial.toml"
    head -c 32 /dev/urandom | base64 >"$root/etc/perennial/credentials/inventory.key"
    echo "$APP_SECRET" >"$root/etc/perennial/credentials/acme.secret"
    inside install -d -m 0700 -o perennial -g perennial /var/lib/perennial /var/lib/perennial/mail
    inside systemctl enable --now perennial
    before="$(main_pid)"
    inside sh -c 'rpm --reinstall --nodeps /root/perennial-*.rpm'
    unit_is ActiveState active
    [[ "$(main_pid)" != "$before" ]]
}

rpm_erased() {
    processes
    inside rpm --erase perennial
    refused inside test -e /usr/bin/perennial
    refused processes
    inside test -s /var/lib/perennial/inventory.db
    inside test -s /etc/perennial/credentials/inventory.key
    refused inside systemctl is-enabled perennial
}

# The lines of the book. What the RPM left is taken away first, so that they must do all of it.
tarball_installs() {
    inside rm -rf /etc/perennial /var/lib/perennial
    cp "$packages"/perennial-*-linux-gnu.tar.gz "$root/root/"
    types_the_page docs/src/install.md
    [[ "$(inside stat -c '%U:%G %a' /etc/perennial/credentials /usr /usr/bin/perennial)" == $'root:root 700\nroot:root 755\nroot:root 755' ]]
    refused inside systemctl start perennial
    unit_is ExecMainStatus 78
    says "perennial setup" inside journalctl --unit=perennial --output=cat
}
