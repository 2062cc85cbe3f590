//! The shell scripts by which a file on a host is looked at and replaced. Constant: values reach them as arguments.
//!
//! Each may be cut off at any point and run again. Exit statuses that mean something are named at each.

/// How much a file may hold that is edited: far more than any configuration, and no burden to whoever reads it.
pub(super) const LARGEST: usize = 4 << 20;

/// `$1` path without links, `$2` [`LARGEST`]. Prints what is there: a kind in words, `missing`, or `file` with its attributes.
pub(super) const LOOK: &str = r#"
p=$1
[ -e "$p" ] || [ -L "$p" ] || { echo missing; exit 0; }
if [ -L "$p" ] || [ ! -f "$p" ]; then stat -c %F -- "$p"; exit 0; fi
a=$(stat -c '%u %g %a %.9Y %s' -- "$p")
[ "${a##* }" -le "$2" ] || { echo 'a file of more than 4 MiB'; exit 0; }
s=$(head -c "$2" -- "$p" | sha256sum)
echo file
echo "${a% *}"
echo "${s%% *}"
"#;

/// `$1` path without links, `$2` [`LARGEST`]. Prints its content, as far as one byte beyond that.
pub(super) const READ: &str = r#"head -c "$(($2 + 1))" -- "$1""#;

/// `$1` file, `$2` copy, `$3` the file's sha256, `$4` an older copy, which goes once there is this one, `$5` the name it has
/// until it is complete. Exit status 3: the copy's name is taken; 4: the file has changed.
pub(super) const COPY: &str = r#"
umask 077
sum() { s=$(sha256sum <"$1"); printf %s "${s%% *}"; }
if [ -e "$2" ] || [ -L "$2" ]; then
  if [ -f "$2" ] && [ ! -L "$2" ] && [ "$(sum "$2")" = "$3" ]; then exit 0; fi
  exit 3
fi
rm -f -- "$5"
cp --preserve=all --no-dereference --remove-destination -T -- "$1" "$5"
[ -f "$5" ] && [ ! -L "$5" ] && [ "$(sum "$5")" = "$3" ] || { rm -f -- "$5"; exit 4; }
sync -- "$5"
mv -nT -- "$5" "$2"
if [ -e "$5" ]; then rm -f -- "$5"; exit 3; fi
rm -f -- "$4"
sync -- "${2%/*}/"
"#;

/// `$1` the copy, `$2` where it is put aside.
pub(super) const SET_ASIDE: &str = r#"
if [ -e "$1" ]; then mv -fT -- "$1" "$2"; fi
sync -- "${1%/*}/"
"#;

/// `$1` the copy, `$2` where it was put aside. A copy that is there is left alone.
pub(super) const TAKE_UP: &str = r#"
mv -nT -- "$2" "$1"
sync -- "${1%/*}/"
"#;

/// `$1` file, or nothing where there is none, `$2` new content's name, `$3` the new content's sha256; the content comes by
/// standard input. `$4` its owner and group (`33:33`, one of them may be missing) and `$5` its permissions, where they are not
/// to be the file's. Exit status 5: not everything arrived.
pub(super) const STAGE: &str = r#"
umask 077
rm -f -- "$2"
set -C
cat >"$2"
set +C
s=$(sha256sum <"$2")
[ "${s%% *}" = "$3" ] || { rm -f -- "$2"; exit 5; }
[ ! "$1" ] || cp --attributes-only --preserve=all --no-dereference -T -- "$1" "$2"
[ ! "${4-}" ] || chown -h -- "$4" "$2"
[ ! "${5-}" ] || chmod -- "$5" "$2"
touch -- "$2"
sync -- "$2"
"#;

/// `$1` new content's name, thrown away.
pub(super) const UNSTAGE: &str = r#"rm -f -- "$1""#;

/// `$1` file, `$2` new content's name, `$3` the file's sha256 now. Exit status 4: the file has changed; 6: nothing was replaced.
pub(super) const COMMIT: &str = r#"
s=$(sha256sum <"$1")
[ "${s%% *}" = "$3" ] || { rm -f -- "$2"; exit 4; }
mv -fT -- "$2" "$1" || { rm -f -- "$2"; exit 6; }
sync -- "${1%/*}/"
"#;

/// `$1` file that is not there yet, `$2` new content's name. Exit status 4: somebody made the file; 6: it was not made.
pub(super) const CREATE: &str = r#"
mv -nT -- "$2" "$1" || :
if [ -e "$2" ]; then
  rm -f -- "$2"
  if [ -e "$1" ] || [ -L "$1" ]; then exit 4; fi
  exit 6
fi
sync -- "${1%/*}/"
"#;

