# 0: the last version is being removed. Configuration, secrets and inventory stay.
if [ "$1" -eq 0 ] && [ -d /run/systemd/system ]; then
    systemctl disable --now perennial.service || :
fi
