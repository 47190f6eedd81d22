#!/bin/sh
# Make the two file systems that the tests of the image start from: python.tar, which takes the place of a Python image
# that cannot be pulled, and coturn.tar, the same with coturn.
# Usage: make_base_image.sh FOLDER (MIRROR=http://deb.debian.org/debian). Needs root, debootstrap and the mirror; about two minutes.
set -eu
folder=$1
mirror=${MIRROR:-http://deb.debian.org/debian}

mkdir -p "$folder"
work=$(mktemp -d "$folder/rootfs.XXXXXX")
trap 'rm -rf "$work"' EXIT
# It becomes the image's root, which mktemp makes for its owner only.
chmod 755 "$work"

# Written beside and renamed, so that an interrupted run leaves no half archive.
pack() {
    chroot "$work" apt-get clean
    tar --create --file "$work.tar" --directory "$work" --numeric-owner --one-file-system \
        --exclude=./var/lib/apt/lists/* --exclude=./usr/share/doc/* --exclude=./usr/share/man/* \
        --exclude=./usr/share/locale/* --exclude=./proc/* --exclude=./sys/* --exclude=./dev/* .
    mv "$work.tar" "$folder/$1.tar"
}

debootstrap --variant=minbase --include=python3,python3-venv bookworm "$work" "$mirror"
pack python
# Debian would start coturn as a service.
printf '#!/bin/sh\nexit 101\n' >"$work/usr/sbin/policy-rc.d"
chmod 755 "$work/usr/sbin/policy-rc.d"
DEBIAN_FRONTEND=noninteractive chroot "$work" apt-get install -qq -y --no-install-recommends coturn
pack coturn
