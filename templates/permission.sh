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
