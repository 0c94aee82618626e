#!/bin/sh
# scripts/lavapipe.sh FOLDER: a software graphics driver for WebGPU in Node, Mesa 25's lavapipe (shader-f16, subgroups of 8), unpacked into FOLDER
# without touching the system's own Mesa; prints the path for VK_ICD_FILENAMES. For Debian 12, whose own Mesa 22 lacks what WebGPU asks for: the package
# comes from the backports suite of the machine's own mirror. Newer systems only need mesa-vulkan-drivers. Exit code 1 where it cannot be had.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
icd=$folder/lvp_icd.json
[ -s "$icd" ] && { echo "$icd"; exit 0; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { echo 'lavapipe: this needs apt-get' >&2; exit 1; }
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | grep -v security | head -n 1)
[ -n "$mirror" ] || { echo 'lavapipe: no Debian mirror is configured' >&2; exit 1; }
as_root=''
[ "$(id -u)" = 0 ] || as_root='sudo'
state=$folder/apt
mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
echo "deb $mirror bookworm-backports main" >"$state/sources.list"
own="-qq -o Dir::Etc::sourcelist=$state/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$state/lists -o Dir::Cache=$state/cache -o APT::Sandbox::User=root"
# shellcheck disable=SC2086
{
  $as_root apt-get $own update
  (cd "$folder" && $as_root apt-get $own download mesa-vulkan-drivers)
  dpkg-deb -x "$folder"/mesa-vulkan-drivers_*.deb "$folder/root"
  $as_root apt-get -qq update
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends libvulkan1 libllvm15 libxcb-randr0 libxcb-shm0 \
    libxshmfence1 libwayland-client0 libxcb-dri3-0 libxcb-present0 libxcb-sync1 libxcb-xfixes0 libx11-xcb1 libdrm2
} >&2
library=$(find "$folder/root" -name libvulkan_lvp.so)
missing=$(ldd "$library" | grep 'not found' || true)
[ -z "$missing" ] || { echo "lavapipe: $missing" >&2; exit 1; }
printf '{"ICD":{"api_version":"1.4.305","library_path":"%s"},"file_format_version":"1.0.0"}\n' "$library" >"$icd"
echo "$icd"
