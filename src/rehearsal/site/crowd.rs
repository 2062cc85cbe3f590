//! The users of a Nextcloud while something is done to it: two people with a browser, who log in, look at their files for a while
//! and begin anew, and one who uploads a large file, fetches it and deletes it again.
//!
//! Promises: each request that is not answered as it must be is counted and told (any status but the expected one, no connection,
//! no answer in time, a session that was lost, a file that came back another one). Nobody logs in before [`Crowd::come`], and nobody
//! asks when it has ended or was dropped.
//! Not handled: who asks again by themselves after an error, as some browsers and the sync client do; chunked uploads; a second
//! factor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION, ORIGIN};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::access::{HttpOptions, Settings, http_client, why_unanswered};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use crate::rehearsal::site::crowd_seen::{CrowdSeen, CrowdTally, of_head};
use crate::rehearsal::site::crowd_upload::UploadContent;
use crate::rehearsal::site::visitor::settings;
use crate::rehearsal::world::users::UsersBefore;

/// How many have a browser.
const PEOPLE: usize = 2;
/// How long somebody stays logged in.
const SESSION: Duration = Duration::from_secs(2);
/// Between two pages.
const ROUND: Duration = Duration::from_millis(200);
/// Who has no answer by then has none.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same of a request with a large body, beside the time that the body takes.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(30);
/// How long what is under way may take when all are asked to end.
const ENDING: Duration = Duration::from_secs(15);

const LOGIN: &str = "/index.php/login";
const FILES: &str = "/index.php/apps/files/";

/// The users at work; they end when dropped.
#[derive(Debug)]
pub(in crate::rehearsal) struct Crowd {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    seen: Arc<CrowdSeen>,
    users: UsersBefore,
    came: Instant,
}

impl Crowd {
    /// Lets them come to the site that is at this address.
    pub(in crate::rehearsal) fn come(region: &Region, url: &str, users: UsersBefore) -> Result<Self, RehearsalError> {
        let site = Url::parse(url).and_then(|url| url.join("/"));
        let site = site.map_err(|error| RehearsalError::Unsupported(format!("`{url}` is no URL: {error}")))?;
        let (stop, stopped) = watch::channel(false);
        let seen = Arc::new(CrowdSeen::default());
        let mut tasks = JoinSet::new();
        let user = User { site, settings: settings(region), users: users.clone(), seen: Arc::clone(&seen), stopped };
        for _ in 0..PEOPLE {
            tasks.spawn(user.clone().browse());
        }
        tasks.spawn(user.upload());
        Ok(Self { tasks, stop, seen, users, came: Instant::now() })
    }

    /// Asks all to end, and tells what was seen: of whom, in how long.
    pub(in crate::rehearsal) async fn leave(mut self) -> (CrowdTally, UsersBefore, Duration) {
        let took = self.came.elapsed();
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(ENDING, all).await.is_err() {
            self.tasks.shutdown().await;
        }
        (self.seen.told(), self.users, took)
    }
}

/// One of them.
#[derive(Debug, Clone)]
struct User {
    site: Url,
    settings: Settings,
    users: UsersBefore,
    seen: Arc<CrowdSeen>,
    stopped: watch::Receiver<bool>,
}

/// An answer that was read to its end.
struct Read {
    headers: HeaderMap,
    text: String,
}

impl User {
    fn goes_on(&self) -> bool {
        !*self.stopped.borrow()
    }

    /// A browser with no cookies, or a client without any.
    fn client(&self, is_browser: bool) -> Result<Client, String> {
        let options =
            HttpOptions { cookies: is_browser, connections: true, limit: Some(PATIENCE), ..HttpOptions::default() };
        http_client(&self.settings, &options).map_err(|failure| failure.message)
    }

    async fn browse(self) {
        while self.goes_on() {
            // What failed is told; who was thrown out begins anew.
            let _ = self.session().await;
            tokio::time::sleep(ROUND).await;
        }
    }

    async fn session(&self) -> Option<()> {
        let client = self.client(true).map_err(|why| self.seen.failed(why)).ok()?;
        let page = self.page(&client, "the login page", LOGIN).await?;
        let Some(token) = of_head(&page.text, "data-requesttoken") else {
            return self.fails(&format!("GET {LOGIN}"), "a page without a request token");
        };
        let mut form = self.at(LOGIN);
        let (user, password) = (self.users.user.as_str(), self.users.password.as_str());
        form.query_pairs_mut().extend_pairs([("user", user), ("password", password), ("requesttoken", &token)]);
        let body = form.query().unwrap_or_default().to_owned();
        let request = client.post(self.at(LOGIN)).body(body).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(ORIGIN, self.site.origin().ascii_serialization());
        let found = [StatusCode::SEE_OTHER, StatusCode::FOUND];
        let answer = self.read(&format!("POST {LOGIN}"), request, &found).await?;
        if leads_to_login(&answer.headers) {
            return self.fails(&format!("POST {LOGIN}"), "not let in: led back to the login page");
        }
        self.seen.logged_in();
        let began = Instant::now();
        while began.elapsed() < SESSION && self.goes_on() {
            tokio::time::sleep(ROUND).await;
            if let Some(page) = self.page(&client, "their files", FILES).await {
                match of_head(&page.text, "data-user") {
                    Some(user) if user == self.users.user => {}
                    Some(user) => return self.fails(&format!("GET {FILES}"), &format!("the page of `{user}`")),
                    None => return self.fails(&format!("GET {FILES}"), "session lost: a page of nobody"),
                }
            }
        }
        Some(())
    }

