//! A file of the machine where the tool runs: opened so that it is the one that is meant, and known by its SHA-256.

use crate::model::{Failure, LocalFile, hex};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How much is read at once.
const PIECE: usize = 1 << 20;

/// A file here that was read once from its beginning to its end.
pub(super) struct Local {
    /// Its path, links followed.
    pub(super) path: PathBuf,
    /// How many bytes it has.
    pub(super) size: u64,
    /// SHA-256 of all of them.
    pub(super) sha256: String,
    /// Whether everybody on this machine may read it.
    pub(super) is_open: bool,
}

impl Local {
    /// Finds and reads the file.
    ///
    /// # Errors
    /// Refused when it is not there or no regular file, or when the runbook names it and it leads out of the runbook's folder.
    pub(super) async fn find(file: &LocalFile) -> Result<Self, Failure> {
        let file = file.clone();
        let read = tokio::task::spawn_blocking(move || find(&file)).await;
        read.unwrap_or_else(|error| Err(Failure::permanent("a file could not be read").cause(error.to_string())))
    }

    /// SHA-256 of its first so many bytes.
    pub(super) async fn sha256_of_first(&self, bytes: u64) -> Result<String, Failure> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || hashed(&mut File::open(&path)?.take(bytes)));
        let read = read.await.map_err(std::io::Error::other).and_then(|read| read);
        read.map(|(hash, _)| hash).map_err(|error| unreadable(&self.path, &error))
    }

    /// So many bytes from this one on; fewer at its end.
    pub(super) async fn piece(&self, from: u64, bytes: usize) -> Result<Vec<u8>, Failure> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(from))?;
            let mut piece = Vec::with_capacity(bytes);
            file.take(bytes as u64).read_to_end(&mut piece)?;
            Ok(piece)
        });
        let read = read.await.map_err(std::io::Error::other).and_then(|read| read);
        read.map_err(|error| unreadable(&self.path, &error))
    }

    /// What it is called: `release.tgz`.
    pub(super) fn name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}

fn find(file: &LocalFile) -> Result<Local, Failure> {
    let path = whole(file)?;
    let mut opened = File::open(&path).map_err(|error| unreadable(&path, &error))?;
    let about = opened.metadata().map_err(|error| unreadable(&path, &error))?;
    if !about.is_file() {
        return Err(Failure::refused(format!("`{}` is no file", path.display())));
    }
    let is_open = about.mode() & 0o004 != 0;
    let (sha256, size) = hashed(&mut opened).map_err(|error| unreadable(&path, &error))?;
    Ok(Local { path, size, sha256, is_open })
}

/// Its path, links followed.
fn whole(file: &LocalFile) -> Result<PathBuf, Failure> {
    let path = Path::new(file.path.as_str());
    let real = |path: &Path| path.canonicalize().map_err(|error| unreadable(path, &error));
    match file.below.as_deref() {
        None if path.is_absolute() => real(path),
        None => Err(Failure::refused(format!("`{}` is no absolute path", file.path))),
        Some("") => Err(Failure::refused(format!("a runbook that comes with the tool has no file `{}`", file.path))),
        Some(folder) => {
            let (folder, path) = (real(Path::new(folder))?, real(&Path::new(folder).join(path))?);
            if path.starts_with(&folder) {
                return Ok(path);
            }
            Err(Failure::refused(format!("`{}` leads out of the runbook's folder, to `{}`", file.path, path.display()))
                .advise("make it an input of type `file`, for the operator to name"))
        }
    }
}

/// SHA-256 of what comes out, and how much that is.
fn hashed(from: &mut impl Read) -> std::io::Result<(String, u64)> {
    let (mut hash, mut size, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok((hex(&hash.finalize()), size)),
            read => {
                hash.update(piece.get(..read).unwrap_or_default());
                size += read as u64;
            }
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::refused(format!("`{}` cannot be read on this machine", path.display())).cause(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;
    use serde_json::json;

    #[tokio::test]
    async fn a_runbooks_file_stays_in_its_folder_whatever_links_say() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("book"), folder.path().join("secret"));
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(&outside, "x").unwrap();
        std::fs::write(inside.join("app"), "abc").unwrap();
        std::os::unix::fs::symlink("app", inside.join("link")).unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("out")).unwrap();
        let of = |path: &str| json!({ "below": inside.display().to_string(), "path": path });
        let find = async |given| Local::find(&LocalFile::decode(&serde_json::Value::into(given)).unwrap()).await;
        let found = find(of("link")).await.unwrap();
        assert_eq!((found.size, found.sha256), (3, crate::model::sha256("abc")));
        assert!(find(of("out")).await.is_err_and(|it| it.message.contains("leads out of the runbook's folder")));
        assert!(find(of("none")).await.is_err() && find(json!(inside.display().to_string())).await.is_err());
        assert!(find(json!({ "below": "", "path": "app" })).await.is_err());
        // What the operator names may be anywhere.
        assert!(find(json!(outside.display().to_string())).await.is_ok());
        let file = find(of("app")).await.unwrap();
        assert_eq!((file.piece(1, 9).await.unwrap(), file.name()), (b"bc".to_vec(), "app".to_owned()));
        assert_eq!(file.sha256_of_first(2).await.unwrap(), crate::model::sha256("ab"));
    }
}
