//! What a host of a world has on its disk over the base image, before its first boot.

use super::file::{NextcloudBefore, World, WorldHost};
use super::names::WorldNames;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::layers::{LayerWriter, Owner};
use crate::rehearsal::region::authority::{Authority, Signed};
use crate::rehearsal::site::release::Release;
use crate::rehearsal::site::seed;
use std::path::Path;

/// What hosts of a world are made from.
pub(in crate::rehearsal) struct Stock<'a> {
    pub(in crate::rehearsal) world: &'a World,
    pub(in crate::rehearsal) names: &'a WorldNames,
    pub(in crate::rehearsal) authority: &'a Authority,
    /// The Nextcloud that lies below, not installed yet; the stand-in is written where there is none.
    pub(in crate::rehearsal) release: Option<&'a Release>,
}

impl Stock<'_> {
    /// Writes one host's layer.
    pub(in crate::rehearsal) async fn write(
        &self,
        host: &WorldHost,
        layer: &Path,
        base: &Path,
    ) -> Result<(), RehearsalError> {
        let writer = LayerWriter::new(layer, base)?;
        for name in &host.certbot {
            write_certificate(&writer, name, &self.authority.sign(name).await?)?;
        }
        if let Some(nextcloud) = self.nextcloud(host) {
            seed::write(&writer, &nextcloud, self.world.region(), self.release.is_some())?;
        }
        for (path, file) in &host.files {
            // An owner may be made by a command: it comes when the host is up.
            writer.file(path, self.names.fill(file.content()), mode_of(file.mode())?, Owner::Root)?;
        }
        for (unit, text) in &host.units {
            writer.file(&format!("/etc/systemd/system/{unit}"), self.names.fill(text), 0o644, Owner::Root)?;
        }
        Ok(())
    }

    fn nextcloud(&self, host: &WorldHost) -> Option<NextcloudBefore> {
        host.nextcloud.as_ref().map(|it| it.filled(&|text| self.names.fill(text)))
    }
}

/// Permissions as `chmod` takes them in numbers.
fn mode_of(text: &str) -> Result<u32, RehearsalError> {
    u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777).ok_or_else(|| {
        RehearsalError::Unsupported(format!("`{text}` are no permissions: expected an octal number like `0640`"))
    })
}

const RENEWAL: &str = "version = 2.1.0\narchive_dir = /etc/letsencrypt/archive/{{name}}\n\
cert = /etc/letsencrypt/live/{{name}}/cert.pem\nprivkey = /etc/letsencrypt/live/{{name}}/privkey.pem\n\
chain = /etc/letsencrypt/live/{{name}}/chain.pem\nfullchain = /etc/letsencrypt/live/{{name}}/fullchain.pem\n\n\
[renewalparams]\nauthenticator = nginx\ninstaller = nginx\nserver = https://acme-v02.api.letsencrypt.org/directory\n\
key_type = ecdsa\n";

/// A certificate as certbot keeps it (its manual, "Where are my certificates?"): files in `archive`, links to them in `live`, and
/// what it renews them with.
fn write_certificate(writer: &LayerWriter<'_>, name: &str, signed: &Signed) -> Result<(), RehearsalError> {
    let (archive, live) = (format!("/etc/letsencrypt/archive/{name}"), format!("/etc/letsencrypt/live/{name}"));
    for (part, text, mode) in [("fullchain", &signed.chain, 0o644), ("privkey", &signed.key, 0o600)] {
        writer.file(&format!("{archive}/{part}1.pem"), text, mode, Owner::Root)?;
        writer.link(&format!("{live}/{part}.pem"), &format!("../../archive/{name}/{part}1.pem"))?;
    }
    writer.file(&format!("/etc/letsencrypt/renewal/{name}.conf"), RENEWAL.replace("{{name}}", name), 0o644, Owner::Root)
}

#[cfg(test)]
mod tests {
    use super::mode_of;

    #[test]
    fn permissions_are_octal() {
        assert_eq!(mode_of("0640").unwrap(), 0o640);
        for odd in ["", "u+x", "0888", "100000"] {
            assert!(mode_of(odd).is_err(), "{odd}");
        }
    }
}
