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
#        bridged.sh down [--kill]   undo them; --kill ends the processes in the namespace
#        bridged.sh up --confirm S  undo them unless somebody confirms within S seconds:
#                                 by Enter here, or from anywhere by
#        bridged.sh confirm         which keeps what waits for that
#
# If a command fails, or on Ctrl-C, what was done is undone. A reboot undoes everything but the
# files in /etc/netns/A, which `down` removes.
# shellcheck disable=SC2016,SC2034,SC2317 # some code runs elsewhere, some networks need less
[ -n "${BASH_VERSION-}" ] || { echo "Error: this is a bash script: run it with bash, not sh" >&2; exit 1; }
set +e +o posix -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
TMPDIR=/run # where bash keeps long here-documents
export PATH LC_ALL=C PS4='[#] '

# The commands in order; "step K" is command K, which has an undo.
up() {
    before 0 1 2
    # a network of its own, named A: no device but a loopback that is down
    step 0 ip netns add A
    # the host passes on what is not for it
    step 1 sysctl -w net.ipv4.ip_forward=1
    # br0, a switch inside the host
    step 2 ip link add br0 type bridge
    after || stop 1 "$(unknown)"
    # guard: br0 behaves as enp0s1 does; its routes count once it has a port
    run sysctl -w net.ipv4.conf.br0.ignore_routes_with_linkdown=1 net.ipv4.conf.br0.rp_filter=2 net.ipv6.conf.br0.ignore_routes_with_linkdown=1
    # guard: the LAN knows the host by enp0s1's MAC: br0 takes it
    run ip link set br0 address 4a:9e:7e:55:59:ee
    # br0 answers for 192.168.64.100, and reaches 192.168.64.0/24 directly
    run ip addr add 192.168.64.100/24 dev br0
    # br0 is switched on
    run ip link set br0 up
    before 7 8 9
    # enp0s1 becomes a port of br0: frames from the LAN now come in on br0
    step 7 ip link set enp0s1 master br0
    # enp0s1 is switched on, if it was not
    step 8 ip link set enp0s1 up
    # guard: the host's addresses and routes move from enp0s1 to br0, all at once
    READS=yes step 9 ip -batch - <<'STDIN'
addr del 192.168.64.100/24 dev br0
addr add 192.168.64.3/24 brd 192.168.64.255 noprefixroute dev br0
addr add 192.168.64.100/24 dev br0
route prepend 192.168.64.0/24 dev br0 proto kernel scope link src 192.168.64.3 metric 100
route prepend default via 192.168.64.1 dev br0 proto dhcp src 192.168.64.3 metric 100
addr del 192.168.64.3/24 dev enp0s1
STDIN
    after || stop 1 "$(unknown)"
    # guard: br0 filters as enp0s1 did
    run sysctl -w net.ipv4.conf.br0.rp_filter=0
    before 11
    # a cable with two ends: what enters veth0 leaves veth1
    step 11 ip link add veth0 type veth peer name veth1
    after || stop 1 "$(unknown)"
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
    before 19 20
    # guard: files here stand for those in /etc (ip-netns(8))
    step 19 mkdir -p /etc/netns/A
    # guard: A asks these for names
    READS=yes step 20 tee /etc/netns/A/resolv.conf <<'STDIN'
# made by netmodes
nameserver 192.168.64.1
STDIN
    after || stop 1 "$(unknown)"
}

# What the commands need of the machine.
permissions() {
    need cat:coreutils chmod:coreutils dd:coreutils find:findutils flock:util-linux grep:grep ip:iproute2 mkdir:coreutils mv:coreutils nsenter:util-linux ping:iputils-ping readlink:coreutils rm:coreutils rmdir:coreutils sed:sed sh:dash sysctl:procps tee:coreutils
    refuse_masked
    writable /run/netns "where namespaces are named: make /run writable"
    writable /etc/netns/A "where a namespace's own files are: make /etc writable, or export with --dns none or --verbatim"
    settings net.ipv4.ip_forward=1 net.ipv4.conf.br0.ignore_routes_with_linkdown=1 net.ipv4.conf.br0.rp_filter=2 net.ipv6.conf.br0.ignore_routes_with_linkdown=1 net.ipv4.conf.br0.rp_filter=0
}

# What must hold before the first command.
requirements() {
    absent 'namespace A exists already: delete it or choose another name' 0 '^/run/netns/A (.)'
    absent 'device veth0 exists already: delete it or choose another name' 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"veth0",' '"altnames":\[[^]]*("veth0")'
    absent 'device veth1 exists already: delete it or choose another name' 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"veth1",' '"altnames":\[[^]]*("veth1")'
    absent 'device br0 exists already: delete it or choose another name' 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",' '"altnames":\[[^]]*("br0")'
    present 'there is no device enp0s1 on this machine: export again, with its `netmodes facts`' 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",'
    absent 'enp0s1 is a port of a bridge: export again' 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"info_slave_kind":"bridge"'
    absent 'enp0s1 is a port of a bond: export again' 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"info_slave_kind":"bond"'
    present 'enp0s1 has another MAC than 4a:9e:7e:55:59:ee: export again' 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"link_type":"ether","address":"4a:9e:7e:55:59:ee"'
    present 'enp0s1 has no address 192.168.64.3/24: export again' 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"local":"192\.168\.64\.3"[^}]*"prefixlen":24,'
    present 'there is no route `default via 192.168.64.1 dev enp0s1`: export again' 12 '(default via 192\.168\.64\.1 dev enp0s1) '
    absent '/etc/netns/A/resolv.conf is not ours: move it away, or export again' 11 '^(/etc/netns/A/resolv\.conf.*)$'
    present 'the host has another way to 192.168.64.50: choose another address, or try `netmodes nat`' 13 '^(192\.168\.64\.50) dev (enp0s1) '
    absent '192.168.64.100 is taken on the LAN: choose another' 14 '^(192\.168\.64\.100) .*REACHABLE'
    absent '192.168.64.50 is taken on the LAN: choose another' 14 '^(192\.168\.64\.50) .*REACHABLE'
}

# MESSAGE LOOK...: a look must find nothing, or something.
absent() {
    find_in "${@:2}"
    case $? in 0) die "$1" ;; 2) die "$(unknown)" ;; esac
}

present() {
    find_in "${@:2}"
    case $? in 1 | 3) die "$1" ;; 2) die "$(unknown)" ;; esac
}

NAME=A
NAMES=A
GRACE=60 SLOW=5 PATIENCE=10 MANY=100
FIRST=0 BRIDGE=2
ATTACHED=''
UPLINK=enp0s1

needs() {
    need chmod:coreutils dd:coreutils find:findutils flock:util-linux grep:grep ip:iproute2 mkdir:coreutils mv:coreutils readlink:coreutils rm:coreutils rmdir:coreutils sed:sed sh:dash sysctl:procps
}

# A listing, by its number, run by the command $2 (one is of the namespace at PLACE).
listing() {
    case $1 in
    0) "$2" find -H /etc /run /proc/self/ns/net '(' -path /etc -o -path /run -o -path '/proc/*' -o -path '/etc/netns*' -o -path '/run/netns*' ')' -printf '%p %i.%C@ %i.%s.%T@\n' -o -prune ;;
    1) "$2" ip netns pids A ;;
    2) "$2" ip -n A -j link show ;;
    3) "$2" sysctl -e net.ipv4.ip_forward net.ipv4.conf.lo.forwarding ;;
    4) "$2" ip -d -j addr show ;;
    5) "$2" sh -c 'command -v nft >/dev/null || { echo nftables v: none; exit; }; rules=$(nft list ruleset 2>&1) && printf "%s\n" "$rules" && nft --version && exit; case $rules in *"not supported"* | *"failed: Invalid"*) echo nftables v: none ;; *) exit 1 ;; esac' ;;
    6) "$2" iptables-save -t nat ;;
    7)
        "$2" sh -c 'found=$(ip $0 route show table all) || exit
printf '"'"'%s\n'"'"' "$found" | sed -nE "
/^.nexthop/d
/ metric /!s/ *\$/ metric 0/
s/^(.*) dev $1( table [^ ]+)?( .*)?( metric [0-9]+).*/\1\2\4/p"
' -4 br0
        ;;
    8)
        "$2" sh -c 'found=$(ip -o addr show) || exit
printf '"'"'%s\n'"'"' "$found" | while read -r _ device _ address rest; do
    [ "$device" = "$0" ] || continue
    case $rest in peer*) address="$address ${rest%% scope *}" ;; esac
    case $rest in *noprefixroute*) address="$address noprefixroute" ;; esac
    echo "$rest|addr add $address dev $1"
done
' br0 enp0s1
        ;;
    9)
        "$2" sh -c 'found=$(ip neigh show nud permanent && ip neigh show proxy) || exit
printf '"'"'%s\n'"'"' "$found" | while read -r ip _ device rest; do
    case "$device $rest" in
    "$0 proxy"*) echo "neigh replace proxy $ip dev $1${rest#proxy}" ;;
    "$0 lladdr "*PERMANENT*)
        echo "neigh replace $ip ${rest%% PERMANENT*} dev $1 nud permanent${rest##*PERMANENT}" ;;
    esac
done
' br0 enp0s1
        ;;
    10)
        "$2" sh -c 'for family in 4 6; do
    found=$(ip -$family route show table all) || exit
    printf '"'"'%s\n'"'"' "$found" |
        sed -nE "/^.nexthop/d; s/ dead//; s/ linkdown//; s/ *\$//; / dev $2( |\$)/p" |
        grep -vxF -e "$3" | while read -r line; do
        case $family$line in 6default*) line="::/0${line#default}" ;; esac
        echo "$family|route append ${line%% dev "$0"*} dev $1${line#* dev "$0"}"
    done
done
' br0 enp0s1 br0 'default via 192.168.64.1 dev br0 proto dhcp src 192.168.64.3 metric 100
192.168.64.0/24 dev br0 proto kernel scope link src 192.168.64.3 metric 100'
        ;;
    11) "$2" sh -c 'for file; do [ ! -s "$file" ] || grep -L -- "$0" "$file"; [ $? -lt 2 ] || exit; done; echo looked' '# made by netmodes$' /etc/netns/A/resolv.conf ;;
    12) "$2" ip -4 route show default ;;
    13) "$2" ip route get 192.168.64.50 ;;
    14)
        "$2" sh -c 'for ip; do
    { ip neigh flush to $ip dev $0; ip neigh replace $ip dev $0 use; ping -I $0 -c 1 -W 1 $ip; } &
done >/dev/null 2>&1
wait
for ip; do ip -4 neigh show to $ip dev $0 || exit; done
' enp0s1 192.168.64.100 192.168.64.50
        ;;
    15) "$2" sh -c 'find /proc/[0-9]*/ns/net /proc/self/ns/net -maxdepth 0 -printf "%h %l\n" 2>/dev/null; :' ;;
    16) "$2" nsenter --net="$PLACE" cat /proc/self/net/netlink ;;
    esac
}

# What every complete listing has.
WHOLE=([0]='/proc/self/ns/net [0-9. ]+$' [2]='^\[\{.*"ifname":"lo",.*\}\]$' [3]='net\.ipv4\.conf\.lo\.forwarding = [01]$' [4]='^\[\{.*"ifname":"lo",.*\]\}\]$' [5]='nftables v[^ ]+ .*$' [6]=COMMIT [11]='looked$' [14]='192\.168\.64\.100 .*192\.168\.64\.50 ' [15]='/proc/self/ns net:[^ ]*$' [16]='^sk .* 16 +0 +[0-9a-f]{8} ')
LINKS=4 PROCESSES=15
SOCKETS=16

