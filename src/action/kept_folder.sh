# Where this tool keeps things on a host, and whether it is safe to: the beginning of the scripts that do. A test has another folder.
me=$(id -u) mine=$(id -g)
case $0 in
/*) top=${0%/*} inner=${0##*/} ;;
*) if [ "$me" = 0 ]; then top=/var/lib inner=runbook; else top=${HOME:?} inner=.local/state/runbook; fi ;;
esac

# Whether nobody but root and we ourselves can put names into this folder, or exchange one on the way to it.
safe() (
    while :; do
        set -- $(ls -ldn .)
        case $3 in 0 | "$me") ;; *) exit 1 ;; esac
        case $1 in
            d????-??-?* | d????????[tT]*) ;;
            d????w??-?*) [ "$me" != 0 ] && [ "$4" = "$mine" ] || exit 1 ;;
            *) exit 1 ;;
        esac
        [ "$(pwd -P)" != / ] || exit 0
        cd ..
    done
)

