//! The before-state: what the one web server looks like before the cutover. The account's half is the emulator's
//! own seed; this is the host's half, written as a layer over the base image from what that seed answered.

use crate::model::{hex, sha256};
use std::path::Path;

use super::account::SeededAccount;
use super::authority::Signed;
use super::emulator_client::API_PORT;
use super::error::RehearsalError;
use super::layers::{LayerWriter, Owner};
use super::network::REGION_ADDRESS;
use super::operator::{ACCESS_KEY, SECRET_KEY, SITE_USER};

/// Where the site is installed on a host.
const SITE: &str = "/var/www/html/nextcloud";
const SITE_FILES: [(&str, &str); 8] = [
    ("status.php", include_str!("site/status.php")),
    ("index.php", include_str!("site/index.php")),
    ("remote.php", include_str!("site/remote.php")),
    ("cron.php", include_str!("site/cron.php")),
    ("lib/site.php", include_str!("site/lib/site.php")),
    ("lib/session.php", include_str!("site/lib/session.php")),
    ("lib/store.php", include_str!("site/lib/store.php")),
    ("lib/users.php", include_str!("site/lib/users.php")),
];
const CERTBOT_TIMER: &str = "[Unit]\nDescription=Run certbot twice daily\n\n[Timer]\nOnCalendar=*-*-* 00,12:00:00\n\
RandomizedDelaySec=43200\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n";
const CERTBOT_SERVICE: &str =
    "[Unit]\nDescription=Certbot\n\n[Service]\nType=oneshot\nExecStart=/usr/bin/certbot -q renew\nPrivateTmp=true\n";
const CRON_ENTRY: &str = "*/5 * * * * www-data php -f /var/www/html/nextcloud/cron.php\n";
const ENABLED: [&str; 4] = ["ssh", "nginx", "php8.2-fpm", "cron"];

/// Writes what every host of the lab has over the base image: the small init, its tools, and the operator's key
/// (which EC2's key pair puts there).
pub(super) fn write_common_layer(layer: &Path, base: &Path, public_key: &str) -> Result<(), RehearsalError> {
    let writer = LayerWriter::new(layer, base)?;
    writer.file("/usr/local/sbin/lab-init", include_str!("host/lab-init"), 0o755, Owner::Root)?;
    writer.file("/usr/local/sbin/shutdown", include_str!("host/shutdown"), 0o755, Owner::Root)?;
    for name in ["poweroff", "reboot", "halt"] {
        writer.link(&format!("/usr/local/sbin/{name}"), "shutdown")?;
    }
    writer.file("/usr/local/bin/systemctl", include_str!("host/systemctl"), 0o755, Owner::Root)?;
    for service in ENABLED {
        let file = format!("{service}.service");
        let link = format!("/etc/systemd/system/multi-user.target.wants/{file}");
        if std::fs::symlink_metadata(base.join(&link[1..])).is_err() {
            writer.link(&link, &format!("/lib/systemd/system/{file}"))?;
        }
    }
    // The lab does at a first boot what this has cloud-init do.
    let cloud = "cloud_final_modules:\n - keys_to_console\n";
    writer.file("/etc/cloud/cloud.cfg", cloud, 0o644, Owner::Root)?;
    writer.folder("/home/ubuntu", 0o755, Owner::Operator)?;
    writer.folder("/home/ubuntu/.ssh", 0o700, Owner::Operator)?;
    writer.file("/home/ubuntu/.ssh/authorized_keys", public_key, 0o600, Owner::Operator)
}

