# A machine that systemd has booted, on a LAN with a DHCP server. Only root can.
#
#   booted.sh ROOT CHECKOUT SITE   a Debian, this checkout, and the folder of its libraries
#
# It prints the number of the machine's first process, and ends, with everything in it, with stdin.
# The machine has its own network, processes, cgroups, /dev, /run and /sys (read-only); what it
# writes to its disk is lost. This process is the LAN, where 192.168.64.1 and 8.8.8.8 answer.
set -eu
root=$1 checkout=$2 site=$3

# The machine: all that it is made of, then systemd.
machine='
set -eu
own=$(mktemp -d); mount -t tmpfs tmpfs "$own"; mkdir "$own/upper" "$own/work" "$own/proc" "$own/root"
mount -t overlay -o "lowerdir=$1,upperdir=$own/upper,workdir=$own/work" overlay "$own/root"
mount -t proc proc "$own/proc"
cd "$own/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys
mount --bind "$own/proc/sys/net" proc/sys/net
mount -t sysfs -o ro sysfs sys; mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev # devices of its own: systemd changes their modes
mknod -m 666 dev/null c 1 3; mknod -m 666 dev/zero c 1 5; mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8; mknod -m 666 dev/urandom c 1 9; mknod -m 666 dev/tty c 5 0
mknod -m 600 dev/console c 1 3; ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin
mkdir dev/pts; mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts; ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run; mount -t tmpfs tmpfs tmp
mkdir -p srv/checkout srv/site mnt
mount --bind "$2" srv/checkout; mount -o remount,bind,ro srv/checkout
mount --bind "$3" srv/site; mount -o remount,bind,ro srv/site
hostname machine
pivot_root . mnt; umount -l /mnt
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=null --show-status=no
'

if [ -z "${IN_LAN-}" ]; then
    hierarchy=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | head -n 1)
    export IN_LAN="$hierarchy/netmodes.$$"
    mkdir "$IN_LAN"
    unshare --net --mount --propagation private bash "$0" "$@" || :
    echo 1 >"$IN_LAN/cgroup.kill"
    until find "$IN_LAN" -depth -type d -exec rmdir {} + 2>/dev/null; do sleep 0.1; done
    exit
fi

ip link set lo up
ip link add lan0 type bridge
ip addr add 192.168.64.1/24 dev lan0
ip addr add 8.8.8.8/32 dev lo
ip link set lan0 up
mount -t tmpfs tmpfs /var/lib/misc
(
    echo "$BASHPID" >"$IN_LAN/cgroup.procs"
    exec unshare --net --mount --pid --uts --ipc --cgroup --fork --kill-child \
        --propagation private bash -c "$machine" machine "$root" "$checkout" "$site" </dev/null
) >/dev/null 2>&1 &
outer=$!
until first=$(cat "/proc/$outer/task/$outer/children") && first=${first% } &&
    [ "$(cat "/proc/${first:-none}/comm" 2>/dev/null)" = systemd ]; do sleep 0.05; done
ip link add port1 type veth peer name tmp0
ip link set tmp0 address 4a:9e:7e:55:59:ee
ip link set port1 master lan0 up
ip link set tmp0 name enp0s1 netns "$first"
chroot "$root" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=lan0 \
    --bind-interfaces --dhcp-range=192.168.64.3,192.168.64.3,2m --dhcp-option=3,192.168.64.1 \
    --dhcp-option=6,192.168.64.1 --dhcp-leasefile=/dev/null --dhcp-authoritative --no-ping \
    --pid-file= --user=root --group=root 2>/dev/null &
server=$!
echo "$first"
cat >/dev/null
kill "$server"
