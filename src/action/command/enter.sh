# Starts a program in a folder, with what it is given: the first line of standard input is the length of the assignments that follow
# it, and what comes then is for the program. `.` is where we are; no folder is the home of whoever we are, or `/`.
# usage: enter FOLDER PROGRAM [ARGUMENT...]
case $1 in
.) ;;
'') cd 2>/dev/null || cd / || exit 126 ;;
*) cd "$1" || exit 126 ;;
esac
shift
if IFS= read -r runbook_length && [ "$runbook_length" != 0 ]; then
    runbook_given=$(dd bs=1 count="$runbook_length" 2>/dev/null && echo .)
    eval "${runbook_given%.}" || exit 126
fi
unset runbook_length runbook_given
exec "$@"