# What the looks at the host's devices look for.
ASKED=([0]='"ifname":"((docker|virbr|podman|cni|lxdbr|incusbr)[0-9]+|br-[0-9a-f]{12})",.*"info_kind":"bridge"' [1]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"info_kind":"bridge"' [2]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"local"' [3]='"master":"(br0)"' [4]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",' [5]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"master":"br0"' [6]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1","flags":\[[^]]*"UP"' [7]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"local":"(192\.168\.64\.3)"' [8]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"local":"(192\.168\.64\.3)"' [9]='"ifname":"enp0s1",()' [10]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"master":' [11]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"address":"4a:9e:7e:55:59:ee"' [12]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"veth0",.*"info_kind":"veth"' [13]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"veth0",' [14]='"altnames":\[[^]]*("veth0")' [15]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"veth1",' [16]='"altnames":\[[^]]*("veth1")' [17]='"altnames":\[[^]]*("br0")' [18]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",' [19]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"info_slave_kind":"bridge"' [20]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"info_slave_kind":"bond"' [21]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"link_type":"ether","address":"4a:9e:7e:55:59:ee"' [22]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"local":"192\.168\.64\.3"[^}]*"prefixlen":24,' [23]='"ifname":"(br0)"' [24]='"ifname":"(veth0)"')

# The devices by the command that makes each, how to find them by name and by ifindex.
DEVICES=([2]=br0 [11]=veth0)
BY_NAME=([2]='"ifname":"(br0)"' [11]='"ifname":"(veth0)"')
BY_INDEX=([2]='"ifindex":{after},.*"ifname":"([^"]+)",.*"info_kind":"bridge"' [11]='"ifindex":{after},.*"ifname":"([^"]+)",.*"info_kind":"veth"')

# Sets WORD to what tells the network namespace at PLACE from all others.
socket() { find_in 16 '^[^ ]+ +0 +0 .* ([0-9]+) *$'; }

# Sets WORD to what identifies the result of command K.
look() {
    case $1 in
    0) find_in 0 '^/run/netns/A ([0-9]+\.[0-9]+\.[0-9]+) ' ;;
    1) find_in 3 '^net\.ipv4\.ip_forward = ([0-9-]+)$' ;;
    2) find_in 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"info_kind":"bridge"' ;;
    7) GIVEN='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"master":"br0"' find_in 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",' ;;
    8) find_in 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1","flags":\[[^]]*"UP"' ;;
    9) find_in 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"local":"(192\.168\.64\.3)"' '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"local":"(192\.168\.64\.3)"' '"ifname":"enp0s1",()' ;;
    11) find_in 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"veth0",.*"info_kind":"veth"' ;;
    19) find_in 0 '^/etc/netns/A ([0-9]+)\.' ;;
    20) find_in 0 '^/etc/netns/A/resolv\.conf [0-9.]+ ([0-9.]+)$' ;;
    esac
}

# Undoes command K; $before is the word of its look before it ran.
undo() {
    local before=${2-} INPUT=
    case $1 in
    0) show ip netns del A ;;
    1) show sysctl -w net.ipv4.ip_forward="$before" ;;
    2) show ip link del br0 ;;
    7) show ip link set enp0s1 nomaster ;;
    8) show ip link set enp0s1 down ;;
    9)
        BUT='"master":"br0"' unless "link set enp0s1 nomaster" 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"enp0s1",.*"master":' || return
        BUT='"local":"192\.168\.64\.3"' unless "addr add 192.168.64.3/24 brd 192.168.64.255 label enp0s1 metric 100 dev enp0s1" 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"address":"4a:9e:7e:55:59:ee"' || return
        IFS= read -r -d '' LINES <<'LINES'
default via 192.168.64.1 metric 100|route prepend default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.3 metric 100
LINES
        unless_lacking 7 '^local (192\.168\.64\.3) ' || return
        BUT='"local":"192\.168\.64\.100"' unless "addr del 192.168.64.100/24 dev br0" 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"address":"4a:9e:7e:55:59:ee"' || return
        BUT='"local":"192\.168\.64\.3"' unless "addr del 192.168.64.3/24 dev br0" 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"address":"4a:9e:7e:55:59:ee"' || return
        GIVEN='addr add (192\.168\.64\.3|192\.168\.64\.100)[/ ]' BUT='dynamic|temporary|mngtmpaddr|addr add (192\.168\.64\.3|192\.168\.64\.100|fe80:[^ ]*)[/ ]' carry 8 '^[^|]*[|](.*)$' || return
        carry 9 '^(.*)$' || return
        GIVEN=' local (192\.168\.64\.3) dev ' BUT=' (proto (kernel|ra)|expires|nhid|metric 2048) ' carry 10 '^4[|](.*)$' || return
        BUT=' (proto (kernel|ra)|expires|nhid|metric 2048) ' carry 10 '^6[|](.*)$' || return
        READS=yes show ip -force -batch - <<<"${INPUT%$'\n'}"
        ;;
    11) show ip link del veth0 ;;
    19) show rmdir --parents --ignore-fail-on-non-empty /etc/netns/A ;;
    20) show rm /etc/netns/A/resolv.conf ;;
    esac
}

# Sets WORD to what depends on the result of command K, except networks of ours.
users() {
    case $1 in
    1)
        has 4 '"ifname":"((docker|virbr|podman|cni|lxdbr|incusbr)[0-9]+|br-[0-9a-f]{12})",.*"info_kind":"bridge"' ||
            has 5 '(masquerade|[sd]nat to)' ||
            has 6 '-j (MASQUERADE|[SD]NAT)'
        ;;
    19) has 0 '^/etc/netns/A/([^/ ]+) ' ;;
    *) return 1 ;;
    esac
}

# Sets WORD to a sign that somebody else made the result of command K after a cut.
others() {
    case $1 in
    0)
        has 1 '([0-9]+)' ||
            has 2 '"ifname":"([^"]+)","flags":\[[^]]*"UP"'
        ;;
    2)
        has 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"br0",.*"local"' ||
            has 4 '"master":"(br0)"'
        ;;
    11) BUT='"link":"veth1"' has 4 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"veth0",' ;;
    20) has 11 '^(/etc/netns/A/resolv\.conf.*)$' ;;
    *) return 1 ;;
    esac
}

# Runs commands and undoes them: the only engine of taking back, which `netmodes down` runs too. Around
# it stand NAME, NAMES (of its namespaces), ATTACHED (the process whose one that is), GRACE (the least seconds of a lifetime), FIRST (the command
# that makes the namespaces), SLOW and PATIENCE (seconds), MANY (devices), DEVICES, ASKED, ITEMS (what a
# batch makes) and the functions that know the commands: listing, look, undo, users, others.

JOURNAL=/run/netmodes/$NAME

die() {
    local ended=()
    if [ -z "${HELD-}" ]; then set_ended; fi # what a signal has cut short tells nothing
    printf 'Error: %s\n' "$(visible "${ended[1]-$1}")" >&2
    exit "${ended[0]-1}"
}

# What others have named, without what a terminal would act on.
visible() { printf '%s' "${1//[^[:print:]$'\n']/?}"; }

