[ -e "$1" ] || [ -L "$1" ] || exit 3; if [ -e "$2" ] || [ -L "$2" ]; then exit 4; fi; mv -nT -- "$1" "$2"
