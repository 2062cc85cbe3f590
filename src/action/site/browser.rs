//! A user's browser at a Nextcloud site: from the login page to the logout, by session cookies and request tokens.
//!
//! Facts, with their sources in Nextcloud's server (read in 17, 24, 25 and 29):
//! - a page that needs a login answers a client without `html` in `Accept` with 401 and JSON, and a browser with a redirect
//!   to the login page (lib/private/AppFramework/Middleware/Security/SecurityMiddleware.php, `afterException`);
//! - the login form's fields are `user`, `password`, `requesttoken`; a refusal leads back to the login page, which tells the
//!   reason ([`super::page`]); a lost session is one of them (`csrfCheckFailed` since 26; before it has no reason); from
//!   version 30 the Origin must be the site's (`invalidOrigin`) (core/Controller/LoginController.php, `tryLogin`);
//! - the form takes a user's own password alone: app passwords are for clients, which send them with each request
//!   (lib/private/Authentication/Login/UidLoginCommand.php against lib/private/User/Session.php, `logClientIn`);
//! - whoever still needs a second factor is sent to `/login/selectchallenge` (core/Middleware/TwoFactorMiddleware.php);
//! - a login from an address with failed ones on record sleeps up to 25 s, a wrong password before and after, and beyond
//!   ten within half an hour it is answered 429 (lib/private/Security/Bruteforce/Throttler.php, BruteForceMiddleware.php);
//! - with single sign-on `/login?direct=1` still shows the form (administration manual, "SSO & SAML authentication");
//! - addresses have `/index.php` or not, as the web server is set up (`front_controller_active`).
//!
//! Not handled, and told: two-factor login, single sign-on without a form, a site that is not at the root of its name.

use super::page::Page;
use super::refusal::{Asked, SESSION_LOST, leads_away, led_away, refused};
use super::web::unanswered;
use crate::access::{HttpOptions, Settings, http_client};
use crate::model::{Failure, Fqdn, Secret};
use reqwest::header::{ACCEPT, CONTENT_TYPE, ORIGIN};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use std::time::Duration;

/// What browsers say they take. It must have `html` in it.
const PAGES: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// How long a login may take: twice the longest sleep of a refused one, and more.
const LOGIN_LIMIT: Duration = Duration::from_secs(60);

/// A site, and the client that speaks to it.
#[derive(Debug, Clone)]
pub(in crate::action) struct BrowsedSite {
    pub(super) client: Client,
    base: Url,
}

/// A page that was shown.
struct Shown {
    url: Url,
    page: Page,
}

/// What came of asking for a page.
enum Answered {
    Shown(Shown),
    /// The site sends its visitors elsewhere: from where, to where.
    Away(Url, Url),
}

/// The login page of a site, opened.
#[derive(Debug)]
pub(in crate::action) struct LoginPage {
    site: BrowsedSite,
    token: String,
}

/// A user who is logged in.
#[derive(Debug)]
pub(in crate::action) struct LoggedIn {
    site: BrowsedSite,
    id: String,
    token: String,
}

impl BrowsedSite {
    /// The site at `https://FQDN/`; where `via` is given it is met there, whatever DNS says of its own name. Every request has
    /// the header.
    ///
    /// # Errors
    /// When `via` cannot be looked up, or no client can be made.
    pub(in crate::action) async fn new(
        settings: &Settings,
        fqdn: &Fqdn,
        via: Option<&str>,
        header: Option<(String, String)>,
    ) -> Result<Self, Failure> {
        let resolve = match via {
            None => None,
            Some(via) => {
                let found = tokio::net::lookup_host((via, 443)).await;
                let found: Vec<_> = found
                    .map_err(|e| Failure::transient(format!("look up `{via}`: no answer")).cause(e.to_string()))?
                    .collect();
                Some((fqdn.to_string(), found))
            }
        };
        let client = http_client(
            settings,
            &HttpOptions { resolve, cookies: true, redirects: 10, header, ..HttpOptions::default() },
        )?;
        Ok(Self { client, base: super::web::normal(&format!("https://{fqdn}/"))? })
    }

    /// The URL of a path.
    pub(super) fn at(&self, path: &str) -> Result<Url, Failure> {
        self.base.join(path).map_err(|e| Failure::permanent(format!("`{path}` is no path")).cause(e.to_string()))
    }

    /// Asks for a page as a browser does. An answer that is neither a page nor leads away is a failure.
    async fn page(&self, what: &str, request: RequestBuilder) -> Result<Answered, Failure> {
        let answer = request.header(ACCEPT, PAGES).send().await.map_err(|e| unanswered(what, e))?;
        seen(what, answer).await
    }
}

/// What an answer to a request for a page is. One that is neither a page nor leads away is a failure.
async fn seen(what: &str, answer: Response) -> Result<Answered, Failure> {
    if let Some(to) = leads_away(&answer) {
        return Ok(Answered::Away(answer.url().clone(), to));
    }
    if !answer.status().is_success() {
        return Err(refused(what, Asked::Page, answer).await);
    }
    let url = answer.url().clone();
    let html = answer.text().await.map_err(|e| unanswered(what, e))?;
    Ok(Answered::Shown(Shown { url, page: Page::read(&html) }))
}

