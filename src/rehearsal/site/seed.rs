//! A Nextcloud on a host's disk: the stand-in with its files, or what a release is to find before it is installed.

use crate::model::sha256;
use crate::rehearsal::emulator::client::API_PORT;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::layers::{LayerWriter, Owner};
use crate::rehearsal::region::network::REGION_ADDRESS;
use crate::rehearsal::region::operator::{ACCESS_KEY, SECRET_KEY};
use crate::rehearsal::site::release::Release;
use crate::rehearsal::world::file::NextcloudBefore;
use crate::rehearsal::world::secrets::random;

const SITE_FILES: [(&str, &str); 9] = [
    ("status.php", include_str!("status.php")),
    ("index.php", include_str!("index.php")),
    ("remote.php", include_str!("remote.php")),
    ("cron.php", include_str!("cron.php")),
    ("lib/site.php", include_str!("lib/site.php")),
    ("lib/session.php", include_str!("lib/session.php")),
    ("lib/store.php", include_str!("lib/store.php")),
    ("lib/users.php", include_str!("lib/users.php")),
    ("lib/database.php", include_str!("lib/database.php")),
];

/// Writes it: config.php, and the stand-in where no release lies below.
pub(in crate::rehearsal) fn write(
    writer: &LayerWriter<'_>,
    it: &NextcloudBefore,
    region: &str,
    is_release: bool,
) -> Result<(), RehearsalError> {
    let root = it.root.as_str();
    writer.folder(root, 0o755, Owner::Web)?;
    writer.folder(&format!("{root}/config"), 0o770, Owner::Web)?;
    writer.folder(&format!("{root}/data"), 0o770, Owner::Web)?;
    let template = if is_release { Release::CONFIG } else { include_str!("config.php") };
    writer.file(&format!("{root}/config/config.php"), config(template, it, region)?, 0o640, Owner::Web)?;
    if is_release {
        return Ok(());
    }
    writer.folder(&format!("{root}/lib"), 0o755, Owner::Web)?;
    for (name, content) in SITE_FILES {
        writer.file(&format!("{root}/{name}"), content, 0o644, Owner::Web)?;
    }
    let salt = random(8)?;
    let hash = sha256(format!("{salt}{}", it.password));
    let users = serde_json::json!({ &it.user: format!("{salt}:{hash}") });
    writer.file(&format!("{root}/data/users.json"), users.to_string(), 0o640, Owner::Web)
}

fn config(template: &str, it: &NextcloudBefore, region: &str) -> Result<String, RehearsalError> {
    let (store_host, store_port) = (REGION_ADDRESS.to_string(), API_PORT.to_string());
    Ok(filled(
        template,
        &[
            ("fqdn", &it.name),
            ("passwordsalt", &random(15)?),
            ("secret", &random(24)?),
            ("root", &it.root),
            ("dbname", &it.database.name),
            ("dbuser", &it.database.user),
            ("dbpassword", &it.database.password),
            ("dbhost", &it.database.host),
            ("bucket", &it.bucket),
            ("store_key", ACCESS_KEY),
            ("store_secret", SECRET_KEY),
            ("store_host", &store_host),
            ("store_port", &store_port),
            ("region", region),
        ],
    ))
}

/// `{{name}}` replaced by its value.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}
