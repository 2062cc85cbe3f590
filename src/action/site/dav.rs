//! A user's files by WebDAV, as Nextcloud's clients use it: at once, in chunks, and out of the trash bin again.
//!
//! Facts, with their sources in Nextcloud's server (read in 24 and 29):
//! - a session's cookie is taken together with its request token, in the header `requesttoken`; else name and password with
//!   each request, where an app password will do too, and the user's own does not when a second factor is asked of the user
//!   or `token_auth_enforced` is set (apps/dav/lib/Connector/Sabre/Auth.php; lib/private/User/Session.php, `logClientIn`);
//! - a large file is sent to `/remote.php/dav/uploads/ID/UPLOAD`: `MKCOL`, one `PUT` for each chunk named by its number from
//!   1 to 10000, `MOVE` of `.file` to the file's place; all of them with `Destination`, which lets an object store assemble
//!   the chunks itself (apps/dav/lib/Upload/ChunkingV2Plugin.php; developer manual, "Chunked file upload"). Then each chunk
//!   but the last must have 5 MiB, for that is the least part that S3 takes (its documentation, "Multipart upload limits");
//! - what is removed goes to the trash bin as `NAME.dTIME`, at `/remote.php/dav/trashbin/ID/trash` (apps/files_trashbin);
//!   newer servers skip that for `X-NC-Skip-Trashbin: true`. Without that app the folder is 404.

use super::browser::{BrowsedSite, LoggedIn};
use super::refusal::{Asked, refused};
use super::web::unanswered;
use crate::model::{Failure, Secret};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use std::time::Duration;

/// How long a request with a body may take: several MiB over a slow line.
const BODY_LIMIT: Duration = Duration::from_secs(180);

/// Who asks.
enum Who<'a> {
    /// A browser's session.
    Session(&'a LoggedIn),
    /// A client that sends name and password each time.
    Client { user: &'a str, password: &'a Secret },
}

/// A user's files.
pub(in crate::action) struct DavFiles<'a> {
    site: &'a BrowsedSite,
    id: &'a str,
    who: Who<'a>,
}

/// A WebDAV path of a user: `kind` is `files`, `uploads` or `trashbin`.
fn dav_path(kind: &str, id: &str, more: &[&str]) -> String {
    let mut url = Url::parse("http://path.invalid/").expect("a constant URL is one");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(["remote.php", "dav", kind, id]).extend(more);
    }
    url.path().to_owned()
}

/// The WebDAV path of a user's file.
pub(super) fn file_path(id: &str, name: &str) -> String {
    dav_path("files", id, &[name])
}

impl<'a> DavFiles<'a> {
    /// Those of the user who is logged in.
    pub(in crate::action) fn of(user: &'a LoggedIn) -> Self {
        Self { site: user.site(), id: user.id(), who: Who::Session(user) }
    }

    /// Those of the user with this id, as a client without a session asks for them.
    pub(in crate::action) fn of_client(
        site: &'a BrowsedSite,
        id: &'a str,
        user: &'a str,
        password: &'a Secret,
    ) -> Self {
        Self { site, id, who: Who::Client { user, password } }
    }

