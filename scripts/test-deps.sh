#!/bin/sh
# Installs the system packages that the tests use as judges and tools: on Debian and Ubuntu by apt, as root.
# Without them the tests that need one are skipped and say so; with CI=true they fail. Where nobody else does it, /dev/fuse is made
# everybody's, as udev has it.
set -eu
packages="e2fsprogs attr acl fdisk gdisk zstd libarchive-tools qemu-user-static fuse3 sqlite3 fsverity"
if [ "$(id -u)" -ne 0 ]; then
	echo "run as root: $0 installs $packages" >&2
	exit 1
fi
[ ! -c /dev/fuse ] || chmod a+rw /dev/fuse
missing=""
for p in $packages; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
