#!/usr/bin/env bash
# netmodes bridged: the network of namespace A, as commands. Needs no Python.
#
# host                                           namespace A
# ┌─────────────────────────────────────────┐    ┌────────────────────┐
# │ br0                  ┌─ veth0           ├────┤ veth1              │
# │ 192.168.64.100/24  ──┤                  │    │ 192.168.64.50/24   │
# │                      └─ enp0s1          ├──┐ └────────────────────┘
# └─────────────────────────────────────────┘  └─ the LAN
#
# Usage: bridged.sh [up]            run the commands below (the default)
#        bridged.sh down [--kill]   take them back; --kill ends the processes inside
#
# A command that fails, or Ctrl-C, takes back what was done. A reboot takes back everything.
set -u
export LC_ALL=C PS4='[#] '

NAME=A
JOURNAL=/run/netmodes/$NAME

# The commands, in order; "step K" where command K has an undo of its own.
up() {
    # a network of its own, named A: no device but a loopback that is down
    step 0 ip netns add A
    # the host passes on what is not for it
    step 1 sysctl -w net.ipv4.ip_forward=1
    # br0, a switch inside the host
    step 2 ip link add br0 type bridge
    # br0 answers for 192.168.64.100, and reaches 192.168.64.0/24 directly
    run ip addr add 192.168.64.100/24 dev br0
    # br0 is switched on
    run ip link set br0 up
    # enp0s1 becomes a port of br0: frames from the LAN now come in on br0
    step 5 ip link set enp0s1 master br0
    # enp0s1 is switched on, if it was not
    step 6 ip link set enp0s1 up
    # a cable with two ends: what enters veth0 leaves veth1
    step 7 ip link add veth0 type veth peer name veth1
    # veth1 leaves the host for A
    run ip link set veth1 netns A
    # veth0 is plugged into br0
    run ip link set veth0 master br0
    # veth0 is switched on
    run ip link set veth0 up
    # veth1 answers for 192.168.64.50, and reaches 192.168.64.0/24 directly
    run ip netns exec A ip addr add 192.168.64.50/24 dev veth1
    # veth1 is switched on
    run ip netns exec A ip link set veth1 up
    # the loopback works
    run ip netns exec A ip link set lo up
    # what A cannot reach directly goes to 192.168.64.100
    run ip netns exec A ip route add default via 192.168.64.100
}

# The first word that this prints names what command K made; nothing when it is gone.
probe() {
    case $1 in
    0) stat -L -c %i.%.9Z /run/netns/A ;;
    1) sysctl -n net.ipv4.ip_forward ;;
    2) ip -o link show dev br0 type bridge ;;
    5) ip -o link show dev enp0s1 master br0 ;;
    6) ip -o link show dev enp0s1 up ;;
    7) ip -o link show dev veth0 type veth ;;
    esac
}

# Takes command K back; $before is what the probe said before it ran.
undo() {
    local before=$2
    case $1 in
    0) show ip netns del A ;;
    1) show sysctl -w net.ipv4.ip_forward="$before" ;;
    2) show ip link del br0 ;;
    5) show ip link set enp0s1 nomaster ;;
    6) show ip link set enp0s1 down ;;
    7) show ip link del veth0 ;;
    esac
}

# What must hold before the first command.
checks() {
    absent 'namespace A exists already: delete it or choose another name' stat -c %i /run/netns/A
    absent 'device br0 exists already: delete it or choose another name' ip -o link show dev br0
    absent 'device veth0 exists already: delete it or choose another name' ip -o link show dev veth0
    absent 'device veth1 exists already: delete it or choose another name' ip -o link show dev veth1
    present 'enp0s1 is not as it was when this was rendered: export again' 'link/ether 4a:9e:7e:55:59:ee ' ip -o link show dev enp0s1
    present 'enp0s1 is not as it was when this was rendered: export again' 'inet 192.168.64.3/24 ' ip -o -4 addr show dev enp0s1
    present 'enp0s1 is not as it was when this was rendered: export again' 'default via 192.168.64.1 dev enp0s1 ' ip -4 route show default
    ping -c 1 -W 1 -I enp0s1 192.168.64.100 >/dev/null 2>&1
    absent '192.168.64.100 is taken on the LAN: choose another' ip neigh show to 192.168.64.100 dev enp0s1 nud reachable
    ping -c 1 -W 1 -I enp0s1 192.168.64.50 >/dev/null 2>&1
    absent '192.168.64.50 is taken on the LAN: choose another' ip neigh show to 192.168.64.50 dev enp0s1 nud reachable
}

absent() {
    local otherwise=$1
    shift
    [ -z "$("$@" 2>/dev/null)" ] || die "$otherwise"
}

present() {
    local otherwise=$1 text=$2
    shift 2
    case "$("$@" 2>/dev/null) " in *"$text"*) ;; *) die "$otherwise" ;; esac
}

die() {
    printf 'Error: %s\n' "$1" >&2
    exit 1
}

# Shows the command as it runs.
show() { (set -x && "$@" >/dev/null); }