# Shows a command as it runs, with what it reads if READS is set. If it takes long it is named again,
# and Ctrl-C ends it from then on.
show() {
    local line text=''
    quote "$@"
    line=${LINE//[^[:print:]$'\n']/?}
    if [ -z "${READS-}" ]; then
        printf '[#] %s\n' "$line" >&2
    else
        IFS= read -r -d '' text # fails at the end, which comes without a NUL
        text=${text%$'\n'}
        printf "[#] %s <<'STDIN'\n%s\nSTDIN\n" "$line" "${text//[^[:print:]$'\n']/?}" >&2
    fi
    LISTED=()
    start command_itself "$text" "$@"
    if ! finish "$SLOW"; then
        printf '[#] # %s runs for %s s, as process %s: Ctrl-C ends it\n' "$line" "$SLOW" "$STARTED" >&2
        note_signals
        until finish 0.1; do
            if [ -n "$caught" ]; then give_up && break; fi
        done
        if [ -n "$HELD" ]; then hold_back; fi
    fi
    return "$STATUS"
}

# That it holds the pipe tells that it runs.
command_itself() {
    exec 8>&1 >/dev/null
    if [ -n "${READS-}" ]; then exec <<<"$1"; fi
    exec "${@:2}"
}

# Starts a command, which comes to its end whatever the signals: Ctrl-C reaches the whole group. FROM
# is a pipe with what it prints.
start() {
    local to
    if [ -z "${FROM-}" ]; then exec {FROM}< <(:); fi
    exec {to}>"/proc/self/fd/$FROM"
    (hold_back && exec {to}>&- && "$@") >&"$to" &
    STARTED=$! PRINTED='' STATUS=''
    exec {to}>&-
}

# From now on no signal ends a command, nor what is asked in between.
hold_back() { HELD=yes && trap '' INT TERM HUP; }

# From now on INT, TERM and HUP are noted, and end no command by themselves.
note_signals() {
    trap 'caught=INT' INT
    trap 'caught=TERM' TERM
    trap 'caught=HUP' HUP
}

# Waits these seconds for what was started: adds to PRINTED and sets STATUS, or fails.
finish() {
    local text status=0 size=4096 # what takes bash longer than a program
    while [ "$status" != 1 ]; do # 1: that was all; 0: there is more; else a signal came in between
        IFS= read -r -N "$size" -t "$1" -u "$FROM" text
        status=$?
        if [ "$status" = 0 ]; then # bash would take seconds for much more
            text+=$(hold_back && dd if="/proc/self/fd/$FROM" iflag=nonblock bs=64K count=1 2>/dev/null || : && printf .)
            text=${text%.} size=1
        fi
        PRINTED+=$text
        if [ "$status" != 142 ]; then continue; fi
        if kill -0 "$STARTED" 2>/dev/null; then return 1; fi
        leave_pipe && break # a child of it has the pipe
    done
    wait "$STARTED" 2>/dev/null
    STATUS=$?
    if [ "$STATUS" -gt 128 ]; then wait "$STARTED" 2>/dev/null; STATUS=$?; fi # a signal may have cut the first short
}

give_up() {
    kill -KILL "$STARTED"
    disown "$STARTED" # else bash would tell
    leave_pipe
    STATUS=137
}

leave_pipe() { exec {FROM}<&- && FROM=; }

# Command K's undo, in words.
thing() { (
    show() { if [ -n "${ITEMS[$k]-}" ] && [ -n "$INPUT" ]; then printf %s "${INPUT%$'\n'}"; else echo "$*"; fi; }
    unless() { :; }
    unless_lacking() { :; }
    carry() { :; }
    k=$1 EVERY=
    undo "$@"
); }

run() {
    local status=0
    stop_if_caught
    if settled "$@"; then
        echo "[#] # ${*:3} is so already" >&2
        return 0
    fi
    show "$@" || status=$?
    stop_if_caught
    [ "$status" = 0 ] || stop 1 "\`$(quoted "$@")\` failed (exit status $status)$(hint "$@")"
}

prepare() {
    local devices=(/proc/sys/net/ipv4/conf/*)
    LISTED=() INDEXES=0 DEVICES_NOW=${#devices[@]}
    FOUND=() RAN=() HUNG=() caught='' HELD='' PRINTED='' LISTING='' WRONG=''
    note_signals
}

stop_if_caught() {
    local ended=()
    set_ended
    [ "${#ended[@]}" = 0 ] || stop "${ended[@]}"
}

# Sets ended to how the signal that came ends a run: its exit status and its words.
set_ended() {
    case ${caught-} in
    INT) ended=(130 interrupted) ;;
    TERM) ended=(143 terminated) ;;
    HUP) ended=(129 "hung up") ;;
    esac
}

# A command as it is shown, quoted where it must be.
quoted() { quote "$@" && printf '%s' "$LINE"; }

quote() {
    local word
    LINE=
    for word; do
        if [[ $word =~ [^A-Za-z0-9_@%+=:,./-] || -z $word ]]; then word=${word@Q}; fi
        LINE+=${LINE:+ }$word
    done
}

hint() {
    [[ "$*" != "ip link add "*" type "* ]] ||
        printf '\n%s' "If this kernel has no device type '$6': load its module (\`modprobe $6\`), or install the package that holds it (Ubuntu: linux-modules-extra)."
}

# Commands K..., which have an undo and come next: what their looks find before.
before() {
    local k
    for k; do
        look "$k" || [ "$?" = 1 ] || stop 1 "$(unknown)"
        FOUND[k]=$WORD
    done
}

step() {
    log start "$1" "${FOUND[$1]:--}"
    run "${@:2}"
    RAN+=("$1")
}

# What the looks find of those that have run.
after() {
    local k ran=("${RAN[@]}")
    RAN=()
    for k in "${ran[@]}"; do
        look "$k" || [ "$?" = 1 ] || return 2
        FOUND[k]=$WORD
    done
    for k in "${ran[@]}"; do log "done" "$k" "${FOUND[k]:--}"; done
    if [ "${ran[0]-}" != "$FIRST" ] || [ -n "${ITEMS[FIRST]-}" ]; then return 0; fi
    PLACE=/run/netns/$NAME
    socket && log socket "$WORD"
}

log() { echo "$*" >>"$JOURNAL/log" || stop 1 "$JOURNAL cannot be written"; }

# NUMBER PATTERN...: sets WORD to what a pattern finds in a listing where some line has GIVEN and none
# is LACKS, in the lines without BUT; if a group ITEM is a name, to `NAME=WORD` for each AMONG those, or
# for all. Status 1: it finds nothing; 2: that is unknown; 3: the program is not installed.
find_in() {
    local lines line pattern word names=() seen=
    local -A each=()
    WORD=
    list "$1" || return
    local IFS=$'\n'
    set -f # mapfile would read a long line byte by byte
    # shellcheck disable=SC2206
    lines=($PRINTED)
    set +f
    if [ "${#lines[@]}" = 0 ]; then lines=(''); fi
    if [ -n "${GIVEN-}" ]; then
        for line in "${lines[@]}"; do if [[ $line =~ $GIVEN ]]; then seen=yes; fi; done
        if [ -z "$seen" ]; then return 1; fi
    fi
    if [ -n "${LACKS-}" ] && [[ $'\n'$PRINTED$'\n' == *$'\n'"$LACKS"$'\n'* ]]; then return 1; fi
    for pattern in "${@:2}"; do
        set_head "$pattern"
        for line in "${lines[@]}"; do
            if [[ $line != "$HEAD"* ]]; then continue; fi
            if [ -n "${BUT-}" ] && [[ $line =~ $BUT ]]; then continue; fi
            if ! [[ $line =~ $pattern ]]; then continue; fi
            if [ -n "${ITEM-}" ]; then
                names+=("${BASH_REMATCH[ITEM]}") each[${BASH_REMATCH[ITEM]}]=${BASH_REMATCH[3 - ITEM]}
                continue
            fi
            WORD+=${BASH_REMATCH[1]}
            if [ -z "${ALL-}" ]; then return 0; fi
            WORD+=$'\n'
        done
    done
    IFS=' '
    if [ -n "${AMONG-}" ]; then read -ra names <<<"$AMONG"; fi
    for word in "${names[@]}"; do
        if [ -n "${each[$word]-}" ]; then WORD+=${WORD:+ }$word=${each[$word]}; fi
    done
    [ -n "$WORD" ]
}

# Sets HEAD to what a pattern says of how a line begins, for of many lines few match: bash takes long
# for a regular expression.
set_head() {
    local special='[][\\.*^$+?(){}]*'
    HEAD=
    if [[ $1 != ^* || $1 == *"|"* ]]; then return; fi
    HEAD=${1#^}
    # shellcheck disable=SC2295
    HEAD=${HEAD%%$special} HEAD=${HEAD%?} # the last may be there any number of times
}

# Whether it finds something, or that is unknown: then WORD is empty.
has() { find_in "$@" || [ "$?" = 2 ]; }

# Sets PRINTED to a listing, by its number; it is made once between two commands.
list() {
    LISTING=$1
    if [ -z "${LISTED[$1]+yes}" ]; then
        run_listing "$1" || return
        PRINTED=${PRINTED//,\{\"ifindex\"/$'\n',\{\"ifindex\"} # a line for each device
        LISTED[$1]=${PRINTED%"${PRINTED##*[!$'\n']}"}
    fi
    PRINTED=${LISTED[$1]}
    if [[ $PRINTED =~ ${WHOLE[$1]-} ]]; then return 0; fi
    unset "LISTED[$1]"
    WRONG="lists not all" && return 2
}

# The second time that it hangs is the last that it is made.
run_listing() {
    WRONG="takes over $PATIENCE s"
    if [ "${HUNG[$1]-0}" = 2 ]; then return 2; fi
    start listing_itself "$1"
    if ! finish "$PATIENCE"; then
        give_up
        HUNG[$1]=$((${HUNG[$1]-0} + 1)) && return 2
    fi
    if [ "$STATUS" = 0 ]; then return 0; fi
    WRONG="failed, exit status $STATUS"
    if listing "$1" is_missing; then return 3; else return 2; fi
}

# It holds no lock, for what hangs would keep it.
listing_itself() {
    exec 2>/dev/null 9>&-
    if [ "$1" != "$LINKS" ] || [ "$DEVICES_NOW" -lt "$MANY" ]; then listing "$1" exec; fi
    set -o pipefail
    listing "$1" command | asked_about
}

# Of many devices those alone that some look asks about, and what every complete listing has: bash
# would take long for the others.
asked_about() {
    sed 's/,{"ifindex"/\n&/g' |
        grep -E -e '^\[' -e '\]$' -e '"ifname":"lo"' -e "\"ifindex\":($INDEXES)," "${ASKED[@]/#/-e}"
}

# INDEX: a device that some look asks about by this ifindex.
ask_about() {
    if [[ "|$INDEXES|" == *"|$1|"* ]]; then return 0; fi
    INDEXES+="|$1"
    unset "LISTED[$LINKS]"
}

is_missing() { ! hash "$1" 2>/dev/null; }

# What a command prints; null if it fails or hangs. It has a pipe of its own: a signal ends this
# subshell, and not the command.
json() {
    FROM=
    start exec "$@" 2>/dev/null
    finish "$PATIENCE" || give_up
    if [ "$STATUS" = 0 ]; then printf '%s' "$PRINTED"; else printf null; fi
}

unknown() {
    printf 'what exists is unknown (`%s` %s): try again' "$(listing "$LISTING" quoted)" "$WRONG"
}

stop() {
    if [ "$1" = 1 ]; then stop_if_caught; fi
    printf 'Error: %s\n' "$(visible "$2")" >&2
    after 2>/dev/null
    if take_back; then
        echo 'What was done before that is undone; nothing is left.' >&2
    else
        echo "What was done before that is undone, except: $(visible "$failed"): \`bash $JOURNAL/down.sh\` tries again." >&2
    fi
    exit "$1"
}

# Newest first; only what is still as its command left it, or where what was there before is missing.
# $failed is what could not be taken back, in words.
take_back() {
    local k order=() word_before=() word_after=() begun=() still=() READS=
    failed=
    hold_back
    if [ ! -e "$JOURNAL" ]; then return 0; fi
    set_members
    read_log
    for k in "${order[@]}"; do name_again "$k"; done
    for k in "${order[@]}"; do
        caught="" still=("${word_before[$k]}")
        # What is left in a process's namespace is found by its name.
        if [ "$k" = "$FIRST" ] && [ -n "$ATTACHED" ] && [ -n "$failed" ]; then continue; fi
        if [ -n "${ITEMS[k]-}" ]; then
            take_back_batch "$k" "${word_before[$k]}"
        else
            take_back_one "$k" "${word_before[$k]}"
        fi || failed+="${failed:+; }$(why_failed "$k" "$?")"
    done
    if [ -n "$failed" ] || still_mounted; then return 1; fi
    # The folder goes at once or not at all.
    mv "$JOURNAL" "/run/netmodes/.$NAME.old" && rm -rf "/run/netmodes/.$NAME.old"
    if [ -e "$JOURNAL" ]; then failed="$JOURNAL cannot be removed" && return 1; fi
}

# Sets MEMBERS to the namespaces by now; of several some may have been taken down alone.
set_members() {
    { MEMBERS=$(<"$JOURNAL/namespaces"); } 2>/dev/null || MEMBERS=$NAMES
    MEMBERS=${MEMBERS//$'\n'/ }
}

# Sets order to the commands that were started, newest first, and what the log says of each.
read_log() {
    local verb k value
    order=() SOCKET=
    while read -r verb k value; do
        if [ "$value" = - ]; then value=; fi
        if ! [[ $k =~ ^[0-9]+$ ]]; then continue; fi # bash would evaluate it
        case $verb in
        start) word_before[k]=$value ;;
        done)
            word_after[k]=$value
            if [[ ${value%:} =~ ^[0-9]+$ ]]; then ask_about "${value%:}"; fi
            ;;
        back) begun[k]=yes ;;
        socket) SOCKET=$k ;;
        esac
    done <"$JOURNAL/log"
    for k in "${!word_before[@]}"; do order=("$k" "${order[@]}"); done
}

# Status 1: the undo failed; 2: what exists is unknown.
take_back_one() {
    local k=$1 before=$2 now why status after=${word_after[$1]-}
    if [ -n "$after" ] && [ "$after" != "$before" ]; then
        renamed "$k" "$after"
        case $? in
        0) take_back_renamed "$k" "$before" "$WORD" && return ;;
        2) return 2 ;;
        esac
    fi
    look "$k" || { [ "$?" = 1 ] && return 0; } || return 2
    now=$WORD
    if is_as_before "$k" "$before" "$now"; then return 0; fi
    why_not "$k" "$before" "$now" || return
    if [ -z "$why" ]; then
        if pass_on "$k" "$before"; then return 0; fi
        if users "$k"; then
            [ -n "$WORD" ] || return 2
            why="$WORD depends on it"
        fi
    fi
    if [ -n "$why" ]; then
        leave "$k" "$before" "$why"
        return 0
    fi
    echo "back $k" >>"$JOURNAL/log"
    undo "$k" "$before"
    status=$?
    if [ "$status" = 99 ]; then return 2; fi
    look "$k" || { [ "$?" = 1 ] && return 0; } || return 2
    [ "$WORD" != "$now" ] || [ "$now" = "$before" ] || return
    # It is as before from now on.
    if [ "$status" = 0 ] && [ -n "$before" ]; then echo "done $k $before" >>"$JOURNAL/log"; fi
}

# Gives a device back its name, if somebody has renamed it and nobody has taken the name.
name_again() {
    local after=${word_after[$1]-} name
    if [ -z "$after" ] || [ "$after" = "${word_before[$1]}" ] || ! renamed "$1" "$after"; then return; fi
    name=$WORD
    taken "$1"
    [ "$?" != 1 ] || show ip link set "$name" name "${DEVICES[$1]}"
}

take_back_renamed() { pass_on "$1" "$2" || show ip link del "$3"; }

why_failed() {
    if [ "$2" = 2 ]; then unknown; else printf '`%s` failed' "$(thing "$1" "${still[@]}")"; fi
}

# Sets why: why what command K made is not this run's, or nothing.
why_not() {
    local k=$1 before=$2 now=$3
    why=
    if [ -z "${word_after[$k]+done}" ]; then
        if others "$k"; then
            [ -n "$WORD" ] || return 2
            why="somebody else has made it"
        fi
    elif [ -n "$now" ] && [ "$now" != "$before" ] && [ "$now" != "${word_after[$k]}" ]; then
        why="it is not as this run left it"
    fi
}

# Whether there is nothing to take back; a taking-back of several parts may have been cut.
is_as_before() {
    local k=$1 before=$2 now=$3
    [ "$before" = "${word_after[$k]-not $before}" ] || { [ "$now" = "$before" ] && [ -z "${now:+${begun[$k]-}}" ]; }
}

leave() { printf '[#] # left alone: %s\n' "$(visible "$(thing "$1" "$2") ($3)")" >&2; }

# Whether a network that stays shares command K; then its undo is that network's from now on.
pass_on() {
    local k=$1 before=$2 share='' other index name
    while read -r index name; do
        if [ "$index" = "$k" ]; then share=$name; fi
    done <"$JOURNAL/shares"
    for other in /run/netmodes/*/; do
        if [ -z "$share" ] || [ "$other" = "$JOURNAL/" ]; then continue; fi
        while read -r index name; do
            if [ "$name" != "$share" ]; then continue; fi
            {
                echo "began $(began)"
                echo "start $index $(word_in "$other" "$share" "$before")"
                if [ -n "${word_after[$k]+done}" ]; then echo "done $index $(word_in "$other" "$share" "${word_after[$k]}")"; fi
            } >>"$other/log"
            return 0
        done <"$other/shares"
    done
    return 1
}

# JOURNAL SHARE WORD: the word as that journal has it; before format 3 an ifindex was `6:`, a table's
# handle `h6`.
word_in() {
    local head
    { read -rn 12 head <"$1/plan.json"; } 2>/dev/null
    if [[ $head != *[12] || ! $3 =~ ^[0-9]+$ || $2 == sysctl* ]]; then
        echo "${3:--}"
    elif [[ $2 == NAT* ]]; then
        echo "h$3"
    else
        echo "$3:"
    fi
}

# A lifetime in seconds, less those since the run began.
left() {
    local start now
    start=$(began)
    read -r now _ </proc/uptime
    set -- $(($1 - ${now%.*} + ${start%.*}))
    printf '%s' $(($1 > GRACE ? $1 : GRACE))
}

# The machine's uptime at the first command, or at an earlier one that the network has inherited.
began() {
    local verb value first=
    while read -r verb value; do
        if ! [[ "$verb $value" =~ ^began\ [0-9]+(\.[0-9]+)?$ ]]; then continue; fi
        if [ -z "$first" ] || [ "${value%.*}" -lt "${first%.*}" ]; then first=$value; fi
    done <"$JOURNAL/log"
    printf '%s' "$first"
}

# Sleeps for SECONDS, without a program: nobody ever writes to this pipe.
pause() {
    if [ -z "${PIPE-}" ]; then exec {PIPE}<> <(:); fi
    read -rt "$1" -u "$PIPE"
}

# LINE LOOK...: a line of an undo's input goes to INPUT, unless a look finds something.
unless() {
    find_in "${@:2}"
    case $? in
    0) ;;
    2) return 99 ;; # no command's status
    *) INPUT+=$1$'\n' ;;
    esac
}

