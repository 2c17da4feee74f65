if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
    # 1: another version was installed in its place.
    if [ "$1" -ge 1 ]; then
        systemctl try-restart perennial.service || :
    fi
fi