run() {
    local status=0
    show "$@" || status=$?
    [ "$status" = 0 ] || stop 1 "\`$*\` failed (exit status $status)"
}

step() {
    local k=$1
    shift
    note start "$k" "$(word "$k")"
    run "$@"
    note "done" "$k" "$(word "$k")"
}

word() {
    local output first
    output=$(probe "$1" 2>/dev/null) || return 0
    read -r first _ <<<"$output"
    printf '%s' "$first"
}

note() { printf '%s %s %s\n' "$1" "$2" "${3:--}" >>"$JOURNAL/log"; }

stop() {
    local status=$1
    printf 'Error: %s\n' "$2" >&2
    if take_back; then
        echo 'What was done before it was taken back; nothing is left.' >&2
    fi
    exit "$status"
}

# Newest first; only what is still as its command left it.
take_back() {
    trap '' INT TERM HUP
    local verb k value now failed=0 order=()
    local -A before=() after=()
    while read -r verb k value; do
        if [ "$value" = - ]; then value=; fi
        case $verb in
        start) before[$k]=$value order=("$k" "${order[@]}") ;;
        done) after[$k]=$value ;;
        esac
    done <"$JOURNAL/log"
    for k in "${order[@]}"; do
        now=$(word "$k")
        if [ "$now" = "${before[$k]}" ] || [ "$now" != "${after[$k]-$now}" ]; then continue; fi
        undo "$k" "${before[$k]}"
        if [ "$(word "$k")" = "$now" ]; then failed=1; fi
    done
    if [ "$failed" = 0 ]; then rm -rf -- "$JOURNAL"; fi
    return "$failed"
}

refuse_processes() {
    local pids sign
    for sign in TERM KILL; do
        pids=$(ip netns pids "$NAME" 2>/dev/null) || pids=
        if [ -z "$pids" ]; then return; fi
        if [ "$1" != --kill ]; then
            die "processes run inside $NAME (${pids//$'\n'/, }): end them, or use --kill"
        fi
        # shellcheck disable=SC2086 # one word a process
        show kill -s "$sign" $pids
        for _ in {1..100}; do
            if [ -z "$(ip netns pids "$NAME" 2>/dev/null)" ]; then return; fi
            sleep 0.02
        done
    done
}

need() {
    if ! command -v "$1" >/dev/null; then die "there is no \`$1\` on PATH: install $2"; fi
}

main() {
    case "${1-up} ${2-}" in
    "up " | "down " | "down --kill") ;;
    *) printf 'Usage: %s [up | down [--kill]]\n' "$0" >&2 && exit 2 ;;
    esac
    if [ "$EUID" != 0 ]; then
        if ! command -v sudo >/dev/null; then die "this needs root, and there is no sudo: run it as root"; fi
        set -x
        exec sudo -- bash "$0" "$@"
    fi
    need flock util-linux
    need ip iproute2
    need stat coreutils
    need sysctl procps
    mkdir -p /run/netmodes || die "/run/netmodes cannot be made"
    exec 9>/run/netmodes/.lock
    flock 9
    "main_${1-up}" "${2-}"
}

main_up() {
    if [ -e "$JOURNAL/plan.json" ]; then
        if is_this_up; then echo "$NAME is up already." >&2 && exit 0; fi
        die "$NAME is in use or was interrupted: take it down first"
    fi
    checks
    begin || die "$JOURNAL cannot be written"
    trap 'stop 130 "interrupted"' INT
    trap 'stop 143 "terminated"' TERM
    trap 'stop 129 "hung up"' HUP
    up
    echo up >>"$JOURNAL/log"
}

begin() {
    mkdir -p "$JOURNAL" && : >"$JOURNAL/log" &&
        plan >"$JOURNAL/plan.json.new" && mv "$JOURNAL/plan.json.new" "$JOURNAL/plan.json"
}

main_down() {
    if [ ! -e "$JOURNAL/plan.json" ]; then die "$NAME is not up"; fi
    if [ "$(plan)" != "$(cat "$JOURNAL/plan.json")" ]; then
        die "$NAME was made by other commands than these: take it down with \`netmodes down $NAME\`"
    fi
    refuse_processes "$1"
    echo down >>"$JOURNAL/log"
    take_back || die "$NAME is not wholly down"
}

is_this_up() {
    [ "$(plan)" = "$(cat "$JOURNAL/plan.json")" ] && [ "$(tail -n 1 "$JOURNAL/log")" = up ]
}