# LOOK...: the same for each of LINES, which begins with what the look's listing lacks.
unless_lacking() {
    local lacks line found
    local -A listed=()
    find_in "$@"
    found=$?
    if [ "$found" = 2 ]; then return 99; fi
    while IFS= read -r line; do listed[" $line"]=yes; done <<<"$PRINTED" # an empty key is none
    while IFS='|' read -r lacks line; do
        if [ "$found" != 0 ] || [ -n "${listed[" $lacks"]-}" ]; then INPUT+=$line$'\n'; fi
    done <<<"${LINES%$'\n'}"
}

# LOOK...: every word that it finds is one more line of an undo's input.
carry() {
    ALL=yes find_in "$@"
    if [ "$?" = 2 ]; then return 99; fi
    INPUT+=$WORD
}

# A process inside would keep the namespace alive once its name is gone, as one whose it is may.
refuse_processes() {
    local pids=() sign
    if [ -n "$ATTACHED" ]; then return 0; fi
    for sign in TERM KILL; do
        inside || die "$(unknown)"
        if [ "${#pids[@]}" = 0 ]; then return 0; fi
        [ "$1" = --kill ] || die "processes run inside $NAME ($(programs_of "${pids[@]}")): end them, or use --kill"
        show kill -s "$sign" "${pids[@]}"
        for _ in {1..100}; do
            inside || die "$(unknown)"
            if [ "${#pids[@]}" = 0 ]; then return 0; fi
            pause 0.02
        done
    done
    die "processes run inside $NAME, and others come while these end: stop what starts them"
}

# PID...: each with the name of its program.
programs_of() {
    local pid name said=
    for pid; do
        { name=$(<"/proc/$pid/comm"); } 2>/dev/null || name=gone
        said+="${said:+, }$pid ${name//[^[:print:]]/?}"
    done
    printf '%s' "$said"
}

# Sets pids to the processes inside, if the namespace is ours; it fails where that is unknown.
inside() {
    local order made line places=() word_before=() word_after=() begun=()
    read_log
    made=${word_after[$FIRST]-}
    pids=()
    if [ -z "$made" ]; then return 0; fi
    LISTED=()
    if [ -n "${ITEMS[FIRST]-}" ]; then inside_several "$made"; return; fi
    list "$PROCESSES" || return 2
    while [[ $PRINTED == *"net:[${made%%.*}]"* ]] && read -r line; do # bash reads byte by byte here
        if [[ $line =~ ^(/proc/([0-9]+)/ns)\ net:\[${made%%.*}\]$ ]]; then
            places+=("${BASH_REMATCH[1]}/net") pids+=("${BASH_REMATCH[2]}")
        fi
    done <<<"$PRINTED"
    look "$FIRST" || [ "$?" = 1 ] || return 2
    if [ "${#pids[@]}" = 0 ] || [ "$WORD" = "$made" ]; then return 0; fi
    if [ -z "$SOCKET" ]; then die "processes run in what may have been $NAME (${pids[*]}): end them first"; fi
    is_ours "${places[@]}" || { [ "$?" != 2 ] && pids=(); }
}

# PLACE...: whether the namespace of our number, which these lead to, is ours. Once ours is gone its
# number may be another's; its socket's is not.
is_ours() {
    for PLACE; do
        unset "LISTED[$SOCKETS]"
        if socket; then [ "$WORD" = "$SOCKET" ]; return; fi
        if [ -e "$PLACE" ]; then return 2; fi # else it has ended
    done
    return 1
}

# Sets failed to where somebody else has mounted our namespace, which so lives on.
still_mounted() {
    local each lines=() line place places=()
    local -A made=()
    if [ -n "$ATTACHED" ]; then return 1; fi
    for each in ${word_after[$FIRST]-}; do each=${each##*=} made[$each]=yes made[${each%%.*}]=yes; done
    mapfile -t lines </proc/self/mountinfo
    for line in "${lines[@]}"; do
        if [[ $line != *" net:["* ]]; then continue; fi
        if ! [[ $line =~ ^([^ ]+\ ){3}net:\[([0-9]+)\]\ ([^ ]+) ]] || [ -z "${made[${BASH_REMATCH[2]}]-}" ]; then continue; fi
        place=$(printf %b "${BASH_REMATCH[3]//\\/\\0}")
        # Of several no socket is known, but while one is mounted its birth is the same.
        if [ -z "${ITEMS[FIRST]-}" ] || [ -n "${made[$(find "$place" -maxdepth 0 -printf '%i.%C@')]-}" ]; then places+=("$place"); fi
    done
    if [ -z "${ITEMS[FIRST]-}" ]; then is_ours "${places[@]}"; else [ "${#places[@]}" != 0 ]; fi
    case $? in
    1) return 1 ;;
    2) failed=$(unknown) && return ;;
    esac
    for place in "${places[@]}"; do
        place=$(quoted "$place")
        failed+="${failed:+; }its namespace lives on at $place: \`umount $place && rm $place\`"
    done
}

# PROGRAM:PACKAGE...
need() {
    local each
    for each; do
        hash "${each%:*}" 2>/dev/null || die "there is no \`${each%:*}\` on PATH: install ${each#*:}"
    done
}

# Whether bash reads this script from a file, which it can read again: sets SCRIPT to it.
is_file() {
    SCRIPT=$(readlink -f -- "${BASH_SOURCE[0]}")
    [[ $- != *[cs]* && -f $SCRIPT && $SCRIPT -ef ${BASH_SOURCE[0]} ]] # else "FILE (deleted)"
}

become_root() {
    if [ "$EUID" = 0 ]; then
        refuse_bounded
        return 0
    fi
    if ! command -v sudo >/dev/null; then die "this needs root, and there is no sudo: run it as root"; fi
    if [[ "$(</proc/self/status)" =~ NoNewPrivs:.1 ]]; then die "this needs root, and sudo gives none here (no_new_privs is set): run it as root"; fi
    is_file || die "this needs root: run it as root (\`sudo bash -s\`), or from a file"
    set -x
    exec sudo -- bash "$SCRIPT" "$@"
}

# [--kill] [--only NAME...], or --rollback
down() {
    local option=${1-}
    prepare
    hold_back
    if [ "$option" = --rollback ]; then
        take_back || die "$failed"
        exit 0
    fi
    if [ "$option" = --kill ]; then shift; fi
    ONLY=
    if [ ! -e "$JOURNAL" ]; then
        remove_leftover || echo "$NAME is not up: nothing to do." >&2
        exit 0
    fi
    [[ "$(<"$JOURNAL/log")" == "began "[0-9]* ]] 2>/dev/null ||
        die "$JOURNAL/log is damaged: undo $NAME by hand, with the undos in $JOURNAL/down.sh"
    set_members
    if [ "${1-}" = --only ]; then choose "${@:2}" || exit; fi
    refuse_blind
    refuse_processes "$option"
    if [ -n "$ONLY" ]; then
        leave_network || die "$ONLY of $NAME is not wholly down: $failed"
        return
    fi
    refuse_to_cut_off
    if [ -z "${ITEMS[FIRST]-}" ]; then remove_plain_file || die "/run/netns/$NAME cannot be removed"; fi
    echo down >>"$JOURNAL/log"
    take_back || die "$NAME is not wholly down: $failed"
}

