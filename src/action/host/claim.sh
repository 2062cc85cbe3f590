# Who is at work on a host: one link `claim`, whose text says it, in a folder into which nobody else can put names.
# A link is made with its text in one step, and by one of many who try. Each question may be cut off anywhere, and asked again.
# usage: look | take RUN TEXT CLOSED | give RUN CLOSED; CLOSED is the name of a deed that was taken back: what comes late of it
# leaves nothing. Prints the folder, then the text of whoever has the claim, or nothing.
set -u
umask 077
fail() { echo "$1" >&2; exit 70; }

enter() {
    cd -P "$top" 2>/dev/null || { [ "$1" = look ] && return 1; fail "there is no folder $top"; }
    safe || fail "others can put names into $(pwd -P), or on the way to it: a claim there would prove nothing"
    [ "$1" = look ] || mkdir -p -m 700 "$inner" || fail "$top/$inner cannot be made"
    cd -P "$inner" 2>/dev/null || return 1
    safe || fail "others can put names into $(pwd -P), or on the way to it: a claim there would prove nothing"
    set -- $(ls -ldn .)
    case $1 in drwx------*) [ "$3" = "$me" ] ;; *) false ;; esac || fail "$(pwd -P) is not ours alone (mode 0700)"
}

holder() { readlink claim 2>/dev/null || :; }
is_of() { case "$(holder) " in "run=$1 "*) return 0 ;; *) return 1 ;; esac; }
tell() { pwd -P; holder; }

# What a question that was cut off has moved aside: another's goes back to its place.
clean() {
    for left in "claim.$1".*; do
        [ -L "$left" ] || continue
        case "$(readlink "$left") " in "run=$1 "*) ;; *) ln -sn "$(readlink "$left")" claim 2>/dev/null || : ;; esac
        rm -f "$left"
    done
}

# Takes the claim of this run away, and nobody else's: it is moved aside first, for what has our text at one look may have
# another's at the next.
drop() {
    clean "$1"
    is_of "$1" || return 0
    mv -f claim "claim.$1.$$" 2>/dev/null || return 0
    case "$(readlink "claim.$1.$$") " in
    "run=$1 "*) ;;
    *) ln -sn "$(readlink "claim.$1.$$")" claim ;;
    esac
    rm -f "claim.$1.$$"
}

op=$1
shift
case $op in
look)
    if enter look; then tell; else echo "$top/$inner"; fi
    ;;
take)
    enter make
    if [ -e claim ] && [ ! -L claim ]; then fail "$(pwd -P)/claim is no claim"; fi
    clean "$1"
    [ ! -d "$3.closed" ] || { tell; exit 0; }
    ln -sn "$2 since=$(date -u +%Y-%m-%dT%H:%M:%SZ)" claim 2>/dev/null || is_of "$1" || :
    [ ! -d "$3.closed" ] || drop "$1"
    sync . 2>/dev/null || sync
    tell
    ;;
give)
    if enter look; then
        # First this: a claim that is still on its way finds it, and one that came before is found here.
        [ ! "$2" ] || mkdir "$2.closed" 2>/dev/null || [ -d "$2.closed" ] || fail "$(pwd -P)/$2.closed cannot be made"
        drop "$1"
        sync . 2>/dev/null || sync
        tell
    else
        echo "$top/$inner"
    fi
    ;;
*) fail "no question: $op" ;;
esac
