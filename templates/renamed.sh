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
