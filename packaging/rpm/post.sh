systemd-sysusers perennial.conf
install -d -m 0755 /etc/perennial
install -d -m 0700 /etc/perennial/credentials
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
fi
