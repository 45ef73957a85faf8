#!/bin/bash
# The fastest that is known by hand: one batch on the host, and one in each namespace, two at a
# time; deleted by group. batch.sh up|down N
set -eu

# FIRST N: every second namespace.
inside() {
    for i in $(seq "$1" 2 "$2"); do
        ip -n "n$i" -batch - <<STDIN
addr add 10.64.$(((i + 10) / 256)).$(((i + 10) % 256))/20 dev veth1
link set veth1 up
link set lo up
route add default via 10.64.0.1
STDIN
    done
}

up() {
    sysctl -qw net.ipv4.ip_forward=1
    {
        printf '%s\n' "link add br0 type bridge" "addr add 10.64.0.1/20 dev br0" "link set br0 up"
        for i in $(seq "$1"); do
            echo "netns add n$i"
            echo "link add v$i up master br0 group 42 type veth peer name veth1 netns n$i"
        done
    } | ip -batch -
    inside 1 "$1" &
    inside 2 "$1"
    wait "$!"
}

down() {
    {
        echo "link del group 42"
        for i in $(seq "$1"); do echo "netns del n$i"; done
        echo "link del br0"
    } | ip -batch -
}

"$@"