# Removes what a reboot leaves of a network, the files in /etc/netns that have our mark
# (netmodes/engine/leftover.py); fails where there are none.
remove_leftover() {
    local name file before files=() folders=()
    for name in $NAMES; do
        if [ -e "/run/netns/$name" ] || [ -e "/run/netmodes/$name" ]; then continue; fi
        before=${#files[@]}
        for file in "/etc/netns/$name"/*; do
            if is_marked "$file"; then files+=("$file"); fi
        done
        if [ "${#files[@]}" -gt "$before" ]; then folders+=("/etc/netns/$name"); fi
    done
    if [ "${#files[@]}" = 0 ]; then return 1; fi
    echo "[#] # left from before a reboot" >&2
    show rm "${files[@]}" || die "${files[0]} cannot be removed: see that it can be"
    # /etc/netns itself may be a link, or mounted.
    show rmdir --parents --ignore-fail-on-non-empty "${folders[@]}" || [ ! -e "${folders[0]}" ] ||
        die "${folders[0]} cannot be removed: see that it can be"
}

is_marked() { [ -f "$1" ] && [ ! -L "$1" ] && [[ "$(<"$1")"$'\n' == *"# made by netmodes"$'\n'* ]]; }

# The lock that allows one run at a time, and the note of who holds it: see netmodes/holder.py.
take_lock() {
    local each
    if [ ! -e /run/netmodes ]; then mkdir -p /run/netmodes 2>/dev/null; fi
    for each in /run/netmodes{,/.lock,/.holder,/*}; do refuse_foreign "$each"; done
    if [ ! -d /run/netmodes ] || [ ! -w /run/netmodes ]; then die "/run/netmodes cannot be written: see that it can be"; fi
    for each in /proc/self/fd/*; do # netmodes has taken it, and waits for this
        if [ "$each" -ef /run/netmodes/.lock ]; then exec 9>&"${each##*/}"; fi
    done
    if [ ! /proc/self/fd/9 -ef /run/netmodes/.lock ]; then
        umask 077 && exec 9>/run/netmodes/.lock # who may open it may hold it
        umask 022 && chmod 755 /run/netmodes && chmod 600 /run/netmodes/.lock /run/netmodes/*/before.json 2>/dev/null
    fi
    flock -w 1 9 || { say_who_holds && flock 9; } || die "/run/netmodes/.lock cannot be locked"
    { echo "$$ $(started $$) $NAME" >/run/netmodes/.holder; } 2>/dev/null
    trap free_lock EXIT
    for each in /run/netmodes/.*.{new,old}; do # of killed runs
        if [ -e "$each" ]; then rm -rf "$each"; fi
    done
    trap '' PIPE                                     # nobody reading is no reason to stop half way,
    { : >&2; } 2>/dev/null || exec 2>/dev/null       # nor is a closed stderr
    refuse_elsewhere
}

free_lock() {
    rm -f /run/netmodes/.holder
    exec 9>&-
    trap - EXIT
}

refuse_foreign() {
    if [ -L "$1" ] || { [ -e "$1" ] && [ ! -O "$1" ]; }; then die "$1 is a link or not root's, so netmodes did not make it: remove it"; fi
}

say_who_holds() {
    local pid='' start='' command line
    { read -r pid start _ </run/netmodes/.holder; } 2>/dev/null
    if [ -z "$start" ] || [ "$(started "$pid")" != "$start" ]; then pid=$(orphan); fi
    { mapfile -d '' -t command <"/proc/$pid/cmdline"; } 2>/dev/null
    if [ -n "$pid" ]; then
        line=$(quoted "${command[@]}")
        echo "[#] # waits for pid $pid: ${line//[^[:print:]]/?}" >&2
    else
        echo "[#] # waits for the process that holds /run/netmodes/.lock" >&2
    fi
}

# When a process started; nothing where it has ended.
started() {
    local line words
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -ra words <<<"${line##*) }"
    [[ ${words[0]} == [ZX] ]] || echo "${words[19]}"
}

# A command that keeps the lock of a run that was killed: it has the lock open, and is neither a
# process that waits for it nor the parent of one.
orphan() {
    local arrow pid file fd line parent inode waiting=" $$ "
    inode=$(stat -c %i /run/netmodes/.lock)
    while read -r _ arrow _ _ _ pid file _; do
        if [ "$arrow" != "->" ] || [ "${file##*:}" != "$inode" ]; then continue; fi
        { read -r line <"/proc/$pid/stat"; } 2>/dev/null || continue
        read -r _ parent _ <<<"${line##*) }"
        waiting+="$pid $parent "
    done </proc/locks
    for fd in /proc/[0-9]*/fd/*; do
        pid=${fd#/proc/} pid=${pid%%/*}
        if [[ $waiting != *" $pid "* ]] && [ "$fd" -ef /run/netmodes/.lock ]; then echo "$pid" && return; fi
    done
}

# What root may do here, for a container's may do less (netmodes/machine/permissions.py, writable.py).

# CapEff has CAP_NET_ADMIN and CAP_SYS_ADMIN (capabilities(7)).
refuse_bounded() {
    local key value=
    while read -r key value && [ "$key" != CapEff: ]; do :; done </proc/self/status
    (((0x${value:-201000} & 0x201000) == 0x201000)) ||
        die "this root may not change the network (no CAP_NET_ADMIN or no CAP_SYS_ADMIN; a container's, it seems): give the container --privileged, or use the machine that runs it"
}

# In a user namespace below a container's, `ip netns exec` may not mount the /sys of a new network.
refuse_masked() {
    local ids status=0
    read -r _ _ ids </proc/self/uid_map
    if [ "$ids" = 4294967295 ] || ! covers_sys; then return 0; fi
    unshare --net --mount -- mount -t sysfs sysfs /sys 2>/dev/null || status=$?
    [ "$status" != 32 ] || die "a part of /sys is hidden, as in a container, so that \`ip netns exec\` fails: give that --privileged"
}

# Whether something is mounted below /sys.
covers_sys() {
    local line
    while read -r line; do
        if [[ $line == *" /sys/"* && $line != */cgroup* ]]; then return 0; fi
    done </proc/self/mountinfo
    return 1
}

# KEY=VALUE...: each can be written, or is so already. A new device begins with the default.
settings() {
    local each file folder
    for each; do
        file_of "${each%%=*}"
        folder=${file%/*}
        if [ ! -e "$folder" ]; then file=${folder%/*}/default/${file##*/}; fi
        [ -e "$file" ] || die "this machine has no setting ${each%%=*}: export again"
        [ -w "$file" ] || [ "$(<"$file")" = "${each#*=}" ] ||
            die "/proc/sys is read-only, as a container's, and ${file#/proc/sys/} must be ${each#*=}: start that with --privileged, or with \`--sysctl\`"
    done
}