# The whole intent, for `netmodes list` and `netmodes down`.
plan() {
    cat <<'JSON'
{"format": 1, "mode": "bridged", "namespace": "A", "parameters": {"namespace": "A", "uplink": "enp0s1", "bridge": "br0", "bridge_address": "192.168.64.100/24", "address": "192.168.64.50/24", "gateway": "192.168.64.100", "host_device": "veth0", "device": "veth1"}, "steps": [{"argv": ["ip", "netns", "add", "A"], "why": "a network of its own, named A: no device but a loopback that is down", "namespace": null, "stdin": null, "undo": {"probe": ["stat", "-L", "-c", "%i.%.9Z", "/run/netns/A"], "argv": ["ip", "netns", "del", "A"]}, "guard": false}, {"argv": ["sysctl", "-w", "net.ipv4.ip_forward=1"], "why": "the host passes on what is not for it", "namespace": null, "stdin": null, "undo": {"probe": ["sysctl", "-n", "net.ipv4.ip_forward"], "argv": ["sysctl", "-w", "net.ipv4.ip_forward={before}"]}, "guard": false}, {"argv": ["ip", "link", "add", "br0", "type", "bridge"], "why": "br0, a switch inside the host", "namespace": null, "stdin": null, "undo": {"probe": ["ip", "-o", "link", "show", "dev", "br0", "type", "bridge"], "argv": ["ip", "link", "del", "br0"]}, "guard": false}, {"argv": ["ip", "addr", "add", "192.168.64.100/24", "dev", "br0"], "why": "br0 answers for 192.168.64.100, and reaches 192.168.64.0/24 directly", "namespace": null, "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "link", "set", "br0", "up"], "why": "br0 is switched on", "namespace": null, "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "link", "set", "enp0s1", "master", "br0"], "why": "enp0s1 becomes a port of br0: frames from the LAN now come in on br0", "namespace": null, "stdin": null, "undo": {"probe": ["ip", "-o", "link", "show", "dev", "enp0s1", "master", "br0"], "argv": ["ip", "link", "set", "enp0s1", "nomaster"]}, "guard": false}, {"argv": ["ip", "link", "set", "enp0s1", "up"], "why": "enp0s1 is switched on, if it was not", "namespace": null, "stdin": null, "undo": {"probe": ["ip", "-o", "link", "show", "dev", "enp0s1", "up"], "argv": ["ip", "link", "set", "enp0s1", "down"]}, "guard": false}, {"argv": ["ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1"], "why": "a cable with two ends: what enters veth0 leaves veth1", "namespace": null, "stdin": null, "undo": {"probe": ["ip", "-o", "link", "show", "dev", "veth0", "type", "veth"], "argv": ["ip", "link", "del", "veth0"]}, "guard": false}, {"argv": ["ip", "link", "set", "veth1", "netns", "A"], "why": "veth1 leaves the host for A", "namespace": null, "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "link", "set", "veth0", "master", "br0"], "why": "veth0 is plugged into br0", "namespace": null, "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "link", "set", "veth0", "up"], "why": "veth0 is switched on", "namespace": null, "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "addr", "add", "192.168.64.50/24", "dev", "veth1"], "why": "veth1 answers for 192.168.64.50, and reaches 192.168.64.0/24 directly", "namespace": "A", "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "link", "set", "veth1", "up"], "why": "veth1 is switched on", "namespace": "A", "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "link", "set", "lo", "up"], "why": "the loopback works", "namespace": "A", "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "route", "add", "default", "via", "192.168.64.100"], "why": "what A cannot reach directly goes to 192.168.64.100", "namespace": "A", "stdin": null, "undo": null, "guard": false}], "checks": [{"argv": ["stat", "-c", "%i", "/run/netns/A"], "expect": null, "otherwise": "namespace A exists already: delete it or choose another name", "asks": false}, {"argv": ["ip", "-o", "link", "show", "dev", "br0"], "expect": null, "otherwise": "device br0 exists already: delete it or choose another name", "asks": false}, {"argv": ["ip", "-o", "link", "show", "dev", "veth0"], "expect": null, "otherwise": "device veth0 exists already: delete it or choose another name", "asks": false}, {"argv": ["ip", "-o", "link", "show", "dev", "veth1"], "expect": null, "otherwise": "device veth1 exists already: delete it or choose another name", "asks": false}, {"argv": ["ip", "-o", "link", "show", "dev", "enp0s1"], "expect": "link/ether 4a:9e:7e:55:59:ee ", "otherwise": "enp0s1 is not as it was when this was rendered: export again", "asks": false}, {"argv": ["ip", "-o", "-4", "addr", "show", "dev", "enp0s1"], "expect": "inet 192.168.64.3/24 ", "otherwise": "enp0s1 is not as it was when this was rendered: export again", "asks": false}, {"argv": ["ip", "-4", "route", "show", "default"], "expect": "default via 192.168.64.1 dev enp0s1 ", "otherwise": "enp0s1 is not as it was when this was rendered: export again", "asks": false}, {"argv": ["ping", "-c", "1", "-W", "1", "-I", "enp0s1", "192.168.64.100"], "expect": "", "otherwise": "", "asks": true}, {"argv": ["ip", "neigh", "show", "to", "192.168.64.100", "dev", "enp0s1", "nud", "reachable"], "expect": null, "otherwise": "192.168.64.100 is taken on the LAN: choose another", "asks": true}, {"argv": ["ping", "-c", "1", "-W", "1", "-I", "enp0s1", "192.168.64.50"], "expect": "", "otherwise": "", "asks": true}, {"argv": ["ip", "neigh", "show", "to", "192.168.64.50", "dev", "enp0s1", "nud", "reachable"], "expect": null, "otherwise": "192.168.64.50 is taken on the LAN: choose another", "asks": true}]}
JSON
}

main "$@"
