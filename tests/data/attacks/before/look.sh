p=$1
if [ -L "$p" ]; then p=$(readlink -e -- "$p") || { echo 'a link that leads nowhere'; exit 0; }; fi
[ -e "$p" ] || { echo missing; exit 0; }
[ -f "$p" ] || { stat -c %F -- "$p"; exit 0; }
s=$(sha256sum <"$p")
echo file
stat -c '%u %g %a %.9Y' -- "$p"
printf '%s\n' "${s%% *}" "$p"
