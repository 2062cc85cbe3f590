//! A logged-in user of a Nextcloud site, as a browser is one: session cookies and the page's request token.
//!
//! Forms are those of Nextcloud's login page (`user`, `password`, `requesttoken`; Origin is checked since version 30)
//! and of its WebDAV (`/remote.php/dav/files/USER/`). Not handled: two-factor login and single sign-on; they are told.

use super::web::unanswered;
use crate::model::{Failure, FailureKind, Secret};
use reqwest::header::LOCATION;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};

/// A browser at a site.
pub(super) struct Browser {
    client: Client,
    base: Url,
    user: String,
    token: String,
}

/// A failure that may pass when the answer is of the server's own making (5xx, 429), else one that will not.
fn unexpected(what: &str, status: StatusCode) -> Failure {
    let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let kind = if passing { FailureKind::Transient } else { FailureKind::Permanent };
    Failure::new(kind, format!("{what}: answered {status}"))
}

/// The answer to a request. One that leads away from the site is a failure: the client does not follow it, for it would
/// take the form along.
async fn answer_of(what: &str, request: RequestBuilder) -> Result<Response, Failure> {
    let answer = request.send().await.map_err(|e| unanswered(what, e))?;
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    match location.filter(|_| answer.status().is_redirection()) {
        None => Ok(answer),
        Some(location) => Err(led_away(what, answer.url(), location)),
    }
}

fn led_away(what: &str, from: &Url, location: &str) -> Failure {
    let to = match from.join(location) {
        // A query may hold a token.
        Ok(mut url) => {
            url.set_query(None);
            url.to_string()
        }
        Err(_) => "what is no address".to_owned(),
    };
    Failure::permanent(format!("{what}: sent to `{to}`, which was not followed"))
        .advise("the site must keep its visitors on its own name and scheme (`overwritehost`, `overwriteprotocol`)")
}

/// The request token that Nextcloud puts on its pages.
fn token_of(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("data-requesttoken=\"")?;
    let (token, _) = rest.split_once('"')?;
    Some(token.replace("&#43;", "+").replace("&#x2B;", "+").replace("&quot;", "\"").replace("&amp;", "&"))
}

/// Whether an address is one of the login page's.
fn is_login(url: &Url) -> bool {
    let path = url.path().trim_start_matches("/index.php");
    path == "/login" || path == "/login/"
}