# Sets file to that of a key, which has slashes between its parts where one has a dot.
file_of() { case $1 in */*) file=/proc/sys/$1 ;; *) file=/proc/sys/${1//.//} ;; esac }

# Whether a command is a `sysctl -w` that cannot write, and need not.
settled() {
    local each file fixed=
    if [ "$1 ${2-}" != "sysctl -w" ]; then return 1; fi
    for each in "${@:3}"; do
        file_of "${each%%=*}"
        if [ ! -e "$file" ] || [ "$(<"$file")" != "${each#*=}" ]; then return 1; fi
        [ -w "$file" ] || fixed=yes
    done
    [ -n "$fixed" ]
}

# FOLDER WHY: it can be written, or made.
writable() {
    local there=$1
    while [ ! -e "$there" ]; do there=${there%/*}; done
    there=${there:-/}
    if [ ! -d "$there" ] || [ ! -w "$there" ]; then die "$1 cannot be written, $2"; fi
}

# Who acts on a network stands in the network namespace that networks are made in, which is HERE: see
# netmodes/place.py.
refuse_elsewhere() {
    local log verb host name elsewhere=
    HERE=$(readlink /proc/self/ns/net)
    if [ -z "$HERE" ]; then die "\`readlink /proc/self/ns/net\` does not say where this shell is: try again"; fi
    for log in /run/netmodes/*/log; do
        while read -r verb _ host; do
            if [ "$verb" = run ] && [ "$host" != "$HERE" ]; then elsewhere=${log%/log}; fi
        done <"$log"
    done 2>/dev/null
    for name in /run/netns/*; do
        if [ ! "$name" -ef /proc/self/ns/net ]; then continue; fi
        if [ -n "$elsewhere" ] || [ -e "/run/netmodes/${name##*/}" ] || is_member "${name##*/}"; then die "this shell is inside ${name##*/}: leave it first"; fi
    done
    if [ -z "$elsewhere" ]; then return 0; fi
    name=${elsewhere##*/}
    die "$name was made in another network namespace than this shell's ($HERE): leave this one first, or if that one is gone forget $name: \`ip netns del $name; rm -r $elsewhere\`"
}

# Whether a namespace is one of several of ours.
is_member() {
    local file each
    for file in /run/netmodes/*/namespaces; do
        while read -r each; do if [ "$each" = "$1" ]; then return 0; fi; done <"$file"
    done 2>/dev/null
    return 1
}

# Who sees the journal sees the namespace: what is mounted here is mounted for PID 1 as well, or PID 1
# has another journal.
refuse_unseen() {
    local id1 id2 shared1 shared2 master2
    if [ /proc/self/ns/mnt -ef /proc/1/ns/mnt ]; then return 0; fi
    if ! shares_journal; then return 0; fi
    read -r id1 _ shared1 _ < <(mount_of self /run/netns)
    read -r id2 _ shared2 master2 < <(mount_of 1 /run/netns)
    if [ "$id1" = "$id2" ]; then return 0; fi
    if [ "$shared1" != - ] && { [ "$shared1" = "$shared2" ] || [ "$shared1" = "$master2" ]; }; then return 0; fi
    die "namespace $NAME would be seen in this shell's own mount namespace alone: run this outside, as by \`nsenter --target 1 --mount\`"
}

# Whether PID 1 has the same journal.
shares_journal() {
    local own first
    read -r _ own _ < <(mount_of self /run/netmodes)
    read -r _ first _ < <(mount_of 1 /run/netmodes)
    [ -n "$first" ] && [ "$own" = "$first" ]
}

# PROCESS PATH: the mount that holds a path: its id, the path's place in its file system, the peer
# group that it shares with, and the one that it receives from.
mount_of() {
    local every=() lines=() line words id parent device root point rest at place above='' held='' shared='' master=''
    { mapfile -t every <"/proc/$1/mountinfo"; } 2>/dev/null
    set -f
    for line in "${every[@]}"; do # few of them are mounted on the path, or above it
        if [[ $line == *" net:["* && $line != *" $2 "* ]]; then continue; fi # another namespace
        # shellcheck disable=SC2206
        words=($line)
        if [[ "$2/" == "${words[4]%/}/"* ]]; then lines+=("$line"); fi
    done
    set +f
    while [ "$held" != "$above" ] || [ -z "$held" ]; do
        above=$held at=
        for line in "${lines[@]}"; do
            [[ $line =~ ^([^ ]+)\ ([^ ]+)\ ([^ ]+)\ ([^ ]+)\ ([^ ]+)\ (.*) ]]
            id=${BASH_REMATCH[1]} parent=${BASH_REMATCH[2]} device=${BASH_REMATCH[3]}
            root=${BASH_REMATCH[4]} point=${BASH_REMATCH[5]} rest=${BASH_REMATCH[6]}
            if [ "$id" = "$above" ]; then continue; fi
            if [ "$parent" != "${above:-$parent}" ] || [ "${#point}" -ge "${at:-9999}" ]; then continue; fi
            held=$id at=${#point} place=$device:${root%/}${2#"${point%/}"}
            [[ $rest =~ shared:([0-9]+) ]] && shared=${BASH_REMATCH[1]} || shared=-
            [[ $rest =~ master:([0-9]+) ]] && master=${BASH_REMATCH[1]} || master=-
        done
        if [ -z "$held" ]; then return 0; fi
    done
    printf '%s\n' "$held $place $shared $master"
}

# A name on which no namespace is mounted: a run in a mount namespace of its own has left it.
is_plain_file() { [ -f "/run/netns/$NAME" ] && ! is_mounted self; }

is_mounted() { [[ "$(mount_of "$1" "/run/netns/${MEMBERS%% *}")" == *":net:["* ]]; }

refuse_blind() {
    MOUNTED=
    if is_mounted self; then
        MOUNTED=yes
    elif shares_journal && is_mounted 1; then
        die "this shell's mount namespace does not see $NAME: leave it first"
    fi
}

remove_plain_file() { [ -n "$MOUNTED" ] || ! is_plain_file || show rm "/run/netns/$NAME"; }

# Devices of DEVICES that somebody has renamed since: ours, and those that must not be lost.

# K INDEX: sets WORD to the name by now of the device that command K made, if it has another one.
renamed() {
    if [ -z "${DEVICES[$1]-}" ]; then return 1; fi
    find_in "$LINKS" "${BY_INDEX[$1]/"{after}"/"${2%:}"}" || return
    [ "$WORD" != "${DEVICES[$1]}" ]
}

# Whether a device has the name of what command K made.
taken() { find_in "$LINKS" "${BY_NAME[$1]}"; }

# Refuses to undo a hand-over by names that the uplink, or its bridge, does not have any more.
refuse_to_cut_off() {
    local order word_before=() word_after=() begun=() after other
    if [ -z "$BRIDGE" ]; then return 0; fi
    read_log
    after=${word_after[BRIDGE]-}
    if [ -z "$after" ]; then return 0; fi
    refuse_renamed_uplink
    renamed "$BRIDGE" "$after" || { [ "$?" != 2 ] && return 0; } || die "$(unknown)"
    other=$WORD
    taken "$BRIDGE" || { [ "$?" != 2 ] && return 0; } || die "$(unknown)"
    die "$other is the bridge of $NAME, renamed, and another has its name: rename that one first"
}

refuse_renamed_uplink() {
    local before pattern
    before=$(<"$JOURNAL/before.json")
    pattern='\{\\?"ifindex\\?":([0-9]+),[^{]*\\?"ifname\\?":\\?"'$UPLINK'\\?"'
    if ! [[ $before =~ $pattern ]]; then return 0; fi
    ask_about "${BASH_REMATCH[1]}"
    find_in "$LINKS" "\"ifindex\":${BASH_REMATCH[1]},.*\"ifname\":\"([^\"]+)\"" || { [ "$?" != 2 ] && return 0; } || die "$(unknown)"
    if [ "$WORD" = "$UPLINK" ]; then return 0; fi
    die "$WORD is $UPLINK, the uplink of $NAME, renamed: \`ip link set $(quoted "$WORD") name $UPLINK\` first"
}

# --confirm: the run is undone unless somebody confirms it in time. The watcher, the journal's
# watch.sh, sees to that in a session of its own; it acts by the journal alone. Times are hundredths
# of a second of uptime, which goes on while the machine is suspended. RUN is the log's line that
# names the run.

# What watch.sh does. CENTISECONDS: the time for it once the run is up; PID: the process that puts it
# up, without which there is no use in waiting; ID: the run's. To come up it has the same time, and at
# least a minute.
watch() {
    local latest deadline=
    detach
    clock
    latest=$((NOW + ($1 > 6000 ? $1 : 6000)))
    RUN="run $3 $(readlink /proc/self/ns/net)"
    # The log is opened once: by its path it might be another run's a moment later.
    { grep -Fqx "$RUN" /proc/self/fd/8 && echo "watching $$" >&8; } 8>>"$JOURNAL/log" || exit 1
    while alive "$2" && unconfirmed; do
        clock
        if [ -z "$deadline" ] && logged up; then deadline=$((NOW + $1)); fi
        if [ -z "$deadline" ] && [ "$NOW" -ge "$latest" ]; then stop_run "$2" && break; fi
        if [ -n "$deadline" ] && [ "$NOW" -ge "$deadline" ]; then break; fi
        pause 0.2
    done
    for _ in {1..300}; do # what exists may be unknown for a while
        if (undo_unconfirmed); then exit 0; fi
        pause 2
    done
}

# Ends a run that hangs: the signal has it give its command up and undo itself, or else it is killed,
# with its commands. Nobody else may be able to reach the machine.
stop_run() {
    kill -TERM "$1"
    # shellcheck disable=SC2046 # one word a process
    flock -w 30 /run/netmodes/.lock true || kill -KILL "$1" $(commands_of "$1")
}

# What PID has started, and what that has, as far as it keeps the lock.
commands_of() {
    local stat line pid parent fd
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        pid=${line%% *}
        read -r _ parent _ <<<"${line##*) }"
        if [ "$parent" != "$1" ]; then continue; fi
        for fd in "/proc/$pid/fd/"*; do
            if [ "$fd" -ef /run/netmodes/.lock ]; then echo "$pid" && commands_of "$pid" && break; fi
        done
    done
}

# Holds nothing of whoever started it: no terminal, lock, pipe or folder. Its PATH reaches further.
detach() {
    local fd
    cd / || exit 1
    exec </dev/null >/dev/null 2>&1
    for fd in "/proc/$$/fd/"*; do
        fd=${fd##*/}
        if [ "$fd" -gt 2 ] && [ "$fd" != 255 ]; then exec {fd}>&-; fi # 255: bash reads the script there
    done
    export PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

# Whether the log has just this run, which nobody has confirmed.
unconfirmed() { logged "$RUN" && ! logged confirmed; }

# Whether the network called $1 waits for its confirmation.
waits() {
    local JOURNAL=/run/netmodes/$1
    grep -qs '^watch' "$JOURNAL/log" && ! logged confirmed
}

# Whether the log has this line.
logged() {
    local line lines=()
    { mapfile -t lines <"$JOURNAL/log"; } 2>/dev/null
    for line in "${lines[@]}"; do
        if [ "$line" = "$1" ]; then return 0; fi
    done
    return 1
}

# Whether a process runs; one that has ended may still wait for its parent (Z).
alive() {
    local line
    { read -r line <"/proc/$1/stat"; } 2>/dev/null && [[ ${line##*) } != Z* ]]
}

clock() {
    read -r NOW _ </proc/uptime
    NOW=$((10#${NOW/./}))
}

# Undoes the run, unless it was confirmed or undone before the lock could be taken.
undo_unconfirmed() {
    take_lock
    if unconfirmed; then down --kill; fi
}

# Starts the watcher before the first command; logind would end a plain one with the SSH session.
start_watcher() {
    local id watcher
    { read -r && read -r RUN; } <"$JOURNAL/log"
    id=${RUN#run }
    watcher=(bash "$JOURNAL/watch.sh" "$CENTIS" $$ "${id% *}")
    if [ -d /run/systemd/system ] &&
        watches timeout 2 systemd-run --collect --quiet "--setenv=PATH=$PATH" -- "${watcher[@]}"; then
        return
    fi
    if watches setsid --fork "${watcher[@]}"; then return; fi
    take_back
    die "no watcher starts for --confirm, so nothing was done: see that \`setsid\` and \`bash\` run and that /run has room"
}

# Whether a watcher that is started by this command says within 2 s that it is there.
watches() {
    (cd / && exec "$@" </dev/null >/dev/null 2>&1 9>&-) || return 1
    for _ in {1..100}; do
        if [ -n "$(watcher_pid)" ]; then return 0; fi
        pause 0.02
    done
    return 1
}

watcher_pid() {
    local verb pid found=
    while read -r verb pid; do
        if [ "$verb" = watching ]; then found=$pid; fi
    done 2>/dev/null <"$JOURNAL/log"
    printf '%s' "$found"
}

# Waits for Enter here, or for a confirmation from anywhere. A watcher that is gone, or does not act,
# is not waited for.
await_confirmation() {
    local watcher deadline signal='' ended=()
    watcher=$(watcher_pid)
    trap '' TTIN
    free_lock
    clock
    deadline=$((NOW + CENTIS))
    echo "$(how_to_keep) within $CONFIRM s to keep it." >&2
    while [ -t 0 ] && read -rt 0 && read -rt 0.1 _; do :; done # what was typed before is no answer
    while unconfirmed; do
        clock
        signal=$caught
        if [ -n "$signal" ] || [ "$NOW" -ge $((deadline + 200)) ] || { [ "$NOW" -ge "$deadline" ] && ! alive "$watcher"; }; then
            undo_unconfirmed
        elif enter_pressed; then
            take_lock
            if unconfirmed; then confirm; fi
            free_lock
        fi
    done
    if logged "$RUN"; then return 0; fi
    caught=$signal
    set_ended
    if [ -n "$signal" ]; then
        echo "$NAME is undone, nothing is left." >&2
        exit "${ended[0]}"
    fi
    if [ "$NOW" -lt $((deadline - 100)) ]; then die "$NAME was taken down before it was confirmed"; fi
    die "$NAME was not confirmed within $CONFIRM s, and is undone"
}

# What to do; over SSH a second session comes first, for it proves that one can log in.
how_to_keep() {
    local again run
    if is_file; then again="$(me) confirm"; else again="bash -s confirm <THIS_SCRIPT"; fi
    run="run \`$again\` or \`netmodes confirm $NAME\`"
    if ! [ -t 0 ]; then
        printf %s "${run^} anywhere"
    elif [ -n "$(ssh_peer)" ]; then
        printf %s "Log in once more and $run there, or press Enter here,"
    else
        printf %s "Press Enter, or $run anywhere,"
    fi
}

# Whether an empty line comes from the terminal before a pause is over.
enter_pressed() {
    local status=1 typed
    if [ -t 0 ]; then
        IFS= read -rt 0.2 typed && status=0 || status=$?
        if [ "$status" = 0 ]; then
            [ -z "$typed" ] || echo "Enter alone keeps it, Ctrl-C undoes it." >&2
            [ -z "$typed" ]
            return
        fi
    fi
    if [ "$status" -le 128 ]; then pause 0.2; fi # no terminal, or it is closed, or another's
    return 1
}

# Says that all is well; the lock is held.
confirm() {
    if [ ! -e "$JOURNAL" ]; then die "$NAME is not up: it was undone, or never put up"; fi
    is_up || die "$NAME was interrupted: \`$(me) down\` undoes it"
    for _ in 1 2; do # the first may go on where a full disk has cut an earlier one
        logged confirmed || echo confirmed >>"$JOURNAL/log"
    done
    logged confirmed || die "$JOURNAL cannot be written: make room there, and confirm again"
    echo "$NAME stays." >&2
}

# One line for users who came over SSH through DEVICE.
warn_of_ssh() {
    local peer
    peer=$(ssh_peer)
    if [ -n "$peer" ] && [[ "$(ip route get "$peer" 2>/dev/null) " == *" dev $1 "* ]]; then
        echo "[#] # your SSH session goes through $1: use \`$(me) up --confirm 60\`" >&2
    fi
}

# The address of the SSH client; sudo hides it from this process, but not from its parents.
ssh_peer() {
    local pid=$$ line variable variables
    while [ "$pid" -gt 1 ]; do
        { mapfile -d '' -t variables <"/proc/$pid/environ" && read -r line <"/proc/$pid/stat"; } 2>/dev/null || return
        for variable in "${variables[@]}"; do
            if [[ $variable == SSH_CONNECTION=?* ]]; then
                variable=${variable#*=}
                printf '%s' "${variable%% *}"
                return
            fi
        done
        read -r _ pid _ <<<"${line##*) }"
    done
}

# The host's ways, and the source that it takes by each: to the gateway of every default route, by a
# default route, and to the SSH peer. After the hand-over they are the same, by the bridge.
declare -A WAYS

remember_ways() {
    local line to
    for to in 8.8.8.8 2001:4860:4860::8888 "$(ssh_peer)"; do WAYS[${to:-8.8.8.8}]=; done
    while read -r line; do
        if [[ $line =~ ^default\ via\ ([^ ]+) && $line != *" via fe80:"* ]]; then WAYS[${BASH_REMATCH[1]}]=; fi
    done <<<"$(json ip -4 route show default table all; echo; json ip -6 route show default table all)"
    for to in "${!WAYS[@]}"; do WAYS[$to]=$(way "$to"); done
}

# Nothing where there is none.
way() {
    local line word
    line=" $(json ip -o route get "$1") "
    for word in via dev src; do
        if [[ $line =~ \ $word\ ([^ ]+) ]]; then printf ' %s %s' "$word" "${BASH_REMATCH[1]}"; fi
    done
}

# UPLINK BRIDGE
compare_ways() {
    local to was now
    for to in "${!WAYS[@]}"; do
        was=${WAYS[$to]} now=$(way "$to")
        stop_if_caught
        if [ -n "$was" ] && [ "${was/ dev $1/ dev $2}" != "$now" ]; then
            stop 1 "\`ip route get $to\` says \`${now:+$to}${now:-unreachable}\`, and said \`$to$was\` before"
        fi
    done
}

CONFIRM= # seconds; nothing for no watcher
CENTIS=

# Works CONFIRM out from --confirm S.
set_confirm() {
    if [ $# != 0 ]; then CONFIRM=$1; fi
    if [ $# = 0 ] && [ -z "$CONFIRM" ]; then return 0; fi
    if [[ $CONFIRM =~ ^[0-9]{1,5}(\.[0-9]{1,2})?$ ]]; then printf -v CENTIS %.0f "${CONFIRM}e2"; fi
    if [ -z "$CENTIS" ] || [ "$CENTIS" -lt 100 ] || [ "$CENTIS" -gt 8640000 ]; then
        printf 'Error: --confirm takes 1 to %s seconds, not %s\n' 86400 "$CONFIRM" >&2
        exit 2
    fi
}

# The gateway of the host's default route, if it answers the host.
gateway() {
    if [[ " $(json ip -o route get 8.8.8.8)" =~ \ via\ ([0-9.]+)\  ]] && answers 1 ping "${BASH_REMATCH[1]}"; then
        printf %s "${BASH_REMATCH[1]}"
    fi
}

# TRIES COMMAND...
answers() {
    local try
    for ((try = 0; try < $1; try++)); do
        if [ "$(json "${@:2}" -c 1 -W 1)" != null ]; then return 0; fi
    done
    return 1
}

# GATEWAY: what answers the host is to answer the namespace; nothing, if it does not answer the host.
try_promise() {
    if [ -n "$1" ] && ! answers 3 ip netns exec "${NAMES%% *}" ping "$1"; then
        stop_if_caught
        stop 1 "$1 answers the host, and not ${NAMES%% *}: a firewall drops it, or the LAN takes no other MAC"
    fi
}

# How this script is called again.
me() {
    if ! is_file; then
        printf 'bash -s --'
    elif [[ $0 == */* && -x $0 ]]; then
        quoted "$0"
    else
        quoted bash "$0"
    fi
}

main() {
    if [ "$*" = --help ] && is_file; then exec sed -n '2,$ {/^# shellcheck/q; s/^# \{0,1\}//; p}' "$SCRIPT"; fi
    case "${1-}" in --confirm | --confirm=*) set -- up "$@" ;; esac
    case "${1-} ${2-}" in "up --confirm="*) set -- up --confirm "${2#*=}" "${@:3}" ;; esac
    case "$# $*" in
    "0 " | "1 up" | "1 down" | "2 down --kill") ;;
    "1 confirm" | "3 up --confirm "*) ;;
    *) printf 'Usage: %s [up [--confirm SECONDS] | confirm | down [--kill]]\n' "$(me)" >&2 && exit 2 ;;
    esac
    set_confirm "${@:3}"
    become_root "$@"
    needs
    take_lock
    if [ "${1-up}" = down ]; then
        is_this || die "$NAME was made by other commands than these: \`netmodes down $NAME\`"
        down "${2-}"
    elif [ "${1-up}" = confirm ]; then
        is_this || die "$NAME was made by other commands than these: \`netmodes confirm $NAME\`"
        confirm
    elif [ -e "$JOURNAL" ]; then
        if ! is_this || ! is_up; then die "$NAME is in use, or was interrupted: take it down first"; fi
        if waits "$NAME"; then die "$NAME waits for its confirmation: \`$(me) confirm\`"; fi
        echo "$NAME is up already." >&2
    else
        permissions
        prepare
        requirements
        stop_if_caught
        refuse_unseen
        remove_leftover || :
        begin || die "$JOURNAL cannot be written"
        if [ -n "$CENTIS" ]; then start_watcher; else warn_of_ssh enp0s1; fi
        gateway=$(gateway)
        remember_ways
        up
        compare_ways enp0s1 br0
        try_promise "$gateway"
        stop_if_caught
        echo up >>"$JOURNAL/log" || stop 1 "$JOURNAL cannot be written"
        if [ -n "$CENTIS" ]; then await_confirmation; fi
        # Nobody may read it any more.
        echo "$NAME is up: \`$(me) down\` undoes it." >&2 || :
    fi
}

# Writes the whole journal before the first command.
begin() {
    local draft=/run/netmodes/.$NAME.new uptime id
    mkdir "$draft" && read -r uptime _ </proc/uptime && read -r id </proc/sys/kernel/random/uuid &&
        printf '%s\n' "began $uptime" "run $id $HERE" >"$draft/log" && shares >"$draft/shares" && plan >"$draft/plan.json" &&
        if [ -n "$CENTIS" ]; then watch_script >"$draft/watch.sh"; fi &&
        down_script >"$draft/down.sh" && (umask 077 && facts >"$draft/before.json") && mv "$draft" "$JOURNAL" && [ -e "$JOURNAL/log" ]
}

# The machine's facts from before the run, for comparison.
facts() {
    printf '{"format": 2, "table": { '
    entry links ip -d -j addr show
    printf ', '
    entry routes ip -4 -j route show table all
    printf ', '
    entry routes6 ip -6 -j route show table all
    printf ' }}\n'
}

# NAME COMMAND...: what a command prints, as an entry of a table of facts; none if it fails or hangs.
entry() {
    start escaped "${@:2}"
    finish "$PATIENCE" || give_up
    if [ "$STATUS" = 0 ]; then printf '"%s": {"output": "%s"}' "$1" "${PRINTED%$'\n'}"; else printf '"%s": {}' "$1"; fi
}

# What a command prints, as JSON has it in quotes; bash would take seconds for a thousand devices.
escaped() {
    exec 9>&- # what hangs would keep the lock
    set -o pipefail
    "$@" 2>/dev/null | sed 's/[\\"]/\\&/g'
}

down_script() { functions_and 'become_root "$@"' needs take_lock 'down "$@"'; }

watch_script() { functions_and 'watch "$@"'; }

# A script of its own with all functions of this one, which runs these lines.
functions_and() {
    text <<'START'
#!/usr/bin/env bash
[ -n "${BASH_VERSION-}" ] || { echo "Error: this is a bash script: run it with bash, not sh" >&2; exit 1; }
set +e +o posix -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
TMPDIR=/run # where bash keeps long here-documents
export PATH LC_ALL=C PS4='[#] '
START
    declare -p NAME NAMES GRACE SLOW PATIENCE MANY ASKED FIRST BRIDGE ATTACHED UPLINK JOURNAL WHOLE PROCESSES SOCKETS DEVICES BY_NAME BY_INDEX LINKS
    declare -f
    printf '%s\n' "$@"
}

# Prints what it reads.
text() {
    local text
    text=$(</dev/stdin) # `read` would take it byte by byte
    printf '%s' "${text:+$text$'\n'}"
}

is_this() { [ ! -e "$JOURNAL/plan.json" ] || [ "$(plan)" = "$(<"$JOURNAL/plan.json")" ]; }

is_up() {
    local line last=
    while read -r line; do case $line in up | down) last=$line ;; esac done <"$JOURNAL/log"
    [ "$last" = up ]
}

# The commands that other networks may share.
shares() {
    text <<'SHARES'
1 sysctl net.ipv4.ip_forward
2 bridge br0
7 port enp0s1
8 up enp0s1
9 addresses enp0s1
SHARES
}

# The plan, for `netmodes list` and `netmodes down`.
plan() {
    text <<'JSON'
{"format": 5, "mode": "bridged", "namespaces": ["A"], "parameters": {"namespace": "A", "uplink": "enp0s1", "bridge": "br0", "bridge_address": "192.168.64.100/24", "address": "192.168.64.50/24", "gateway": "192.168.64.100", "host_device": "veth0", "device": "veth1", "dns": "auto", "attach": ""}, "topology": {"device": "veth1", "address": "192.168.64.50/24", "host_device": "veth0", "ingress": "br0", "host_address": "192.168.64.100/24", "bridge": "br0", "uplink": "enp0s1", "gateway": "192.168.64.100", "subnets": ["192.168.64.0/24"], "joins": ""}, "steps": [{"argv": ["ip", "netns", "add", "A"], "why": "a network of its own, named A: no device but a loopback that is down", "undo": {"look": {"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/run/netns/A ([0-9]+\\.[0-9]+\\.[0-9]+) "], "whole": "/proc/self/ns/net [0-9. ]+$"}, "argv": ["ip", "netns", "del", "A"], "others": [{"argv": ["ip", "netns", "pids", "A"], "patterns": ["([0-9]+)"]}, {"argv": ["ip", "-n", "A", "-j", "link", "show"], "patterns": ["\"ifname\":\"([^\"]+)\",\"flags\":\\[[^]]*\"UP\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\}\\]$"}]}}, {"argv": ["sysctl", "-w", "net.ipv4.ip_forward=1"], "why": "the host passes on what is not for it", "undo": {"look": {"argv": ["sysctl", "-e", "net.ipv4.ip_forward", "net.ipv4.conf.lo.forwarding"], "patterns": ["^net\\.ipv4\\.ip_forward = ([0-9-]+)$"], "whole": "net\\.ipv4\\.conf\\.lo\\.forwarding = [01]$"}, "argv": ["sysctl", "-w", "net.ipv4.ip_forward={before}"], "users": [{"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\"ifname\":\"((docker|virbr|podman|cni|lxdbr|incusbr)[0-9]+|br-[0-9a-f]{12})\",.*\"info_kind\":\"bridge\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}, {"argv": ["sh", "-c", "command -v nft >/dev/null || { echo nftables v: none; exit; }; rules=$(nft list ruleset 2>&1) && printf \"%s\\n\" \"$rules\" && nft --version && exit; case $rules in *\"not supported\"* | *\"failed: Invalid\"*) echo nftables v: none ;; *) exit 1 ;; esac"], "patterns": ["(masquerade|[sd]nat to)"], "whole": "nftables v[^ ]+ .*$"}, {"argv": ["iptables-save", "-t", "nat"], "patterns": ["-j (MASQUERADE|[SD]NAT)"], "whole": "COMMIT"}]}, "share": "sysctl net.ipv4.ip_forward"}, {"argv": ["ip", "link", "add", "br0", "type", "bridge"], "why": "br0, a switch inside the host", "undo": {"look": {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"br0\",.*\"info_kind\":\"bridge\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}, "argv": ["ip", "link", "del", "br0"], "others": [{"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"br0\",.*\"local\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}, {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\"master\":\"(br0)\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}], "renamed": "\"ifindex\":{after},.*\"ifname\":\"([^\"]+)\",.*\"info_kind\":\"bridge\""}, "share": "bridge br0"}, {"argv": ["sysctl", "-w", "net.ipv4.conf.br0.ignore_routes_with_linkdown=1", "net.ipv4.conf.br0.rp_filter=2", "net.ipv6.conf.br0.ignore_routes_with_linkdown=1"], "why": "br0 behaves as enp0s1 does; its routes count once it has a port", "guard": true, "prevents": "packets for the LAN go to a br0 with no port, and wait a second for ARP"}, {"argv": ["ip", "link", "set", "br0", "address", "4a:9e:7e:55:59:ee"], "why": "the LAN knows the host by enp0s1's MAC: br0 takes it", "guard": true, "prevents": "br0's MAC is its lowest port's: to the LAN the host becomes another machine"}, {"argv": ["ip", "addr", "add", "192.168.64.100/24", "dev", "br0"], "why": "br0 answers for 192.168.64.100, and reaches 192.168.64.0/24 directly"}, {"argv": ["ip", "link", "set", "br0", "up"], "why": "br0 is switched on"}, {"argv": ["ip", "link", "set", "enp0s1", "master", "br0"], "why": "enp0s1 becomes a port of br0: frames from the LAN now come in on br0", "undo": {"look": {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"br0\","], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$", "given": "\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"enp0s1\",.*\"master\":\"br0\""}, "argv": ["ip", "link", "set", "enp0s1", "nomaster"]}, "share": "port enp0s1"}, {"argv": ["ip", "link", "set", "enp0s1", "up"], "why": "enp0s1 is switched on, if it was not", "undo": {"look": {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"enp0s1\",\"flags\":\\[[^]]*\"UP\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}, "argv": ["ip", "link", "set", "enp0s1", "down"]}, "share": "up enp0s1"}, {"argv": ["ip", "-batch", "-"], "why": "the host's addresses and routes move from enp0s1 to br0, all at once", "stdin": "addr del 192.168.64.100/24 dev br0\naddr add 192.168.64.3/24 brd 192.168.64.255 noprefixroute dev br0\naddr add 192.168.64.100/24 dev br0\nroute prepend 192.168.64.0/24 dev br0 proto kernel scope link src 192.168.64.3 metric 100\nroute prepend default via 192.168.64.1 dev br0 proto dhcp src 192.168.64.3 metric 100\naddr del 192.168.64.3/24 dev enp0s1\n", "undo": {"look": {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"br0\",.*\"local\":\"(192\\.168\\.64\\.3)\"", "\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"enp0s1\",.*\"local\":\"(192\\.168\\.64\\.3)\"", "\"ifname\":\"enp0s1\",()"], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}, "argv": ["ip", "-force", "-batch", "-"], "stdin": "link set enp0s1 nomaster\naddr add 192.168.64.3/24 brd 192.168.64.255 label enp0s1 metric 100 dev enp0s1\nroute prepend default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.3 metric 100\naddr del 192.168.64.100/24 dev br0\naddr del 192.168.64.3/24 dev br0\n", "unless": [["link set enp0s1 nomaster", {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"enp0s1\",.*\"master\":"], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$", "but": "\"master\":\"br0\""}], ["addr add 192.168.64.3/24 brd 192.168.64.255 label enp0s1 metric 100 dev enp0s1", {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"br0\",.*\"address\":\"4a:9e:7e:55:59:ee\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$", "but": "\"local\":\"192\\.168\\.64\\.3\""}], ["route prepend default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.3 metric 100", {"argv": ["sh", "-c", "found=$(ip $0 route show table all) || exit\nprintf '%s\\n' \"$found\" | sed -nE \"\n/^.nexthop/d\n/ metric /!s/ *\\$/ metric 0/\ns/^(.*) dev $1( table [^ ]+)?( .*)?( metric [0-9]+).*/\\1\\2\\4/p\"\n", "-4", "br0"], "patterns": ["^local (192\\.168\\.64\\.3) "], "lacks": "default via 192.168.64.1 metric 100"}], ["addr del 192.168.64.100/24 dev br0", {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"br0\",.*\"address\":\"4a:9e:7e:55:59:ee\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$", "but": "\"local\":\"192\\.168\\.64\\.100\""}], ["addr del 192.168.64.3/24 dev br0", {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"br0\",.*\"address\":\"4a:9e:7e:55:59:ee\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$", "but": "\"local\":\"192\\.168\\.64\\.3\""}]], "carried": [{"argv": ["sh", "-c", "found=$(ip -o addr show) || exit\nprintf '%s\\n' \"$found\" | while read -r _ device _ address rest; do\n    [ \"$device\" = \"$0\" ] || continue\n    case $rest in peer*) address=\"$address ${rest%% scope *}\" ;; esac\n    case $rest in *noprefixroute*) address=\"$address noprefixroute\" ;; esac\n    echo \"$rest|addr add $address dev $1\"\ndone\n", "br0", "enp0s1"], "patterns": ["^[^|]*[|](.*)$"], "given": "addr add (192\\.168\\.64\\.3|192\\.168\\.64\\.100)[/ ]", "but": "dynamic|temporary|mngtmpaddr|addr add (192\\.168\\.64\\.3|192\\.168\\.64\\.100|fe80:[^ ]*)[/ ]"}, {"argv": ["sh", "-c", "found=$(ip neigh show nud permanent && ip neigh show proxy) || exit\nprintf '%s\\n' \"$found\" | while read -r ip _ device rest; do\n    case \"$device $rest\" in\n    \"$0 proxy\"*) echo \"neigh replace proxy $ip dev $1${rest#proxy}\" ;;\n    \"$0 lladdr \"*PERMANENT*)\n        echo \"neigh replace $ip ${rest%% PERMANENT*} dev $1 nud permanent${rest##*PERMANENT}\" ;;\n    esac\ndone\n", "br0", "enp0s1"], "patterns": ["^(.*)$"]}, {"argv": ["sh", "-c", "for family in 4 6; do\n    found=$(ip -$family route show table all) || exit\n    printf '%s\\n' \"$found\" |\n        sed -nE \"/^.nexthop/d; s/ dead//; s/ linkdown//; s/ *\\$//; / dev $2( |\\$)/p\" |\n        grep -vxF -e \"$3\" | while read -r line; do\n        case $family$line in 6default*) line=\"::/0${line#default}\" ;; esac\n        echo \"$family|route append ${line%% dev \"$0\"*} dev $1${line#* dev \"$0\"}\"\n    done\ndone\n", "br0", "enp0s1", "br0", "default via 192.168.64.1 dev br0 proto dhcp src 192.168.64.3 metric 100\n192.168.64.0/24 dev br0 proto kernel scope link src 192.168.64.3 metric 100"], "patterns": ["^4[|](.*)$"], "given": " local (192\\.168\\.64\\.3) dev ", "but": " (proto (kernel|ra)|expires|nhid|metric 2048) "}, {"argv": ["sh", "-c", "for family in 4 6; do\n    found=$(ip -$family route show table all) || exit\n    printf '%s\\n' \"$found\" |\n        sed -nE \"/^.nexthop/d; s/ dead//; s/ linkdown//; s/ *\\$//; / dev $2( |\\$)/p\" |\n        grep -vxF -e \"$3\" | while read -r line; do\n        case $family$line in 6default*) line=\"::/0${line#default}\" ;; esac\n        echo \"$family|route append ${line%% dev \"$0\"*} dev $1${line#* dev \"$0\"}\"\n    done\ndone\n", "br0", "enp0s1", "br0", "default via 192.168.64.1 dev br0 proto dhcp src 192.168.64.3 metric 100\n192.168.64.0/24 dev br0 proto kernel scope link src 192.168.64.3 metric 100"], "patterns": ["^6[|](.*)$"], "but": " (proto (kernel|ra)|expires|nhid|metric 2048) "}]}, "guard": true, "prevents": "the host's address stays on enp0s1, whose frames br0 now takes: host and namespace lose the outside once the host's ARP entry for its gateway expires", "share": "addresses enp0s1"}, {"argv": ["sysctl", "-w", "net.ipv4.conf.br0.rp_filter=0"], "why": "br0 filters as enp0s1 did", "guard": true, "prevents": "br0 goes on taking packets from sources that enp0s1 may have refused"}, {"argv": ["ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1"], "why": "a cable with two ends: what enters veth0 leaves veth1", "undo": {"look": {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"veth0\",.*\"info_kind\":\"veth\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}, "argv": ["ip", "link", "del", "veth0"], "others": [{"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"veth0\","], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$", "but": "\"link\":\"veth1\""}], "renamed": "\"ifindex\":{after},.*\"ifname\":\"([^\"]+)\",.*\"info_kind\":\"veth\""}}, {"argv": ["ip", "link", "set", "veth1", "netns", "A"], "why": "veth1 leaves the host for A"}, {"argv": ["ip", "link", "set", "veth0", "master", "br0"], "why": "veth0 is plugged into br0"}, {"argv": ["ip", "link", "set", "veth0", "up"], "why": "veth0 is switched on"}, {"argv": ["ip", "addr", "add", "192.168.64.50/24", "dev", "veth1"], "why": "veth1 answers for 192.168.64.50, and reaches 192.168.64.0/24 directly", "namespace": "A"}, {"argv": ["ip", "link", "set", "veth1", "up"], "why": "veth1 is switched on", "namespace": "A"}, {"argv": ["ip", "link", "set", "lo", "up"], "why": "the loopback works", "namespace": "A"}, {"argv": ["ip", "route", "add", "default", "via", "192.168.64.100"], "why": "what A cannot reach directly goes to 192.168.64.100", "namespace": "A"}, {"argv": ["mkdir", "-p", "/etc/netns/A"], "why": "files here stand for those in /etc (ip-netns(8))", "undo": {"look": {"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/etc/netns/A ([0-9]+)\\."], "whole": "/proc/self/ns/net [0-9. ]+$"}, "argv": ["rmdir", "--parents", "--ignore-fail-on-non-empty", "/etc/netns/A"], "users": [{"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/etc/netns/A/([^/ ]+) "], "whole": "/proc/self/ns/net [0-9. ]+$"}]}, "guard": true, "prevents": "the namespace reads the host's own files, which name servers it may not reach"}, {"argv": ["tee", "/etc/netns/A/resolv.conf"], "why": "A asks these for names", "stdin": "# made by netmodes\nnameserver 192.168.64.1\n", "undo": {"look": {"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/etc/netns/A/resolv\\.conf [0-9.]+ ([0-9.]+)$"], "whole": "/proc/self/ns/net [0-9. ]+$"}, "argv": ["rm", "/etc/netns/A/resolv.conf"], "others": [{"argv": ["sh", "-c", "for file; do [ ! -s \"$file\" ] || grep -L -- \"$0\" \"$file\"; [ $? -lt 2 ] || exit; done; echo looked", "# made by netmodes$", "/etc/netns/A/resolv.conf"], "patterns": ["^(/etc/netns/A/resolv\\.conf.*)$"], "whole": "looked$"}]}, "guard": true, "prevents": "where the host asks 127.0.0.53, the namespace finds no name"}], "promises": [{"source": "namespace", "target": "itself", "reachable": true}, {"source": "host", "target": "namespace", "reachable": true}, {"source": "host", "target": "the gateway", "reachable": true}, {"source": "namespace", "target": "the bridge", "reachable": true}, {"source": "namespace", "target": "the host's other addresses", "reachable": true}, {"source": "namespace", "target": "the gateway", "reachable": true}, {"source": "namespace", "target": "outside", "reachable": true}, {"source": "namespace", "target": "a name", "reachable": true}, {"source": "neighbour", "target": "namespace", "reachable": true}, {"source": "outside", "target": "namespace", "reachable": true}], "inherited": [], "confirms": true, "more": []}
JSON
}

main "$@"
