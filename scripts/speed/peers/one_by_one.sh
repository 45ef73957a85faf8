#!/bin/bash
# N namespaces, each by a run of netmodes: one_by_one.sh NETMODES up|down N
set -eu

up() {
    "$netmodes" nat -n web1 --bridge-address 10.64.0.1/20 --address 10.64.0.11/20
    for i in $(seq 2 "$1"); do "$netmodes" nat -n "web$i"; done
}

down() {
    for i in $(seq "$1"); do "$netmodes" down "web$i"; done
}

netmodes=$1
shift
"$@"
