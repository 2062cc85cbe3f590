//! Installing a Nextcloud release on the web server of the lab, as its administrator does: by `occ`, as the web server's
//! user, with the database at its endpoint and the users' files in the object store.
//!
//! Sources: Nextcloud's administration manual, "Installing from command line" (`occ maintenance:install`), "Configuring
//! object storage as primary storage" (the store stands in config.php before the installation), "Background jobs".

use std::path::Path;

use crate::rehearsal::error::{RehearsalError, tail};
use crate::rehearsal::host::handle::HostHandle;
use crate::rehearsal::world::file::NextcloudBefore;

/// Installs it and uses it once, for a site that nobody has used yet changes by being looked at: the first log-in fills
/// the user's files, the first page makes what pages share.
pub(in crate::rehearsal) async fn install(
    web: &HostHandle,
    site: &NextcloudBefore,
    log: &Path,
) -> Result<(), RehearsalError> {
    let database = &site.database;
    let occ = Occ { web, root: &site.root, log };
    occ.run(&[
        "maintenance:install",
        "--no-interaction",
        "--database=mysql",
        &format!("--database-host={}", database.host),
        &format!("--database-name={}", database.name),
        &format!("--database-user={}", database.user),
        &format!("--database-pass={}", database.password),
        &format!("--admin-user={}", site.user),
        &format!("--admin-pass={}", site.password),
        &format!("--data-dir={}/data", site.root),
    ])
    .await?;
    // The installer has put `localhost` there.
    occ.run(&["config:system:set", "trusted_domains", "0", &format!("--value={}", site.name)]).await?;
    let url = format!("https://{}", site.name);
    occ.run(&["config:system:set", "overwrite.cli.url", &format!("--value={url}")]).await?;
    occ.run(&["background:cron"]).await?;
    let resolve = format!("{}:443:127.0.0.1", site.name);
    let user = format!("{}:{}", site.user, site.password);
    let files = format!("{url}/remote.php/dav/files/{}/", site.user);
    let ask = ["curl", "-fsSkL", "--max-time", "120", "--resolve", &resolve, "-o", "/dev/null"];
    let (look, page) = (["-X", "PROPFIND", "-H", "Depth: 1", "-u", &user, &files], format!("{url}/login"));
    inside(web, "the first look at the user's files", &[&ask[..], &look[..]].concat(), log).await?;
    inside(web, "the first page", &[&ask[..], &["-H", "Accept: text/html", &page]].concat(), log).await
}

/// Nextcloud's own command line.
struct Occ<'a> {
    web: &'a HostHandle,
    root: &'a str,
    log: &'a Path,
}

impl Occ<'_> {
    async fn run(&self, words: &[&str]) -> Result<(), RehearsalError> {
        let program = format!("{}/occ", self.root);
        let user =
            ["setpriv", "--reuid=www-data", "--regid=www-data", "--init-groups", "--inh-caps=-all", "env", "HOME=/tmp"];
        // The manual asks for 512 MB; Debian's php has no limit on the command line.
        let php = ["php", "-d", "memory_limit=512M", program.as_str()];
        let what = format!("occ {}", words.first().copied().unwrap_or_default());
        inside(self.web, &what, &[&user[..], &php[..], words].concat(), self.log).await
    }
}

/// Runs a program on the web server; what it says goes to the log. Errors name it by `what`: its words hold passwords.
async fn inside(web: &HostHandle, what: &str, argv: &[&str], log: &Path) -> Result<(), RehearsalError> {
    let open =
        || std::fs::File::options().create(true).append(true).open(log).map_err(RehearsalError::file("open", log));
    let (out, err) = (open()?, open()?);
    let failed = |status: String| RehearsalError::ProgramFailed {
        command: format!("{what} (installing Nextcloud on {})", web.hostname),
        status,
        said: tail(log, 12),
    };
    let mut program = web.command(argv).ok_or_else(|| failed("no answer: the web server is off".to_owned()))?;
    let status = program.stdout(out).stderr(err).status().await;
    let status =
        status.map_err(|source| RehearsalError::ProgramUnstartable { program: "nsenter".to_owned(), source })?;
    if status.success() { Ok(()) } else { Err(failed(status.to_string())) }
}
