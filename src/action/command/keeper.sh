# Keeps one command on its host: runs it, and writes down its group, its output and its end.
# usage: keeper FOLDER UMASK WORKING-FOLDER PROGRAM [ARGUMENT...]
set -u
folder=$1 mask=$2 at=$3
shift 3
umask 077
# Whoever makes this folder decides: the keeper, that the command begins; `void`, that it never does.
mkdir "$folder/run" 2>/dev/null || exit 0
# A signal for the group is for the command: the keeper stays until it has written down how that ended.
trap : TERM INT HUP
note() { printf '%s\n' "$2" >"$folder/$1.new" && mv -f "$folder/$1.new" "$folder/$1"; }
group=$$ since=-
if read -r line <"/proc/$$/stat" 2>/dev/null; then
    # After the name, which may have anything in it: proc(5).
    set -f; words=${line##*) }
    group=$(set -- $words; echo "$3") since=$(set -- $words; shift 19; echo "$1")
fi
boot=-
read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || boot=-
note group "$group $since $$ $boot" || { mkdir "$folder/run/void"; exit 1; }
exec </dev/null
# What it is given may be secret: gone before the command begins.
if [ -e "$folder/input" ]; then exec <"$folder/input"; rm -f "$folder/input"; fi
(umask "$mask"; cd "$at" || exit 126; exec "$@") >"$folder/out" 2>"$folder/err"
status=$?
# A disk that is full is waited for, or nobody would ever know; a folder that was removed is not, nor can be waited without `sleep`.
until note status "$status" 2>/dev/null || [ ! -d "$folder" ]; do sleep 5 || exit 1; done
# What it leaves behind is known by its group, and a group's number for sure only while its leader is there.
while others "$group" "$$"; do sleep 15 || exit 1; done
