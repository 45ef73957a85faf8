#!/bin/bash
# The article's commands: a bridge and N namespaces, one after another. article.sh up|down N
# $SUDO stands before each: sudo, or nothing.
# shellcheck disable=SC2086 # a word, or none
set -eu

up() {
    $SUDO sysctl -qw net.ipv4.ip_forward=1
    $SUDO ip link add br0 type bridge
    $SUDO ip addr add 10.64.0.1/20 dev br0
    $SUDO ip link set br0 up
    for i in $(seq "$1"); do
        $SUDO ip netns add "n$i"
        $SUDO ip link add "v$i" type veth peer name "p$i"
        $SUDO ip link set "p$i" netns "n$i"
        $SUDO ip link set "v$i" master br0
        $SUDO ip link set "v$i" up
        $SUDO ip netns exec "n$i" ip addr add "10.64.$(((i + 10) / 256)).$(((i + 10) % 256))/20" dev "p$i"
        $SUDO ip netns exec "n$i" ip link set "p$i" up
        $SUDO ip netns exec "n$i" ip link set lo up
        $SUDO ip netns exec "n$i" ip route add default via 10.64.0.1
    done
}

down() {
    for i in $(seq "$1"); do
        $SUDO ip link del "v$i"
        $SUDO ip netns del "n$i"
    done
    $SUDO ip link del br0
}

SUDO=${SUDO-}
"$@"