impl Answered {
    fn shown(self, what: &str) -> Result<Shown, Failure> {
        match self {
            Answered::Shown(shown) => Ok(shown),
            Answered::Away(from, to) => Err(led_away(what, &from, &to)),
        }
    }
}

/// A path of the site without `/index.php`.
fn route(url: &Url) -> &str {
    let path = url.path();
    path.strip_prefix("/index.php").filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path)
}

/// Whether an address is that of the login page.
fn is_login(url: &Url) -> bool {
    matches!(route(url), "/login" | "/login/")
}

/// The folder in which a site is installed whose login page has this address; nothing when it is the root.
fn folder(url: &Url) -> Option<&str> {
    let path = url.path().trim_end_matches('/').strip_suffix("/login")?;
    let path = path.strip_suffix("/index.php").unwrap_or(path);
    (!path.is_empty() && !path.contains("/apps/")).then_some(path)
}

/// Fields in the form of a submitted HTML form.
fn form(fields: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://form.invalid/").expect("a constant URL is one");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// Opens a site as a visitor does, and goes to its login page.
///
/// # Errors
/// When it is no Nextcloud at the root of its name, or one whose login form cannot be reached.
pub(in crate::action) async fn open(site: BrowsedSite) -> Result<LoginPage, Failure> {
    let what = format!("open `{}`", site.base);
    let first = site.page(&what, site.client.get(site.base.clone())).await?;
    let led = match first {
        Answered::Shown(shown) if is_login(&shown.url) => return login_page(&what, site, shown),
        Answered::Shown(Shown { url, .. }) if folder(&url).is_some() => {
            let folder = folder(&url).unwrap_or_default();
            return Err(Failure::refused(format!("{what}: Nextcloud is under `{folder}`: not supported")).advise(
                "it must be at the root of its name: what is made and checked here asks for `/status.php` there",
            ));
        }
        Answered::Shown(shown) if shown.page.token.is_none() => return login_page(&what, site, shown),
        // A page where one chooses how to log in, or one that guests may see.
        Answered::Shown(_) => None,
        // Another name for the site itself is an error of the site; the way to an identity provider begins at the login.
        Answered::Away(from, to) if from.host_str() == to.host_str() || route(&from) == "/" => {
            return Err(led_away(&what, &from, &to));
        }
        Answered::Away(from, to) => Some(led_away(&what, &from, &to)),
    };
    let mut url = site.at("/index.php/login")?;
    url.set_query(Some("direct=1"));
    let what = format!("open `{url}`");
    match site.page(&what, site.client.get(url)).await {
        Ok(Answered::Shown(shown)) if is_login(&shown.url) => login_page(&what, site, shown),
        Ok(Answered::Away(from, to)) => Err(led.unwrap_or_else(|| led_away(&what, &from, &to))),
        Ok(Answered::Shown(shown)) => Err(led.unwrap_or_else(|| {
            Failure::permanent(format!("{what}: `{}` is no login page", shown.url.path())).advise(
                "the checks log in by Nextcloud's own form: is it switched off (`hide_login_form`, single sign-on)?",
            )
        })),
        Err(failure) => Err(led.unwrap_or(failure)),
    }
}

fn login_page(what: &str, site: BrowsedSite, shown: Shown) -> Result<LoginPage, Failure> {
    match shown.page.token {
        Some(token) => Ok(LoginPage { site, token }),
        None => {
            Err(Failure::permanent(format!("{what}: `{}` is no Nextcloud page (it has no request token)", shown.url))
                .advise("does the web server lead this name to Nextcloud, at its root?"))
        }
    }
}

impl LoginPage {
    /// Logs in by the form. One attempt: a refused password counts at Nextcloud, which slows down whoever guesses.
    ///
    /// # Errors
    /// With the login page's own reason. No answer in time is final too, for it may be a refused password on its way.
    pub(in crate::action) async fn log_in(self, user: &str, password: &Secret) -> Result<LoggedIn, Failure> {
        let site = self.site;
        let url = site.at("/index.php/login")?;
        let what = format!("log in as `{user}` at `{url}`");
        let body = form(&[("user", user), ("password", password.expose()), ("requesttoken", &self.token)]);
        let request = site
            .client
            .post(url)
            .timeout(LOGIN_LIMIT)
            .header(ORIGIN, site.base.origin().ascii_serialization())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        let answered = match request.header(ACCEPT, PAGES).send().await {
            Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => return Err(throttled(&what)),
            Ok(answer) => seen(&what, answer).await?,
            Err(e) if e.is_timeout() && !e.is_connect() => return Err(too_slow(&what)),
            Err(e) => return Err(unanswered(&what, e)),
        };
        let mut shown = answered.shown(&what)?;
        if let Some(failure) = turned_away(&what, user, &shown) {
            return Err(failure);
        }
        if shown.page.user.is_none() {
            // A default page that is not Nextcloud's own does not say who is logged in.
            let files = site.at("/index.php/apps/files/")?;
            shown = site.page(&what, site.client.get(files)).await?.shown(&what)?;
            if let Some(failure) = turned_away(&what, user, &shown) {
                return Err(failure);
            }
        }
        // The token is the session's, and the session is a new one now.
        match (shown.page.user, shown.page.token) {
            (Some(id), Some(token)) => Ok(LoggedIn { site, id, token }),
            _ => Err(Failure::permanent(format!("{what}: `{}` does not say who is logged in", shown.url.path()))
                .advise("log in by a browser: is it a page of Nextcloud that comes then?")),
        }
    }
}

/// A user by the name that is typed, and by the id where that is another.
pub(in crate::action) fn who(user: &str, id: &str) -> String {
    if user == id { format!("`{user}`") } else { format!("`{user}` (id `{id}`)") }
}

/// Why a page that came in the place of a user's own shows that nobody is logged in.
fn turned_away(what: &str, user: &str, shown: &Shown) -> Option<Failure> {
    if is_login(&shown.url) {
        return Some(reason(what, user, &shown.page.login_errors));
    }
    // `/login/selectchallenge`, `/login/challenge/totp`, `/login/setupchallenge`
    route(&shown.url).starts_with("/login/").then(|| {
        Failure::permanent(format!("{what}: sent to `{}`", shown.url.path()))
            .advise("the checks need a local user without two-factor login")
    })
}

/// The login page's reason in the operator's words.
fn reason(what: &str, user: &str, errors: &[String]) -> Failure {
    let refused = |why: &str| Failure::permanent(format!("{what}: {why}"));
    match errors.first().map(String::as_str) {
        None | Some("csrfCheckFailed") => refused("the login page came again, without a word about the password").advise(SESSION_LOST),
        Some("invalidpassword") => refused("Nextcloud refuses name or password (`invalidpassword`)").advise(format!(
            "give the own password of `{user}`, a local user: the login form takes no app password; where users come from \
             LDAP, see Nextcloud's log"
        )),
        Some("userdisabled") => refused("the user is disabled (`userdisabled`)")
            .advise(format!("`occ user:enable {user}`, or another user")),
        Some("invalidOrigin") => refused("Nextcloud does not take the site's own name for its own (`invalidOrigin`)")
            .advise("`overwritehost` and `overwriteprotocol` of config.php must give the name and scheme that users type"),
        Some(_) => refused(&format!("Nextcloud refuses it: {}", errors.join("; "))),
    }
}

fn throttled(what: &str) -> Failure {
    Failure::permanent(format!("{what}: answered 429 Too Many Requests")).advise(
        "too many logins from this address failed within half an hour: put the password right, then wait so long, or \
         `occ security:bruteforce:reset ADDRESS`",
    )
}

fn too_slow(what: &str) -> Failure {
    Failure::permanent(format!("{what}: no answer within {} s", LOGIN_LIMIT.as_secs()))
        .cause("it is not tried again by itself, for it may be a wrong password, which Nextcloud answers late")
        .advise(
            "log in by a browser from here; when failed logins slow it down, `occ security:bruteforce:reset ADDRESS`",
        )
}

impl LoggedIn {
    /// The user's id, which is not always what one logs in with (an e-mail address, a name of LDAP): it is what WebDAV's
    /// paths have.
    pub(in crate::action) fn id(&self) -> &str {
        &self.id
    }

    /// The site.
    pub(super) fn site(&self) -> &BrowsedSite {
        &self.site
    }

    /// The session's request token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Logs out, and proves it: the files page is not shown to anybody any more.
    ///
    /// # Errors
    /// When it still is.
    pub(in crate::action) async fn log_out(self) -> Result<(), Failure> {
        let mut url = self.site.at("/index.php/logout")?;
        let what = format!("log out at `{url}`");
        url.query_pairs_mut().append_pair("requesttoken", &self.token);
        // With single sign-on the next login page is somebody else's.
        self.site.page(&what, self.site.client.get(url)).await?;
        let files = self.site.at("/index.php/apps/files/")?;
        let what = format!("{what}, then open `{files}`");
        let answer =
            self.site.client.get(files).header(ACCEPT, PAGES).send().await.map_err(|e| unanswered(&what, e))?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Ok(());
        }
        match seen(&what, answer).await? {
            Answered::Shown(Shown { page: Page { user: Some(user), .. }, .. }) => {
                Err(Failure::permanent(format!("{what}: it is still shown, to `{user}`")))
            }
            Answered::Shown(Shown { url, page: Page { token: None, .. } }) => {
                Err(Failure::permanent(format!("{what}: `{}` is no Nextcloud page", url.path())))
            }
            Answered::Shown(_) | Answered::Away(..) => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "browser_test.rs"]
mod tests;
