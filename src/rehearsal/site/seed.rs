//! The before-state: what the one web server looks like before the cutover. The account's half is the emulator's
//! own seed; this is the host's half, written as a layer over the base image from what that seed answered.

use crate::model::{hex, sha256};
use std::path::Path;

use crate::rehearsal::emulator::account::SeededAccount;
use crate::rehearsal::emulator::client::API_PORT;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::init::Init;
use crate::rehearsal::host::layers::{LayerWriter, Owner};
use crate::rehearsal::region::authority::Signed;
use crate::rehearsal::region::before::BeforeState;
use crate::rehearsal::region::network::REGION_ADDRESS;
use crate::rehearsal::region::operator::{ACCESS_KEY, SECRET_KEY};
use crate::rehearsal::site::release::Release;

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
const RENEWAL: &str = "version = 2.1.0\narchive_dir = /etc/letsencrypt/archive/{{fqdn}}\n\
cert = /etc/letsencrypt/live/{{fqdn}}/cert.pem\nprivkey = /etc/letsencrypt/live/{{fqdn}}/privkey.pem\n\
chain = /etc/letsencrypt/live/{{fqdn}}/chain.pem\nfullchain = /etc/letsencrypt/live/{{fqdn}}/fullchain.pem\n\n\
[renewalparams]\nauthenticator = nginx\ninstaller = nginx\nserver = https://acme-v02.api.letsencrypt.org/directory\n\
key_type = ecdsa\n";

/// Writes what every host of the lab has over the base image: what its init takes, and the operator's key (which EC2's
/// key pair puts there).
pub(in crate::rehearsal) fn write_common_layer(
    layer: &Path,
    base: &Path,
    init: &Init,
    public_key: &str,
) -> Result<(), RehearsalError> {
    let writer = LayerWriter::new(layer, base)?;
    init.write(&writer, base)?;
    // The lab does at a first boot what this has cloud-init do.
    let cloud = "cloud_final_modules:\n - keys_to_console\n";
    writer.file("/etc/cloud/cloud.cfg", cloud, 0o644, Owner::Root)?;
    writer.folder("/home/ubuntu", 0o755, Owner::Operator)?;
    writer.folder("/home/ubuntu/.ssh", 0o700, Owner::Operator)?;
    writer.file("/home/ubuntu/.ssh/authorized_keys", public_key, 0o600, Owner::Operator)
}

/// What is made up for one region: nobody knows it before, and it ends with the region.
pub(in crate::rehearsal) struct Secrets {
    /// The password of the site's user.
    pub(in crate::rehearsal) site: String,
    /// The password of the site in the database.
    pub(in crate::rehearsal) database: String,
}

impl Secrets {
    pub(in crate::rehearsal) fn make_up() -> Result<Self, RehearsalError> {
        Ok(Self { site: random(12)?, database: random(15)? })
    }
}

/// What the web server's disk is made from, beside the base image.
pub(in crate::rehearsal) struct SeededSite<'a> {
    pub(in crate::rehearsal) before: &'a BeforeState,
    pub(in crate::rehearsal) account: &'a SeededAccount,
    pub(in crate::rehearsal) certificate: &'a Signed,
    pub(in crate::rehearsal) secrets: &'a Secrets,
    /// The Nextcloud that lies below, not installed yet; the stand-in is written where there is none.
    pub(in crate::rehearsal) release: Option<&'a Release>,
}