/// Fields in the form of a submitted HTML form.
fn form(fields: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://form.invalid/").expect("a constant URL is one");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

impl Browser {
    /// Opens the site and goes to its login page; `base` is `https://FQDN/`.
    pub(super) async fn open(client: Client, base: Url, user: &str) -> Result<Self, Failure> {
        let what = format!("open `{base}`");
        let answer = answer_of(&what, client.get(base.clone())).await?;
        if !answer.status().is_success() {
            return Err(unexpected(&what, answer.status()));
        }
        let landed = answer.url().clone();
        let page = answer.text().await.map_err(|e| unanswered(&what, e))?;
        let token = token_of(&page).ok_or_else(|| {
            Failure::permanent(format!("{what}: `{landed}` is no Nextcloud page (it has no request token)"))
        })?;
        Ok(Self { client, base, user: user.to_owned(), token })
    }

    fn at(&self, path: &str) -> Result<Url, Failure> {
        self.base.join(path).map_err(|e| Failure::permanent(format!("`{path}` is no path")).cause(e.to_string()))
    }

    /// Logs in by the login form.
    pub(super) async fn log_in(&mut self, password: &Secret) -> Result<(), Failure> {
        let url = self.at("/index.php/login")?;
        let what = format!("log in as `{}` at `{url}`", self.user);
        let body = form(&[("user", &self.user), ("password", password.expose()), ("requesttoken", &self.token)]);
        let request = self
            .client
            .post(url)
            .header("Origin", self.base.origin().ascii_serialization())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = answer_of(&what, request).await?;
        let (status, landed) = (answer.status(), answer.url().clone());
        if !status.is_success() {
            let failure = unexpected(&what, status);
            return Err(match status {
                StatusCode::TOO_MANY_REQUESTS => failure.advise("Nextcloud slows down logins after failed ones: wait, or `occ security:bruteforce:reset`"),
                StatusCode::PRECONDITION_FAILED => failure.advise("the session was not kept between two requests: PHP sessions local to a node need sticky sessions or Redis"),
                _ => failure,
            });
        }
        if is_login(&landed) {
            return Err(Failure::permanent(format!("{what}: answered {status} with the login form again"))
                .advise("is the password right? see Nextcloud's log for the reason"));
        }
        if landed.path().contains("/login/") {
            return Err(Failure::permanent(format!("{what}: sent to `{}`", landed.path()))
                .advise("the checks need a user without two-factor login"));
        }
        let page = answer.text().await.map_err(|e| unanswered(&what, e))?;
        // The token is the session's, and the session is a new one now.
        self.token = token_of(&page)
            .ok_or_else(|| Failure::permanent(format!("{what}: `{}` has no request token", landed.path())))?;
        Ok(())
    }

    async fn file(&self, method: Method, name: &str, body: Vec<u8>) -> Result<(String, Response), Failure> {
        let url = self.at(&file_path(&self.user, name))?;
        let what = format!("{method} `{url}`");
        let request = self.client.request(method, url).header("requesttoken", &self.token).body(body);
        let answer = answer_of(&what, request).await?;
        Ok((what, answer))
    }

    /// Uploads a file.
    pub(super) async fn upload(&self, name: &str, content: &[u8]) -> Result<(), Failure> {
        let (what, answer) = self.file(Method::PUT, name, content.to_vec()).await?;
        match answer.status() {
            StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(()),
            other => Err(unexpected(&format!("upload a file: {what}"), other)),
        }
    }

    /// Downloads a file.
    pub(super) async fn download(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let (what, answer) = self.file(Method::GET, name, Vec::new()).await?;
        let what = format!("download the file: {what}");
        match answer.status() {
            StatusCode::OK => Ok(answer.bytes().await.map_err(|e| unanswered(&what, e))?.to_vec()),
            other => Err(unexpected(&what, other)),
        }
    }

    /// Removes a file; one that is not there is fine.
    pub(super) async fn remove(&self, name: &str) -> Result<(), Failure> {
        let (what, answer) = self.file(Method::DELETE, name, Vec::new()).await?;
        match answer.status() {
            StatusCode::NO_CONTENT | StatusCode::OK | StatusCode::NOT_FOUND => Ok(()),
            other => Err(unexpected(&format!("remove the file: {what}"), other)),
        }
    }

    /// Logs out, and proves it: the files page leads to the login page.
    pub(super) async fn log_out(&self) -> Result<(), Failure> {
        let mut url = self.at("/index.php/logout")?;
        let what = format!("log out at `{url}`");
        url.query_pairs_mut().append_pair("requesttoken", &self.token);
        let answer = answer_of(&what, self.client.get(url)).await?;
        if !answer.status().is_success() {
            return Err(unexpected(&what, answer.status()));
        }
        let files = self.at("/index.php/apps/files/")?;
        let answer = answer_of(&what, self.client.get(files)).await?;
        if is_login(answer.url()) {
            return Ok(());
        }
        Err(Failure::permanent(format!("{what}: `{}` is still shown", answer.url().path())))
    }
}

/// The WebDAV path of a user's file.
pub(super) fn file_path(user: &str, name: &str) -> String {
    let mut url = Url::parse("http://path.invalid/").expect("a constant URL is one");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(["remote.php", "dav", "files", user, name]);
    }
    url.path().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{HttpOptions, Settings, http_client};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    /// A server that answers as told by the request; every request is told too.
    fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> (Url, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut buffer = vec![0; 4096];
                let length = connection.read(&mut buffer).unwrap();
                let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let text = answer(&request);
                let _ = tell.send(request);
                connection.write_all(format!("HTTP/1.1 {text}").as_bytes()).unwrap();
            }
        });
        (url, told)
    }

    fn page(body: &str) -> String {
        format!("200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn a_password_is_not_sent_to_where_a_redirect_leads() {
        let (elsewhere, got) = serve(|_| page("<head data-requesttoken=\"x\">"));
        let away = format!("307 Temporary Redirect\r\nLocation: {elsewhere}in?t=0k\r\nContent-Length: 0\r\n\r\n");
        let (site, asked) = serve(move |request| match request.split(' ').nth(1) {
            Some("/") => "302 Found\r\nLocation: /login\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned(),
            Some("/login") => page("<head data-requesttoken=\"x\">"),
            _ => away.clone(),
        });
        let settings = Settings { ssh_config: None, trust: None, poll: Settings::POLL, work_dir: std::env::temp_dir() };
        let options = HttpOptions { cookies: true, redirects: 10, ..HttpOptions::default() };
        let client = http_client(&settings, &options).unwrap();
        let mut browser = Browser::open(client, site, "anna").await.unwrap();
        let failure = browser.log_in(&Secret::new("hunter2".into())).await.unwrap_err();
        assert!(failure.message.contains(&format!("sent to `{elsewhere}in`")), "{failure:?}");
        assert_eq!(asked.try_iter().filter(|request| request.starts_with("POST")).count(), 1);
        assert_eq!(got.try_iter().count(), 0, "the other server is not asked");
    }

    #[test]
    fn tokens_and_login_pages_are_known() {
        assert_eq!(token_of("<head data-requesttoken=\"ab/c&#43;:d=\">").as_deref(), Some("ab/c+:d="));
        assert_eq!(token_of("<html>"), None);
        let login = |url: &str| is_login(&Url::parse(url).unwrap());
        assert!(login("https://a.example/index.php/login?user=x&direct=1") && login("https://a.example/login"));
        assert!(!login("https://a.example/index.php/apps/files/"));
    }

    #[test]
    fn fields_and_names_are_encoded() {
        assert_eq!(form(&[("password", "a&b=c d+ü")]), "password=a%26b%3Dc+d%2B%C3%BC");
        assert_eq!(file_path("anna b", "x.txt"), "/remote.php/dav/files/anna%20b/x.txt");
    }
}