    async fn page(&self, client: &Client, what: &str, path: &str) -> Option<Read> {
        let what = format!("GET {path} ({what})");
        self.read(&what, client.get(self.at(path)), &[StatusCode::OK]).await
    }

    async fn upload(self) {
        let mut number = 0;
        while self.goes_on() {
            number += 1;
            let mut stopped = self.stopped.clone();
            // What is under way when all end is neither one that failed nor one that was done.
            tokio::select! {
                file = self.file(number) => if file.is_some() { self.seen.uploaded() },
                _ = stopped.wait_for(|it| *it) => {}
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    async fn file(&self, number: u64) -> Option<()> {
        let client = self.client(false).map_err(|why| self.seen.failed(why)).ok()?;
        let content = UploadContent::new(number, self.users.upload_mib);
        let mut url = self.at("/remote.php/dav/files/");
        let name = format!("crowd-{number}.bin");
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend([self.users.user.as_str(), name.as_str()]);
        }
        let over = Duration::from_secs(self.users.upload_s);
        let ask = |method: Method| {
            let request = client.request(method.clone(), url.clone()).timeout(over + UPLOAD_PATIENCE);
            let request = request.basic_auth(&self.users.user, Some(&self.users.password));
            (format!("{method} {}", url.path()), request)
        };
        let (what, request) = ask(Method::PUT);
        let body = reqwest::Body::wrap(content.streamed(over));
        let request = request.body(body).header(CONTENT_TYPE, "application/octet-stream");
        self.read(&what, request, &[StatusCode::CREATED, StatusCode::NO_CONTENT]).await?;
        let (what, request) = ask(Method::GET);
        let began = Instant::now();
        let mut answer = self.answer(&what, request, &[StatusCode::OK]).await?;
        let mut comparison = content.comparison();
        loop {
            match answer.chunk().await {
                Ok(Some(part)) => comparison.meets(&part),
                Ok(None) => break,
                Err(error) => return self.unread(&what, began, error),
            }
        }
        if let Err(why) = comparison.judged() {
            return self.fails(&what, &why);
        }
        let (what, request) = ask(Method::DELETE);
        self.read(&what, request, &[StatusCode::NO_CONTENT]).await.map(drop)
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.site.clone();
        url.set_path(path);
        url
    }

    /// Asks, and reads the answer to its end; nothing when it is not what it must be.
    async fn read(&self, what: &str, request: RequestBuilder, expected: &[StatusCode]) -> Option<Read> {
        let began = Instant::now();
        let answer = self.answer(what, request.header(ACCEPT, "text/html,*/*"), expected).await?;
        let headers = answer.headers().clone();
        match answer.text().await {
            Ok(text) => Some(Read { headers, text }),
            Err(error) => self.unread(what, began, error),
        }
    }

    async fn answer(&self, what: &str, request: RequestBuilder, expected: &[StatusCode]) -> Option<Response> {
        let began = Instant::now();
        let answered = request.send().await;
        self.seen.asked();
        match answered {
            Ok(answer) if expected.contains(&answer.status()) => Some(answer),
            Ok(answer) => self.fails(&since(what, began), &unexpected(answer.status(), answer.headers())),
            Err(error) => self.unread(what, began, error),
        }
    }

    fn unread<T>(&self, what: &str, began: Instant, error: reqwest::Error) -> Option<T> {
        let late = if error.is_timeout() { "no answer in time: " } else { "" };
        self.fails(&since(what, began), &format!("{late}{}", why_unanswered(error)))
    }

    fn fails<T>(&self, what: &str, why: &str) -> Option<T> {
        self.seen.failed(format!("{} {what}: {why}", Timestamp::now().strftime("%H:%M:%S%.3f")));
        None
    }
}

fn since(what: &str, began: Instant) -> String {
    format!("{what} after {:.1} s", began.elapsed().as_secs_f64())
}

fn leads_to_login(headers: &HeaderMap) -> bool {
    headers.get(LOCATION).and_then(|to| to.to_str().ok()).is_some_and(|to| to.contains("/login"))
}

/// A status that was not to come, in words.
fn unexpected(status: StatusCode, headers: &HeaderMap) -> String {
    if status == StatusCode::UNAUTHORIZED || leads_to_login(headers) {
        return format!("session lost or not let in: {status}");
    }
    status.to_string()
}
