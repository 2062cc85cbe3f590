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
