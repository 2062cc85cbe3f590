# What is asked about commands on their host. As whoever keeps them. What a command is given comes with `begin` on standard input.
# The name of the script is the folder where commands are kept, where that is another than the usual one.
# usage: look NAME | begin NAME NUMBER KEEPER PROGRAM [ARGUMENT...] | void NAME NUMBER | close NAME | end NAME WHY
#        | told NAME | read NAME out|err BYTES | last NAME out|err BYTES | tidy NAME | clear NAME
set -u
umask=$(umask) at=$(pwd)
umask 077
fail() { echo "$1" >&2; exit 70; }

# Goes to the folder of commands; with `make`, makes it.
enter() {
    if ! cd -P "$top" 2>/dev/null; then
        # A folder of our own is made by whoever first has something to keep in it.
        case $1$0 in look/*) return 1 ;; esac
        fail "there is no folder $top"
    fi
    safe || fail "others can put names into $(pwd -P), or on the way to it: commands cannot be kept there"
    [ "$1" != make ] || mkdir -p -m 700 "$inner" || fail "$top/$inner cannot be made"
    cd -P "$inner" 2>/dev/null || return 1
    safe || fail "others can put names into $(pwd -P), or on the way to it: commands cannot be kept there"
    set -- $(ls -ldn .)
    case $1 in drwx------*) [ "$3" = "$me" ] ;; *) false ;; esac || fail "$(pwd -P) is not ours alone (mode 0700)"
}

# The last beginning of a name: `last`, 0 for none, and its `folder`; and the last that is not void, `begun`, also where it was cleared away.
find_last() {
    last=0 begun=0
    read -r begun 2>/dev/null <"$name.closed/begun" || begun=0
    while [ -d "$name.$((last + 1))" ]; do
        last=$((last + 1))
        [ "$last" -le "$begun" ] || [ -d "$name.$last/run/void" ] || begun=$last
    done
    folder=$name.$last
}

# Whether anything of the group that is noted still runs. A number that was given to another process since is not ours.
alive() {
    group= since= leader= boot=
    read -r group since leader boot 2>/dev/null <"$folder/group" || return 1
    case $group in '' | *[!0-9]* | 0 | 1) return 1 ;; esac
    now=-
    read -r now 2>/dev/null </proc/sys/kernel/random/boot_id || now=-
    [ "$now" = "$boot" ] || return 1
    kill -0 "-$group" 2>/dev/null || return 1
    [ "$since" != - ] && read -r line 2>/dev/null <"/proc/$leader/stat" || return 0
    set -f; set -- ${line##*) }; shift 19
    [ "$1" = "$since" ]
}

state() {
    if [ "$last" = 0 ]; then echo none
    elif [ -e "$folder/status" ]; then echo ended
    elif [ -d "$folder/run/void" ]; then echo void
    elif [ ! -e "$folder/group" ]; then echo starting
    elif alive; then echo running
    # It may have ended between these looks.
    elif [ -e "$folder/status" ]; then echo ended
    else echo gone
    fi
}

# Whether it has left processes behind, of any beginning, though that has ended.
left_behind() (
    for folder in "$name".[0-9]* "$name.closed"; do
        if [ -e "$folder/status" ] || [ "$folder" = "$name.closed" ]; then
            alive && others "$group" "$leader" && { echo "$folder"; exit 0; }
        fi
    done
    exit 1
)

# Ends the group that is noted in `folder`: by TERM and, where that does not help within ten seconds, by KILL.
end_group() {
    alive || return 0
    kill -TERM "-$group"
    tries=0
    while alive && [ "$tries" -lt 10 ]; do sleep 1; tries=$((tries + 1)); done
    if alive; then
        kill -KILL "-$group"
        tries=0
        while alive && [ "$tries" -lt 10 ]; do sleep 1; tries=$((tries + 1)); done
    fi
    ! alive
}

# Ends what it has left behind.
end_left() {
    while folder=$(left_behind); do end_group || return 1; done
    find_last
}

tell() {
    find_last
    echo "last=$last"
    echo "state=$(state)"
    echo "begun=$begun"
    ! left_behind >/dev/null || echo "left=yes"
    [ "$last" != 0 ] || return 0
    echo "folder=$(pwd -P)/$folder"
    for field in status stopped told began; do
        [ ! -e "$folder/$field" ] || { read -r line <"$folder/$field"; printf '%s\n' "$field=$line"; }
    done
    [ ! -e "$folder/out" ] || echo "printed=$(($(wc -c <"$folder/out")))"
    said=out
    # While it runs, what it said last is shown wherever it said it.
    if [ ! -e "$folder/status" ] && [ "$folder/err" -nt "$folder/out" ]; then said=err; fi
    [ ! -e "$folder/$said" ] || printf '%s\n' "says=$(tail -c 400 "$folder/$said" | tr '\r' '\n' | tail -n 1)"
}

note() { printf '%s\n' "$2" >"$folder/$1.new" && mv -f "$folder/$1.new" "$folder/$1"; }

# Starts the keeper in a session of its own, so that a signal for its group is for nothing else. Where `setsid` is missing it may
# stay in ours: sshd gives every command without a terminal one of its own (session.c, do_exec_no_pty).
# As root under systemd it goes into a scope of its own, for logind ends a login's processes with the session where it is told to
# (KillUserProcesses, logind.conf(5)). It is only started there; a second start finds that the command has begun.
start() {
    apart=setsid
    if ! command -v setsid >/dev/null; then
        apart=
        read -r line <"/proc/$$/stat" || return 1
        (set -f; set -- ${line##*) }; [ "$3" = "$4" ]) || { echo 'there is no setsid' >&2; return 1; }
        trap '' HUP
    fi
    if [ "$me" = 0 ] && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
        systemd-run --quiet --scope --unit="runbook-$folder" --description="a command of a runbook" \
            $apart sh -c "$keeper" keeper "$@" && return
    fi
    $apart sh -c "$keeper" keeper "$@"
}

# Sees to it that a beginning never comes, unless it has.
void() {
    mkdir "$1" 2>/dev/null
    if mkdir "$1/run" 2>/dev/null; then mkdir "$1/run/void"; rm -f "$1/input"; fi
}

# What commands have left that ended long ago: their output goes after a month, that they have been after a year.
sweep() {
    for old in $(find . ! -name . -prune -type d -mtime +30 2>/dev/null); do
        [ -e "$old/status" ] || [ ! -e "$old/group" ] || continue
        if [ -n "$(find "$old" -prune -mtime +365 2>/dev/null)" ]; then rm -rf "$old"; else rm -f "$old/out" "$old/err" "$old/input"; fi
    done
}

op=$1 name=$2
shift 2
case $name in '' | *[!a-z0-9.]*) fail "no name of a command: $name" ;; esac
case $op in
look)
    if enter look; then tell; else echo last=0; echo state=none; fi
    ;;
begin)
    number=$1 keeper=$2
    shift 2
    enter make
    folder=$name.$number
    # What was cleared away begins no more, and gets nothing new.
    if [ -e "$name.closed/begun" ]; then tell; exit 0; fi
    if mkdir "$folder" 2>/dev/null; then
        [ ! -d "$name.closed" ] || { void "$folder"; tell; exit 0; }
        # Two of them beside each other are what nobody wants.
        end_left || { void "$folder"; fail "what it has left behind does not let itself be ended"; }
        folder=$name.$number
        sweep
        date +%s >"$folder/began"
        cat >"$folder/input" && [ -s "$folder/input" ] || rm -f "$folder/input"
        # By `exec`: redirections of a function are saved in it by some shells, and would hold the connection's ends open.
        (exec </dev/null >/dev/null 2>"$folder/start"; start "$(pwd -P)/$folder" "$umask" "$at" "$@") &
        tries=0
        until [ -e "$folder/group" ] || [ "$tries" -ge 100 ]; do
            sleep 0.1 2>/dev/null || sleep 1
            tries=$((tries + 1))
        done
        [ -e "$folder/group" ] || fail "it has not begun: $(cat "$folder/start")"
    fi
    [ -d "$folder" ] || fail "$(pwd -P)/$folder cannot be made"
    tell
    ;;
void)
    enter make
    void "$name.$1"
    tell
    ;;
close)
    enter make
    # First this: a beginning that comes later finds it, and one that came before it is found here.
    mkdir "$name.closed" 2>/dev/null
    find_last
    [ "$(state)" != starting ] || void "$folder"
    tell
    ;;
end)
    enter look || fail "no command is kept here"
    find_last
    if [ "$(state)" = running ]; then
        note stopped "$1"
        end_group
        [ "$(state)" != gone ] || note status 137
    fi
    end_left
    tell
    ;;
told)
    enter look || fail "no command is kept here"
    find_last
    note told yes
    tell
    ;;
read)
    enter look || fail "no command is kept here"
    find_last
    [ ! -e "$folder/$1" ] || dd if="$folder/$1" bs="$2" count=1 2>/dev/null
    ;;
last)
    enter look || fail "no command is kept here"
    find_last
    [ ! -e "$folder/$1" ] || tail -c "$2" "$folder/$1"
    ;;
tidy)
    enter look || exit 0
    for old in "$name".*; do
        [ ! -e "$old/status" ] || rm -f "$old/out" "$old/err"
    done
    ;;
clear)
    enter look || exit 0
    find_last
    [ "$last" != 0 ] || exit 0
    case $(state) in starting | running) fail "it still runs" ;; esac
    # What it was closed with keeps out a beginning that comes late, and says that there was one.
    mkdir "$name.closed" 2>/dev/null
    echo "$begun" >"$name.closed/begun.new" && mv -f "$name.closed/begun.new" "$name.closed/begun" || exit 1
    # Where it has left something behind, a rollback will end that.
    if left=$(left_behind) && [ "$left" != "$name.closed" ]; then cp "$left/group" "$name.closed/group"; fi
    for old in "$name".*; do
        case ${old#"$name".} in *[!0-9]*) ;; *) rm -rf "$old" ;; esac
    done
    ;;
*) fail "no question: $op" ;;
esac