/// Writes the site as it stands before the cutover: nginx with TLS, its certificate and certbot, config.php, cron.
pub(super) fn write_site_layer(
    layer: &Path,
    base: &Path,
    account: &SeededAccount,
    certificate: &Signed,
    password: &str,
) -> Result<(), RehearsalError> {
    let writer = LayerWriter::new(layer, base)?;
    let fqdn = account.fqdn.as_str();
    writer.file(
        "/etc/nginx/conf.d/nextcloud.conf",
        filled(include_str!("site/nextcloud.conf"), &[("fqdn", fqdn)]),
        0o644,
        Owner::Root,
    )?;
    let live = format!("/etc/letsencrypt/live/{fqdn}");
    writer.file(&format!("{live}/fullchain.pem"), &certificate.chain, 0o644, Owner::Root)?;
    writer.file(&format!("{live}/privkey.pem"), &certificate.key, 0o600, Owner::Root)?;
    writer.file("/etc/systemd/system/certbot.timer", CERTBOT_TIMER, 0o644, Owner::Root)?;
    writer.file("/etc/systemd/system/certbot.service", CERTBOT_SERVICE, 0o644, Owner::Root)?;
    writer.link("/etc/systemd/system/timers.target.wants/certbot.timer", "/etc/systemd/system/certbot.timer")?;
    writer.file("/etc/cron.d/nextcloud-cron-php", CRON_ENTRY, 0o644, Owner::Root)?;

    writer.folder(SITE, 0o755, Owner::Web)?;
    writer.folder(&format!("{SITE}/lib"), 0o755, Owner::Web)?;
    for (name, content) in SITE_FILES {
        writer.file(&format!("{SITE}/{name}"), content, 0o644, Owner::Web)?;
    }
    let store_port = API_PORT.to_string();
    let store_host = REGION_ADDRESS.to_string();
    let (salt, secret, db_password, users_salt) = (random(15)?, random(24)?, random(15)?, random(8)?);
    let config = filled(
        include_str!("site/config.php"),
        &[
            ("fqdn", fqdn),
            ("passwordsalt", &salt),
            ("secret", &secret),
            ("dbpassword", &db_password),
            ("bucket", &account.bucket),
            ("store_key", ACCESS_KEY),
            ("store_secret", SECRET_KEY),
            ("store_host", &store_host),
            ("store_port", &store_port),
            ("region", &account.region),
            ("dbhost", &account.db_endpoint),
        ],
    );
    writer.folder(&format!("{SITE}/config"), 0o770, Owner::Web)?;
    writer.file(&format!("{SITE}/config/config.php"), config, 0o640, Owner::Web)?;
    writer.folder(&format!("{SITE}/data"), 0o770, Owner::Web)?;
    let hash = sha256(format!("{users_salt}{password}"));
    let users = serde_json::json!({ SITE_USER: format!("{users_salt}:{hash}") });
    writer.file(&format!("{SITE}/data/users.json"), users.to_string(), 0o640, Owner::Web)
}

/// `{{name}}` replaced by its value.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

/// Random bytes in hexadecimal, from the kernel.
pub(super) fn random(bytes: usize) -> Result<String, RehearsalError> {
    use std::io::Read;
    let source = Path::new("/dev/urandom");
    let mut buffer = vec![0; bytes];
    std::fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut buffer))
        .map_err(RehearsalError::file("read", source))?;
    Ok(hex(&buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_filled_completely() {
        let site = filled(include_str!("site/nextcloud.conf"), &[("fqdn", "cloud.example")]);
        assert!(!site.contains("{{"), "{site}");
        assert_eq!(site.matches("cloud.example").count(), 4);
    }

    #[test]
    fn the_site_file_has_the_shape_the_procedure_is_written_for() {
        let lines: Vec<&str> = include_str!("site/nextcloud.conf").lines().map(str::trim).collect();
        assert_eq!(lines[9], "# enforce https");
        assert_eq!(lines[10], "return 301 https://$server_name:443$request_uri;");
        assert_eq!(lines[14], "listen 443 ssl http2;");
        assert!(lines[21].starts_with("ssl_certificate ") && lines[22].starts_with("ssl_certificate_key "));
        for absolute_redirect in [64, 67] {
            assert_eq!(lines[absolute_redirect], "return 301 $scheme://$host:$server_port/remote.php/dav;");
        }
    }

    #[test]
    fn random_values_differ() {
        assert_ne!(random(16).unwrap(), random(16).unwrap());
    }
}
