//! The shell scripts by which a file on a host is looked at and replaced. Constant: values reach them as arguments.
//!
//! Each may be cut off at any point and run again. Exit statuses that mean something are named at each.

/// `$1` path. Prints what is there: a kind in words, `missing`, or `file` with its attributes.
pub(super) const LOOK: &str = r#"
p=$1
if [ -L "$p" ]; then p=$(readlink -e -- "$p") || { echo 'a link that leads nowhere'; exit 0; }; fi
[ -e "$p" ] || { echo missing; exit 0; }
[ -f "$p" ] || { stat -c %F -- "$p"; exit 0; }
s=$(sha256sum <"$p")
echo file
stat -c '%u %g %a %.9Y' -- "$p"
printf '%s\n' "${s%% *}" "$p"
"#;

/// `$1` path. Prints its content.
pub(super) const READ: &str = r#"cat -- "$1""#;

/// `$1` file, `$2` copy, `$3` the file's sha256, `$4` an older copy, which goes once there is this one.
/// Exit status 3: the copy's name is taken; 4: the file has changed.
pub(super) const COPY: &str = r#"
umask 077
sum() { s=$(sha256sum <"$1"); printf %s "${s%% *}"; }
if [ -e "$2" ] || [ -L "$2" ]; then
  if [ -f "$2" ] && [ ! -L "$2" ] && [ "$(sum "$2")" = "$3" ]; then exit 0; fi
  exit 3
fi
rm -f -- "$2.part"
cp --preserve=all -T -- "$1" "$2.part"
[ "$(sum "$2.part")" = "$3" ] || { rm -f -- "$2.part"; exit 4; }
sync -- "$2.part"
mv -nT -- "$2.part" "$2"
if [ -e "$2.part" ]; then rm -f -- "$2.part"; exit 3; fi
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

/// `$1` file, `$2` new content's name, `$3` the new content's sha256; the content comes by standard input.
/// Exit status 5: not everything arrived.
pub(super) const STAGE: &str = r#"
umask 077
rm -f -- "$2"
set -C
cat >"$2"
set +C
s=$(sha256sum <"$2")
[ "${s%% *}" = "$3" ] || { rm -f -- "$2"; exit 5; }
cp --attributes-only --preserve=all -T -- "$1" "$2"
touch -- "$2"
sync -- "$2"
"#;

/// `$1` file, `$2` new content's name, `$3` the file's sha256 now. Exit status 4: the file has changed.
pub(super) const COMMIT: &str = r#"
s=$(sha256sum <"$1")
[ "${s%% *}" = "$3" ] || { rm -f -- "$2"; exit 4; }
mv -fT -- "$2" "$1"
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
cp --preserve=all -T -- "$2" "$4"
[ "$(sum "$4")" = "$3" ] || { rm -f -- "$4"; exit 5; }
sync -- "$4"
mv -fT -- "$4" "$1"
sync -- "${1%/*}/"
"#;

/// `$1` the copy, `$2` its sha256: something else of that name stays; `$3` and `$4` go with it.
pub(super) const REMOVE: &str = r#"
for f in "$1.part" "$3" "$4"; do rm -f -- "$f"; done
[ -e "$1" ] || exit 0
s=$(sha256sum <"$1")
[ "${s%% *}" = "$2" ] || exit 5
rm -f -- "$1"
"#;