    fn request(&self, method: &str, url: Url) -> Result<RequestBuilder, Failure> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|e| Failure::permanent(format!("`{method}` is no method")).cause(e.to_string()))?;
        let request = self.site.client.request(method, url);
        Ok(match &self.who {
            Who::Session(user) => request.header("requesttoken", user.token()),
            Who::Client { user, password } => request.basic_auth(user, Some(password.expose())),
        })
    }

    /// Asks, and takes the statuses given for success.
    async fn ask(
        &self,
        doing: &str,
        (method, path): (&str, &str),
        fine: &[u16],
        more: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<(String, Response), Failure> {
        let url = self.site.at(path)?;
        let what = format!("{doing}: {method} `{url}`");
        let answer = more(self.request(method, url)?).send().await.map_err(|e| unanswered(&what, e))?;
        if fine.contains(&answer.status().as_u16()) {
            return Ok((what, answer));
        }
        let asked = if method == "PUT" { Asked::Upload } else { Asked::File };
        Err(refused(&what, asked, answer).await)
    }

    /// Whether the user's folder is there: the least that a client asks for.
    pub(in crate::action) async fn look(&self) -> Result<(), Failure> {
        let path = dav_path("files", self.id, &[""]);
        let fine = [StatusCode::MULTI_STATUS.as_u16()];
        self.ask("look at the files", ("PROPFIND", &path), &fine, |r| r.header("Depth", "0")).await.map(|_| ())
    }

    /// Uploads a file at once.
    pub(super) async fn upload(&self, name: &str, content: Vec<u8>) -> Result<(), Failure> {
        let doing = format!("upload {} at once", size(content.len()));
        let with = |r: RequestBuilder| r.timeout(BODY_LIMIT).body(content);
        self.ask(&doing, ("PUT", &file_path(self.id, name)), &[201, 204], with).await.map(|_| ())
    }

    /// Uploads a file in chunks; `upload` is the name of the folder they wait in, which ends with it.
    pub(super) async fn upload_in_chunks(&self, upload: &str, name: &str, chunks: &[&[u8]]) -> Result<(), Failure> {
        let place = |last: &str| dav_path("uploads", self.id, &[upload, last]);
        let folder = dav_path("uploads", self.id, &[upload]);
        let to = self.site.at(&file_path(self.id, name))?.to_string();
        let length: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        let doing = format!("upload {} in {} chunks", size(length), chunks.len());
        // One that a process killed in between has left is in the way.
        self.give_up(upload).await?;
        let headed = |r: RequestBuilder| r.header("Destination", to.as_str());
        self.ask(&doing, ("MKCOL", &folder), &[201], headed).await?;
        for (number, chunk) in (1..).zip(chunks) {
            let doing = format!("{doing}, chunk {number} of {}", size(chunk.len()));
            let with = |r: RequestBuilder| headed(r).timeout(BODY_LIMIT).body(chunk.to_vec());
            self.ask(&doing, ("PUT", &place(&number.to_string())), &[201, 204], with).await?;
        }
        let with = |r: RequestBuilder| headed(r).timeout(BODY_LIMIT).header("OC-Total-Length", length);
        self.ask(&doing, ("MOVE", &place(".file")), &[201, 204], with).await.map(|_| ())
    }

    /// Removes what there is of an upload in chunks; nothing there is fine.
    pub(super) async fn give_up(&self, upload: &str) -> Result<(), Failure> {
        let folder = dav_path("uploads", self.id, &[upload]);
        self.ask("remove the chunks", ("DELETE", &folder), &[200, 204, 404], |r| r).await.map(|_| ())
    }

    /// Downloads a file.
    pub(super) async fn download(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let path = file_path(self.id, name);
        let (what, answer) = self.ask("download the file", ("GET", &path), &[200], |r| r.timeout(BODY_LIMIT)).await?;
        Ok(answer.bytes().await.map_err(|e| unanswered(&what, e))?.to_vec())
    }

    /// Removes a file, past the trash bin where that can be; one that is not there is fine.
    pub(super) async fn remove(&self, name: &str) -> Result<(), Failure> {
        let with = |r: RequestBuilder| r.header("X-NC-Skip-Trashbin", "true");
        self.ask("remove the file", ("DELETE", &file_path(self.id, name)), &[200, 204, 404], with).await.map(|_| ())
    }

    /// Removes from the trash bin what was removed under these names; how many there were. A site without a trash bin has
    /// none.
    pub(super) async fn empty_trash(&self, names: &[&str]) -> Result<usize, Failure> {
        const ALL: &str =
            "<?xml version=\"1.0\"?><d:propfind xmlns:d=\"DAV:\"><d:prop><d:resourcetype/></d:prop></d:propfind>";
        let trash = dav_path("trashbin", self.id, &["trash"]);
        let with = |r: RequestBuilder| r.header("Depth", "1").header("Content-Type", "application/xml").body(ALL);
        let doing = "look into the trash bin";
        let (what, answer) = self.ask(doing, ("PROPFIND", &trash), &[207, 404, 405], with).await?;
        if answer.status() != StatusCode::MULTI_STATUS {
            return Ok(0);
        }
        let listed = answer.text().await.map_err(|e| unanswered(&what, e))?;
        let found: Vec<String> = names.iter().flat_map(|name| thrown_away(&listed, name)).collect();
        for name in &found {
            let path = dav_path("trashbin", self.id, &["trash", name]);
            self.ask("remove the file from the trash bin", ("DELETE", &path), &[200, 204, 404], |r| r).await?;
        }
        Ok(found.len())
    }
}

/// The trash bin's entries of a file, in a listing: `NAME.dTIME`. Names of checks need no encoding in a path.
fn thrown_away(listed: &str, name: &str) -> Vec<String> {
    let start = format!("/{name}.d");
    let mut found: Vec<String> = listed
        .split(&start)
        .skip(1)
        .filter_map(|rest| rest.split_once('<').map(|(time, _)| time.trim_end_matches('/')))
        .filter(|time| !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit()))
        .map(|time| format!("{name}.d{time}"))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// A number of bytes in words.
fn size(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes >= MIB && bytes.is_multiple_of(MIB) { format!("{} MiB", bytes / MIB) } else { format!("{bytes} bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_encoded() {
        assert_eq!(file_path("anna b", "x.txt"), "/remote.php/dav/files/anna%20b/x.txt");
        assert_eq!(dav_path("files", "a@b/c", &[""]), "/remote.php/dav/files/a@b%2Fc/");
        assert_eq!(dav_path("uploads", "anna", &["u", ".file"]), "/remote.php/dav/uploads/anna/u/.file");
    }

    #[test]
    fn only_what_the_check_threw_away_is_taken_out_of_the_trash() {
        let href = |name: &str| format!("<d:href>/remote.php/dav/trashbin/anna/trash/{name}</d:href>");
        let listed = [
            "",
            "c-1.txt.d1700000000",
            "c-1.txt.d1700000009",
            "c-1.txt.dx",
            "my-c-1.txt.d1",
            "c-1.txt.d2/",
            "c-11.txt.d3",
        ]
        .map(href)
        .concat();
        assert_eq!(thrown_away(&listed, "c-1.txt"), ["c-1.txt.d1700000000", "c-1.txt.d1700000009", "c-1.txt.d2"]);
        assert!(thrown_away("", "c-1.txt").is_empty());
    }

    #[test]
    fn sizes_are_told() {
        assert_eq!((size(2 << 20), size(1500)), ("2 MiB".to_owned(), "1500 bytes".to_owned()));
    }
}
