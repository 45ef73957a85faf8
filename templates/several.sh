# Several namespaces that are made at once, in batches: what of a batch is ours, and one that goes alone.
# ITEMS has what each batch makes, for the NAMES in order; GROUPED, by its number, the group of devices.

# What batch K has made, all at once. Status as of take_back_one; still is what is not undone.
take_back_batch() {
    local k=$1 item why going=() mine=() EVERY=
    local -A was=() made=() there=() name_of=() used=() mounted=()
    pairs was "$2"
    pairs made "${word_after[$k]-}"
    look "$k" || { [ "$?" = 1 ] && return 0; } || return 2
    pairs there "$WORD"
    for item in "${!there[@]}"; do name_of[${there[$item]}]=$item; done
    if users "$k"; then
        [ -n "$WORD" ] || return 2
        pairs used "$WORD"
    fi
    set_going "$k"
    if [ "$k" = "$FIRST" ]; then set_mounted; fi
    # Where the run was cut off, all in the group is ours.
    if [ -n "${GROUPED[k]-}" ] && [ -z "${word_after[$k]-}${ONLY-}" ]; then going=("${!there[@]}"); fi
    for item in "${going[@]}"; do
        # A device of the group is ours whatever its name is by now.
        if [ -n "${GROUPED[k]-}" ] && [ -n "${made[$item]-}" ]; then item=${name_of[${made[$item]}]-}; fi
        if [ -z "${item:+${there[$item]-}}" ] || [ "${there[$item]}" = "${was[$item]-}" ]; then continue; fi
        if [ "${there[$item]}" = "${made[$item]-}" ] && [ -z "${used[$item]-}" ]; then mine+=("$item") && continue; fi
        why_not_item "$k" "$item" || return
        if [ -n "$why" ]; then leave "$k" "$item" "$why"; else mine+=("$item"); fi
    done
    if [ "${#mine[@]}" = 0 ]; then return 0; fi
    echo "back $k" >>"$JOURNAL/log"
    if [ "${#mine[@]}" = "${#there[@]}" ]; then EVERY=yes; fi
    undo "$k" "${mine[@]}"
    look "$k" || { [ "$?" = 1 ] && return 0; } || return 2
    was=() still=()
    pairs was "$WORD"
    for item in "${mine[@]}"; do if [ "${was[$item]-}" = "${there[$item]}" ]; then still+=("$item"); fi; done
    [ "${#still[@]}" = 0 ]
}

# Sets why: why what batch K made under this name is not this run's, or must stay; or nothing.
why_not_item() {
    why='' PLACE=$2
    if [ -n "${GROUPED[$1]-}" ]; then return 0; fi
    # A name without a namespace is what a killed `ip netns add` leaves.
    if [ "$1" = "$FIRST" ] && [ -z "${mounted[$2]-}" ]; then return 0; fi
    if [ -n "${word_after[$1]-}" ]; then
        if [ "${there[$2]}" != "${made[$2]-}" ]; then why="it is not as this run left it"; fi
    else
        LISTED=() # these listings are each of one namespace
        if others "$1"; then
            [ -n "$WORD" ] || return 2
            why="somebody else has made it"
        fi
    fi
    if [ -z "$why" ] && [ -n "${used[$2]-}" ]; then why="${used[$2]} depends on it"; fi
}

# Sets mounted for each name that has a namespace.
set_mounted() {
    local line lines
    mapfile -t lines </proc/self/mountinfo
    for line in "${lines[@]}"; do
        if [[ $line == *" /run/netns/"* ]]; then line=${line#*" /run/netns/"} mounted[${line%% *}]=yes; fi
    done
}

# ARRAY TEXT: fills an array by name from words like `NAME=WORD`.
pairs() {
    local -n array=$1
    local word words
    read -ra words <<<"$2"
    for word in "${words[@]}"; do array[${word%%=*}]=${word#*=}; done
}

# Sets going to those items of batch K that are to go: of ONLY, or else of all members.
set_going() {
    local name n names items
    local -A wanted=()
    for name in ${ONLY:-$MEMBERS}; do wanted[$name]=yes; done
    read -ra names <<<"$NAMES"
    read -ra items <<<"${ITEMS[$1]}"
    going=()
    for n in "${!names[@]}"; do
        if [ -n "${wanted[${names[n]}]-}" ] && [ "${items[n]}" != - ]; then going+=("${items[n]}"); fi
    done
}

# LINE ITEM...: an undo's input is the line for each item.
by_line() {
    local item
    for item in "${@:2}"; do INPUT+=${1//'{item}'/"$item"}$'\n'; done
}

# Takes those of ONLY back, and leaves the rest up.
leave_network() {
    local k name order=() word_before=() word_after=() begun=() still=() rest=()
    failed=
    for name in $ONLY; do echo "leave $name" >>"$JOURNAL/log"; done
    read_log
    for k in "${order[@]}"; do
        if [ -z "${ITEMS[k]-}" ]; then continue; fi
        caught="" still=()
        take_back_batch "$k" "${word_before[$k]}" || failed+="${failed:+; }$(why_failed "$k" "$?")"
    done
    if [ -n "$failed" ]; then return 1; fi
    for name in $MEMBERS; do if [[ " $ONLY " != *" $name "* ]]; then rest+=("$name"); fi; done
    failed="$JOURNAL cannot be written"
    printf '%s\n' "${rest[@]}" >"$JOURNAL/namespaces.new" && mv "$JOURNAL/namespaces.new" "$JOURNAL/namespaces"
}

# NAME...: sets ONLY to these members, unless they are all.
choose() {
    local name others=" $MEMBERS "
    if [ $# = 0 ]; then die "--only needs the namespaces that are to go: name some of $MEMBERS"; fi
    for name; do
        if [[ " $MEMBERS " != *" $name "* ]]; then die "$name is not of $NAME: name some of $MEMBERS"; fi
        others=${others/" $name "/ }
    done
    if [ -n "${others// /}" ]; then ONLY=$*; fi
}

# Sets pids to the processes inside those that are to go and are ours.
inside_several() {
    local name line going=()
    local -A made=() there=() ours=()
    pairs made "$1"
    look "$FIRST" || [ "$?" = 1 ] || return 2
    pairs there "$WORD"
    set_going "$FIRST"
    for name in "${going[@]}"; do
        if [ -n "${made[$name]-}" ] && [ "${there[$name]-}" = "${made[$name]}" ]; then ours[${made[$name]%%.*}]=$name; fi
    done
    list "$PROCESSES" || return 2
    while read -r line; do
        if [[ $line =~ ^/proc/([0-9]+)/ns\ net:\[([0-9]+)\]$ ]] && [ -n "${ours[${BASH_REMATCH[2]}]-}" ]; then pids+=("${BASH_REMATCH[1]}"); fi
    done <<<"$PRINTED"
}
