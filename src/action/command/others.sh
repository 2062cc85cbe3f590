# Whether a process group has another process than its leader, by what proc(5) says of each; one that has ended is none.
# usage: others GROUP LEADER
others() {
    for stat in $(grep -lE "^[0-9]+ \(.*\) [^ZX] [0-9]+ $1 " /proc/[0-9]*/stat 2>/dev/null); do
        # The leader itself, or who has just looked.
        if [ "$stat" != "/proc/$2/stat" ] && [ -e "$stat" ]; then return 0; fi
    done
    return 1
}