/// `$1` file, `$2` copy, `$3` the copy's sha256, `$4` a name beside, `$5` the file's sha256 now.
/// Exit status 3: no copy; 4: the file has changed; 5: the copy is not what it was.
pub(super) const PUT_BACK: &str = r#"
umask 077
sum() { s=$(sha256sum <"$1"); printf %s "${s%% *}"; }
if [ ! -f "$2" ] || [ -L "$2" ]; then exit 3; fi
[ "$(sum "$2")" = "$3" ] || exit 5
[ "$(sum "$1")" = "$5" ] || exit 4
rm -f -- "$4"
cp --preserve=all --no-dereference --remove-destination -T -- "$2" "$4"
[ -f "$4" ] && [ ! -L "$4" ] && [ "$(sum "$4")" = "$3" ] || { rm -f -- "$4"; exit 5; }
sync -- "$4"
mv -fT -- "$4" "$1" || { rm -f -- "$4"; exit 1; }
sync -- "${1%/*}/"
"#;

/// `$1` the copy, `$2` its sha256: something else of that name stays; all further names go with it.
pub(super) const REMOVE: &str = r#"
copy=$1 sum=$2
shift 2
rm -f -- "$@"
[ -e "$copy" ] || exit 0
s=$(sha256sum <"$copy")
[ "${s%% *}" = "$sum" ] || exit 5
rm -f -- "$copy"
"#;

/// `$1` file. Prints a word with a number, one a line, for each thing for which a rename cannot put other content into its
/// place with all else as it was.
///
/// A rename replaces a name: other names of the file (hard links) keep the old content; `chattr +i` and `+a` (chattr(1)) let
/// nobody rename, root neither. Who is not root gives a file a group of his own only (chown(2)).
pub(super) const OBSTACLES: &str = r#"
dir=${1%/*}/ who=$(id -u)
set -- "$1" $(stat -c '%u %g %h %a' -- "$1")
if [ "$who" != 0 ]; then
  [ "$2" = "$who" ] || echo "owner $2"
  case " $(id -G) " in *" $3 "*) ;; *) echo "group $3";; esac
fi
[ "$4" = 1 ] || echo "names $4"
case $5 in ????) echo "mode $5";; esac
[ -w "$dir" ] || echo 'unwritable 1'
for name in "$1" "$dir"; do
  flags=$(lsattr -d -- "$name" 2>/dev/null) || continue
  case ${flags%% *} in *[ia]*) if [ "$name" = "$1" ]; then echo 'fixed 1'; else echo 'fixed 2'; fi;; esac
done
"#;

/// `$1` file that is to be made. Prints what keeps it from being made, as [`OBSTACLES`] does.
pub(super) const ROOM: &str = r#"
dir=${1%/*}/
[ -d "$dir" ] || { echo 'nowhere 1'; exit 0; }
[ -w "$dir" ] || echo 'unwritable 1'
flags=$(lsattr -d -- "$dir" 2>/dev/null) || exit 0
case ${flags%% *} in *[ia]*) echo 'fixed 2';; esac
"#;

/// `$1` a user's id and `$2` a group's, or `-`. Prints, as [`OBSTACLES`] does, which of them whoever runs it cannot give a file.
pub(super) const GIVEN: &str = r#"
who=$(id -u)
[ "$who" != 0 ] || exit 0
[ "$1" = - ] || [ "$1" = "$who" ] || echo "foreign-owner $1"
[ "$2" = - ] || case " $(id -G) " in *" $2 "*) ;; *) echo "foreign-group $2";; esac
"#;

/// `$1` a user and `$2` a group, by name or number, or `-`. Prints the number of each on a line, `none` where there is none.
pub(super) const ACCOUNTS: &str = r#"
number() {
  case $2 in
    -) echo -;;
    *[!0-9]*)
      e=$(getent "$1" "$2") || { echo none; return 0; }
      e=${e#*:*:}
      echo "${e%%:*}";;
    *) echo "$2";;
  esac
}
number passwd "$1"
number group "$2"
"#;

/// `$1` file. Run as root, which may look at each process. Prints a process id for each process to which this very file is
/// mounted by itself (`docker run -v ./site.conf:/etc/...`, systemd's `BindPaths=`): after a rename it would go on seeing the
/// old one. In /proc/PID/mountinfo (proc_pid_mountinfo(5)) the third field is the device, the fourth what of it is mounted.
pub(super) const MOUNTED: &str = r#"
path=$(printf %s "$1" | sed 's/\\/\\134/g; s/ /\\040/g; s/\t/\\011/g')
best=-1 d=none r=/ p=/
while read -r a b device root point rest; do
  case $path/ in
    "${point%/}"/*) if [ ${#point} -ge $best ]; then best=${#point} d=$device r=$root p=$point; fi;;
  esac
done </proc/self/mountinfo
if [ "$p" = "$path" ]; then inside=$r; else inside=${r%/}${path#"${p%/}"}; fi
grep -lsF -- " $d $inside /" /proc/[0-9]*/mountinfo | while IFS=/ read -r a b pid rest; do echo "$pid"; done
"#;
