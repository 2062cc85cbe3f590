//! A file brought to a host in pieces, beside its place, going on where it stood.

use super::file::{HASHING, HostFile};
use super::upload_local::Local;
use crate::model::Failure;
use std::time::Duration;

/// How much goes at once.
const PIECE: usize = 2 << 20;
/// How long one piece may take: on a line on which that is not enough nothing is done in a night.
const PIECE_LIMIT: Duration = Duration::from_secs(300);

/// `$1` the new content's name. Prints how many bytes of it are there, and their SHA-256; makes it where none is.
const STANDS: &str = r#"
umask 077
if [ -f "$1" ] && [ ! -L "$1" ]; then
  s=$(sha256sum <"$1")
  echo "$(stat -c %s -- "$1") ${s%% *}"
else
  rm -f -- "$1"
  set -C
  : >"$1"
  echo '0 none'
fi
"#;

/// `$1` the new content's name, `$2` how many bytes it has. What comes by standard input is added. Exit status 4: it has others.
const ADD: &str = r#"
if [ ! -f "$1" ] || [ -L "$1" ] || [ "$(stat -c %s -- "$1")" != "$2" ]; then exit 4; fi
cat >>"$1"
stat -c %s -- "$1"
"#;

/// `$1` file, or nothing where there is none, `$2` new content's name, `$3` its SHA-256, `$4` and `$5` as in `STAGE`. Exit status 5: it is
/// another one.
const COMPLETE: &str = r#"
s=$(sha256sum <"$2")
[ "${s%% *}" = "$3" ] || { rm -f -- "$2"; exit 5; }
[ ! "$1" ] || cp --attributes-only --preserve=all --no-dereference -T -- "$1" "$2"
[ ! "$4" ] || chown -h -- "$4" "$2"
[ ! "$5" ] || chmod -- "$5" "$2"
touch -- "$2"
sync -- "$2"
"#;

/// `$1` the file. Prints how many bytes whoever works here may still write to its file system.
const ROOM: &str = r#"stat -f -c '%a %S' -- "${1%/*}/""#;

impl HostFile<'_> {
    /// Brings a local file beside the place, in pieces. What is there already of it counts.
    pub(super) async fn stage_local(&self, [like, whose, mode]: [&str; 3], local: &Local) -> Result<(), Failure> {
        let mut there = self.stands(local).await?;
        while there < local.size {
            let piece = local.piece(there, PIECE).await?;
            if piece.is_empty() {
                return Err(Failure::refused(format!("`{}` became shorter while it was read", local.path.display())));
            }
            let command = self.hand.script(ADD, [self.fresh.as_str(), &there.to_string()]);
            let output = self.cx.run(self.host, command.stdin(piece).limit(PIECE_LIMIT)).await?;
            there = match output.status {
                0 => output.text().parse().unwrap_or(0),
                4 => self.stands(local).await?,
                status => return Err(self.failed("write beside", status, output.stderr)),
            };
            self.cx.beat().beat(format!("{} of {} of `{}` are there", size(there), size(local.size), local.name()))?;
        }
        let arguments = [like, self.fresh.as_str(), &local.sha256, whose, mode];
        let output = self.cx.run(self.host, self.hand.script(COMPLETE, arguments).limit(HASHING)).await?;
        match output.status {
            0 => Ok(()),
            5 => Err(Failure::transient(format!(
                "what arrived of `{}` on {} is not what was sent",
                self.path, self.host
            ))),
            status => Err(self.failed("write beside", status, output.stderr)),
        }
    }

    /// How many bytes of a local file are beside the place; what is there of another is removed.
    async fn stands(&self, local: &Local) -> Result<u64, Failure> {
        for _ in 0..2 {
            let output = self.cx.run(self.host, self.hand.script(STANDS, [&self.fresh]).limit(HASHING)).await?;
            let told = output.text();
            let (bytes, sha256) = told.split_once(' ').unwrap_or((told.as_str(), ""));
            if !output.ok() {
                return Err(self.failed("write beside", output.status, output.stderr));
            }
            let bytes: u64 = bytes.parse().unwrap_or(0);
            if bytes == 0 || (bytes <= local.size && local.sha256_of_first(bytes).await? == sha256) {
                return Ok(bytes);
            }
            self.unstage().await?;
        }
        Err(Failure::transient(format!("`{}` on {} changes while it is written", self.fresh, self.host)))
    }

    /// That the host has room for so many bytes, and some to spare.
    ///
    /// # Errors
    /// Refused when it has not.
    pub(super) async fn must_hold(&self, bytes: u64) -> Result<(), Failure> {
        let what = format!("looking for room beside `{}`", self.path);
        let told = self.cx.run_ok(self.host, self.hand.script(ROOM, [&self.path]), &what).await?;
        let mut numbers = told.split_whitespace().filter_map(|number| number.parse::<u64>().ok());
        let (Some(blocks), Some(block)) = (numbers.next(), numbers.next()) else { return Ok(()) };
        let (free, wanted) = (blocks.saturating_mul(block), bytes.saturating_add(bytes / 20));
        if free >= wanted {
            return Ok(());
        }
        Err(Failure::refused(format!("`{}` does not fit on {}", self.path, self.host))
            .cause(format!("{} are free there, and {} are needed", size(free), size(wanted)))
            .advise(format!("make room: `df -h {}` on {}", self.path, self.host.name)))
    }
}

/// `3.2 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
    }
    let (mut tenths, mut unit) = (bytes.saturating_mul(10) / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1024, unit + 1);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS.get(unit).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_told_with_one_digit_after_the_point() {
        assert_eq!([0, 1, 1023].map(size), ["0 bytes", "1 byte", "1023 bytes"]);
        assert_eq!([1024, 1536, 3 << 20, 5 << 30].map(size), ["1.0 KiB", "1.5 KiB", "3.0 MiB", "5.0 GiB"]);
    }
}