impl SeededSite<'_> {
    /// Writes the site as it stands before the cutover: nginx with TLS, its certificate and certbot, config.php, cron.
    pub(in crate::rehearsal) fn write(&self, layer: &Path, base: &Path) -> Result<(), RehearsalError> {
        let writer = LayerWriter::new(layer, base)?;
        let (fqdn, site) = (self.account.fqdn.as_str(), &self.before.site);
        let root = site.root.as_str();
        let file = filled(include_str!("nextcloud.conf"), &[("fqdn", fqdn), ("root", root)]);
        writer.file(&site.nginx_file, file, 0o644, Owner::Root)?;
        self.write_certificate(&writer)?;
        let cron = format!("*/5 * * * * www-data php -f {root}/cron.php\n");
        writer.file(&site.cron_file, cron, 0o644, Owner::Root)?;
        writer.folder(root, 0o755, Owner::Web)?;
        writer.folder(&format!("{root}/config"), 0o770, Owner::Web)?;
        writer.folder(&format!("{root}/data"), 0o770, Owner::Web)?;
        if self.release.is_some() {
            let config = self.config(Release::CONFIG)?;
            return writer.file(&site.config_file, config, 0o640, Owner::Web);
        }
        writer.file(&site.config_file, self.config(include_str!("config.php"))?, 0o640, Owner::Web)?;
        writer.folder(&format!("{root}/lib"), 0o755, Owner::Web)?;
        for (name, content) in SITE_FILES {
            writer.file(&format!("{root}/{name}"), content, 0o644, Owner::Web)?;
        }
        let salt = random(8)?;
        let hash = sha256(format!("{salt}{}", self.secrets.site));
        let users = serde_json::json!({ &site.user: format!("{salt}:{hash}") });
        writer.file(&format!("{root}/data/users.json"), users.to_string(), 0o640, Owner::Web)
    }

    /// The certificate as certbot keeps it (its manual, "Where are my certificates?"): files in `archive`, links to them in
    /// `live`, and what it renews them with.
    fn write_certificate(&self, writer: &LayerWriter<'_>) -> Result<(), RehearsalError> {
        let fqdn = self.account.fqdn.as_str();
        let (archive, live) = (format!("/etc/letsencrypt/archive/{fqdn}"), format!("/etc/letsencrypt/live/{fqdn}"));
        for (name, text, mode) in
            [("fullchain", &self.certificate.chain, 0o644), ("privkey", &self.certificate.key, 0o600)]
        {
            writer.file(&format!("{archive}/{name}1.pem"), text, mode, Owner::Root)?;
            writer.link(&format!("{live}/{name}.pem"), &format!("../../archive/{fqdn}/{name}1.pem"))?;
        }
        let renewal = filled(RENEWAL, &[("fqdn", fqdn)]);
        writer.file(&format!("/etc/letsencrypt/renewal/{fqdn}.conf"), renewal, 0o644, Owner::Root)
    }

    fn config(&self, template: &str) -> Result<String, RehearsalError> {
        let (account, site) = (self.account, &self.before.site);
        let (store_host, store_port) = (REGION_ADDRESS.to_string(), API_PORT.to_string());
        Ok(filled(
            template,
            &[
                ("fqdn", &account.fqdn),
                ("passwordsalt", &random(15)?),
                ("secret", &random(24)?),
                ("root", &site.root),
                ("dbname", &site.database.name),
                ("dbuser", &site.database.user),
                ("dbpassword", &self.secrets.database),
                ("bucket", &account.bucket),
                ("store_key", ACCESS_KEY),
                ("store_secret", SECRET_KEY),
                ("store_host", &store_host),
                ("store_port", &store_port),
                ("region", &account.region),
                ("dbhost", &account.db_endpoint),
            ],
        ))
    }
}

/// `{{name}}` replaced by its value.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

/// Random bytes in hexadecimal, from the kernel.
pub(in crate::rehearsal) fn random(bytes: usize) -> Result<String, RehearsalError> {
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
        let site = filled(include_str!("nextcloud.conf"), &[("fqdn", "cloud.example"), ("root", "/srv")]);
        assert!(!site.contains("{{") && !filled(RENEWAL, &[("fqdn", "x")]).contains("{{"), "{site}");
        assert_eq!(site.matches("cloud.example").count(), 4);
    }

    #[test]
    fn the_site_file_has_the_shape_the_procedure_is_written_for() {
        let lines: Vec<&str> = include_str!("nextcloud.conf").lines().map(str::trim).collect();
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
