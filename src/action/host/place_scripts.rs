//! The shell script that walks to a path as root and says as whom to work there. Constant: values reach it as arguments.

/// `$1` an absolute path, `$2` whether a link at its end is to be followed (`follow`) or kept.
///
/// Prints `at`, the user to work as with its own group (`33:33`, `0:0` for root), the path without links, and of what is
/// there `owner group mode owner:owner's group`, or `-`. Or `no` and why not.
///
/// Going down from `/`, a name in a directory where only root can put names means the same thing at the next command.
/// From the first directory on where a user can, the walk may be led astray, by that user alone, and everything is done
/// as that user: `who`. `can` is whoever can put other names into the directory at hand; in one with the sticky bit
/// (sticky(7)) what is there is only its owner's to rename, so there the owner of a link on the way counts.
pub(super) const WALK: &str = r#"
me=${SUDO_UID:-0} who= path= can= sticky= links=0 rest=${1#/}
no() { printf 'no\n%s\n' "$1"; exit 0; }
passwd() { getent passwd "$1" || printf '%s:::-\n' "$1"; }
called() { e=$(passwd "$1"); printf %s "${e%%:*}"; }
own_group() { passwd "$1" | { IFS=: read -r a b c g d; printf %s "$g"; }; }
add() {
  case $1 in 0 | "$me") return;; esac
  case " $can " in *" $1 "*) ;; *) can="$can $1";; esac
}
members() {
  named=
  e=$(getent group "$1") || e=
  IFS=,
  for n in ${e##*:}; do
    unset IFS
    e=$(getent passwd "$n") || continue
    e=${e#*:*:} named=1
    add "${e%%:*}"
  done
  unset IFS
  while IFS=: read -r n x u g x; do
    if [ "$g" = "$1" ]; then named=1; add "$u"; fi
  done <<USERS
$(getent passwd)
USERS
  [ "$named" ] || no "group $1 may write in \`$dir\`, and it cannot be told who is in it"
}
meet() {
  dir=${path:-/} can= sticky=
  set -- "$1" $(stat -c '%u %g %a' -- "$dir")
  add "$2"
  case $1$4 in
    way[1357]???) sticky=1;;
    *[2367]) no "everybody may write in \`$dir\`";;
    *[2367]?)
      l=$(LC_ALL=C ls -ld -- "$dir") l=${l%% *}
      case $l in *+) no "an access list lets more than owner and group write in \`$dir\`";; esac
      [ "$3" = 0 ] || members "$3";;
  esac
}
judge() {
  for u in $can; do
    [ "${who:=$u}" = "$u" ] ||
      no "\`$(called "$u")\` can change \`$dir\`, and \`$(called "$who")\` can change the way there"
  done
}
while :; do
  while :; do case $rest in /*) rest=${rest#/};; *) break;; esac; done
  name=${rest%%/*}
  case $rest in */*) rest=${rest#*/} kind=way;; *) rest= kind=last;; esac
  case $name in
    .. | . | '')
      [ "$name" != .. ] || path=${path%/*}
      [ "$rest" ] || no "\`${path:-/}\` is a directory"
      continue;;
    *[[:cntrl:]]*) no 'a link on the way has a name with control characters';;
  esac
  next=$path/$name
  meet $kind
  if [ -L "$next" ] && { [ $kind = way ] || [ "$2" = follow ]; }; then
    [ $((links += 1)) -le 40 ] || no "there are too many links at \`$next\`"
    [ ! "$sticky" ] || add "$(stat -c %u -- "$next")"
    judge
    to=$(readlink -- "$next")
    rest=$to${rest:+/$rest}
    case $to in /*) path=;; esac
    continue
  fi
  judge
  [ $kind = way ] || break
  if [ ! -e "$next" ]; then next=$next/$rest kind=none; break; fi
  [ -d "$next" ] || no "\`$next\` is no directory"
  path=$next
done
[ ! "$who" ] || [ "$can" ] || [ $kind = none ] || no "\`$dir\` is root's, and \`$(called "$who")\` can change the way there"
if [ "$who" ]; then printf 'at\n%s:%s\n' "$who" "$(own_group "$who")"; else printf 'at\n0:0\n'; fi
printf '%s\n' "$next"
if [ -e "$next" ] || [ -L "$next" ]; then
  set -- $(stat -c '%u %g %a' -- "$next")
  printf '%s %s:%s\n' "$*" "$1" "$(own_group "$1")"
else
  echo -
fi
"#;
