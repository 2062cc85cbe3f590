//! The lab's certificate authority. It stands in for two: ACM, which signs what the balancer shows, and Let's
//! Encrypt, which signed what certbot has on a host. Clients in the region trust it alone.

use std::path::{Path, PathBuf};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::tool::Tool;

/// A certificate with its chain, and its key; both PEM.
pub(in crate::rehearsal) struct Signed {
    pub(in crate::rehearsal) chain: String,
    pub(in crate::rehearsal) key: String,
}

/// A certificate authority in a folder.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct Authority {
    folder: PathBuf,
}

const CURVE: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

impl Authority {
    /// Makes a new authority, unlike any before: an old lab's certificates are worth nothing in this one.
    pub(in crate::rehearsal) async fn found(folder: &Path) -> Result<Self, RehearsalError> {
        std::fs::create_dir_all(folder).map_err(RehearsalError::file("create", folder))?;
        let authority = Self { folder: folder.to_path_buf() };
        Tool::new("openssl")
            .args(["req", "-x509"])
            .args(CURVE)
            .args(["-days", "365", "-subj", "/CN=rehearsal lab CA"])
            .args(["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
            .arg("-keyout")
            .arg(authority.key())
            .arg("-out")
            .arg(authority.certificate())
            .run()
            .await?;
        Ok(authority)
    }

    /// The file a client trusts.
    pub(in crate::rehearsal) fn certificate(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.join("ca.key")
    }

    /// Signs a certificate for one domain.
    pub(in crate::rehearsal) async fn sign(&self, domain: &str) -> Result<Signed, RehearsalError> {
        let name: String = domain.chars().map(|letter| if letter == '*' { '_' } else { letter }).collect();
        let key = self.folder.join(format!("{name}.key"));
        let certificate = self.folder.join(format!("{name}.crt"));
        Tool::new("openssl")
            .args(["req", "-x509"])
            .args(CURVE)
            .args([
                "-days",
                "90",
                "-subj",
                &format!("/CN={domain}"),
                "-addext",
                &format!("subjectAltName=DNS:{domain}"),
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"])
            .arg("-CA")
            .arg(self.certificate())
            .arg("-CAkey")
            .arg(self.key())
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .run()
            .await?;
        let read = |path: &Path| std::fs::read_to_string(path).map_err(RehearsalError::file("read", path));
        Ok(Signed { chain: read(&certificate)? + &read(&self.certificate())?, key: read(&key)? })
    }
}
