# Machines m1 and m2 with an SSH server each, and a controller, on a LAN. Only root can.
#
#   fleet.sh FOLDER   keys, settings and an `ssh` that uses them are written there
#
# It prints the controller's process once all is ready, and ends, with everything in it, with stdin.
# What a machine writes in /etc, /root and /run is lost.
set -eu
folder=$1

if [ -z "${IN_LAN-}" ]; then
    export IN_LAN=yes
    exec unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private \
        bash "$0" "$@"
fi

# A machine: its own network, processes, /run and root's home, and a layer above /etc.
machine='
set -eu
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /root
mkdir /run/netns /run/sshd /run/upper /run/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
hostname "$1"
echo "127.0.0.1 $1" >>/etc/hosts # else sudo asks for it
exec /usr/sbin/sshd -D -f "$2/sshd_config"
'

# NAME ADDRESS: starts a machine with eth0 on the LAN.
start() {
    unshare --net --mount --pid --uts --ipc --fork --kill-child --mount-proc \
        bash -c "$machine" machine "$1" "$folder" >/dev/null </dev/null &
    local outer=$! first
    until first=$(cat "/proc/$outer/task/$outer/children") && [ -n "$first" ]; do sleep 0.01; done
    first=${first% }
    ip link add "$1" type veth peer name tmp0
    ip link set tmp0 name eth0 netns "$first"
    ip link set "$1" master lan0 up
    nsenter -t "$first" --net sh -c "ip link set lo up; ip addr add $2/24 dev eth0; ip link set eth0 up"
}

ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
cat >"$folder/sshd_config" <<CONFIG
HostKey $folder/key
AuthorizedKeysFile $folder/key.pub
StrictModes no
UsePAM no
UseDNS no
PidFile none
Subsystem sftp internal-sftp
CONFIG
cat >"$folder/ssh_config" <<CONFIG
Host m1
    HostName 192.168.64.11
Host m2
    HostName 192.168.64.12
Host *
    User root
    IdentityFile $folder/key
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR
CONFIG
printf '#!/bin/sh\nexec /usr/bin/ssh -F %s/ssh_config "$@"\n' "$folder" | install /dev/stdin "$folder/ssh"

mount -t tmpfs tmpfs /run
ip link set lo up
ip link add lan0 type bridge
ip addr add 192.168.64.1/24 dev lan0
ip link set lan0 up
start m1 192.168.64.11
start m2 192.168.64.12
for machine in m1 m2; do
    until "$folder/ssh" "$machine" true 2>/dev/null; do sleep 0.05; done
done
echo ready
cat >/dev/null
