#!/bin/sh
# The server ends when its package goes, and goes on during an upgrade. Debian says "remove", Red Hat how many are left.
set -e
case "$1" in
remove | 0)
    if [ -d /run/systemd/system ]; then
        systemctl disable --now pik.socket pik.service
    fi
    ;;
esac
