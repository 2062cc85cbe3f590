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
pub(in crate::action) struct Site {
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
    site: Site,
    token: String,
}

/// A user who is logged in.
#[derive(Debug)]
pub(in crate::action) struct LoggedIn {
    site: Site,
    id: String,
    token: String,
}

impl Site {
    /// The site at `https://FQDN/`; where `via` is given it is met there, whatever DNS says of its own name.
    ///
    /// # Errors
    /// When `via` cannot be looked up, or no client can be made.
    pub(in crate::action) async fn new(settings: &Settings, fqdn: &Fqdn, via: Option<&str>) -> Result<Self, Failure> {
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
        let client = http_client(settings, &HttpOptions { resolve, cookies: true, redirects: 10 })?;
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
pub(in crate::action) async fn open(site: Site) -> Result<LoginPage, Failure> {
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

fn login_page(what: &str, site: Site, shown: Shown) -> Result<LoginPage, Failure> {
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
    pub(super) fn site(&self) -> &Site {
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
mod tests {
    use super::*;
    use crate::action::site::little_site::{LittleSite, page, redirect};

    fn site(base: &Url) -> Site {
        let settings = Settings { ssh_config: None, trust: None, poll: Settings::POLL, work_dir: std::env::temp_dir() };
        let options = HttpOptions { cookies: true, redirects: 10, ..HttpOptions::default() };
        Site { client: http_client(&settings, &options).unwrap(), base: base.clone() }
    }

    const GUEST: &str = "<head data-requesttoken=\"x\">";
    const ANNA: &str = "<head data-user=\"anna\" data-requesttoken=\"y\">";

    async fn logged_in(base: &Url) -> Result<LoggedIn, Failure> {
        open(site(base)).await?.log_in("anna@example.org", &Secret::new("hunter2".into())).await
    }

    /// A site whose `/` leads to the login page and whose login is answered by `login`.
    fn answering(login: impl Fn(&str) -> String + Send + 'static) -> LittleSite {
        LittleSite::start(move |request| match (request.method(), request.path()) {
            ("GET", "/") => redirect(302, "/login"),
            ("GET", "/login") => page(GUEST),
            ("POST", "/index.php/login") => login(request.base()),
            _ => page(ANNA),
        })
    }

    fn told(errors: &str) -> String {
        let value = aws_smithy_types::base64::encode(errors);
        page(&format!("{GUEST}<input type=\"hidden\" id=\"initial-state-core-loginErrors\" value=\"{value}\">"))
    }

    #[tokio::test]
    async fn pages_are_asked_for_as_a_browser_does_and_the_id_is_the_pages() {
        let site = answering(|_| redirect(303, "/apps/dashboard/"));
        let user = logged_in(site.url()).await.unwrap();
        assert_eq!(user.id(), "anna");
        let asked = site.asked();
        assert_eq!(asked.len(), 4, "{asked:?}");
        assert!(asked.iter().all(|request| request.header("accept").contains("text/html")), "{asked:?}");
    }

    #[tokio::test]
    async fn the_login_pages_reason_is_told_and_a_refused_password_is_sent_once() {
        let cases = [
            (r#"["invalidpassword"]"#, "`invalidpassword`", "no app password"),
            (r#"["userdisabled"]"#, "disabled", "user:enable"),
            (r#"["csrfCheckFailed"]"#, "login page came again", "sticky"),
            (r#"["invalidOrigin"]"#, "`invalidOrigin`", "overwritehost"),
            ("[]", "login page came again", "sticky"),
        ];
        for (errors, message, advice) in cases {
            let site = LittleSite::start(move |request| match (request.method(), request.path()) {
                ("POST", _) => redirect(303, "/login?user=anna&direct=1"),
                (_, "/login") if request.query().contains("direct=1") => told(errors),
                (_, "/") => redirect(302, "/login"),
                _ => page(GUEST),
            });
            let failure = logged_in(site.url()).await.unwrap_err();
            assert!(failure.message.contains(message), "{errors}: {failure:?}");
            assert!(failure.advice.iter().any(|a| a.contains(advice)), "{errors}: {failure:?}");
            assert_eq!(failure.kind, crate::model::FailureKind::Permanent, "{errors}");
            assert!(!format!("{failure:?}").contains("hunter2"));
            assert_eq!(site.asked().iter().filter(|request| request.method() == "POST").count(), 1);
        }
    }

    #[tokio::test]
    async fn what_an_app_says_at_the_login_is_shown() {
        let site = LittleSite::start(|request| match (request.method(), request.path()) {
            ("POST", _) => redirect(303, "/login"),
            (_, "/login") => told(r#"["Your account is locked until Monday"]"#),
            _ => redirect(302, "/login"),
        });
        assert!(logged_in(site.url()).await.unwrap_err().message.contains("locked until Monday"));
    }

    #[tokio::test]
    async fn a_second_factor_and_too_many_logins_are_told() {
        let second = answering(|_| redirect(303, "/login/selectchallenge?redirect_url=/"));
        let failure = logged_in(second.url()).await.unwrap_err();
        assert!(failure.advice[0].contains("two-factor"), "{failure:?}");
        let throttled = answering(|_| "429 Too Many Requests\r\nContent-Length: 0\r\n\r\n".to_owned());
        let failure = logged_in(throttled.url()).await.unwrap_err();
        assert!(failure.advice[0].contains("bruteforce:reset"), "{failure:?}");
        assert_eq!(failure.kind, crate::model::FailureKind::Permanent, "not tried again");
    }

    #[tokio::test]
    async fn a_default_page_that_does_not_say_who_is_logged_in_is_not_taken_for_one() {
        let site = LittleSite::start(|request| match (request.method(), request.path()) {
            ("POST", _) => redirect(303, "/apps/external/1"),
            (_, "/") => redirect(302, "/login"),
            (_, "/index.php/apps/files/") => page(ANNA),
            _ => page(GUEST),
        });
        assert_eq!(logged_in(site.url()).await.unwrap().id(), "anna");
    }

    #[tokio::test]
    async fn single_sign_on_is_passed_by_where_the_form_is_still_shown() {
        let idp = LittleSite::start(|_| page("<form>"));
        let there = format!("{}sso?SAMLRequest=x", idp.url());
        let there = there.replace("127.0.0.1", "localhost");
        let shows_form = |shown: bool| {
            let there = there.clone();
            LittleSite::start(move |request| match (request.method(), request.path()) {
                ("GET", "/") => redirect(302, "/login"),
                ("POST", _) => redirect(303, "/apps/files/"),
                (_, "/login" | "/index.php/login") if !shown || !request.query().contains("direct=1") => {
                    redirect(303, &there)
                }
                (_, "/index.php/login") => page(GUEST),
                _ => page(ANNA),
            })
        };
        assert_eq!(logged_in(shows_form(true).url()).await.unwrap().id(), "anna");
        let failure = logged_in(shows_form(false).url()).await.unwrap_err();
        assert!(failure.advice[0].contains("single sign-on"), "{failure:?}");
        assert!(!format!("{failure:?}").contains("SAMLRequest"), "{failure:?}");
        assert!(idp.asked().is_empty(), "the other host is not asked");
    }

    #[tokio::test]
    async fn a_site_in_a_folder_or_another_site_is_refused() {
        for login in ["/nextcloud/index.php/login", "/cloud/login"] {
            let site = LittleSite::start(move |request| match request.path() {
                "/" => redirect(302, login),
                _ => page(GUEST),
            });
            let failure = logged_in(site.url()).await.unwrap_err();
            let folder = login.split('/').nth(1).unwrap();
            assert!(failure.message.contains(&format!("Nextcloud is under `/{folder}`: not supported")), "{failure:?}");
        }
        let other = LittleSite::start(|_| page("<h1>It works!</h1>"));
        assert!(logged_in(other.url()).await.unwrap_err().message.contains("no Nextcloud page"));
        let renamed = LittleSite::start(|request| redirect(302, &request.base().replace("127.0.0.1", "localhost")));
        assert!(logged_in(renamed.url()).await.unwrap_err().advice[0].contains("overwritehost"));
    }

    #[tokio::test]
    async fn a_password_is_not_sent_to_where_a_redirect_leads() {
        let elsewhere = LittleSite::start(|_| page(ANNA));
        let away = format!("{}in?t=0k", elsewhere.url());
        let site = answering(move |_| redirect(307, &away));
        let failure = logged_in(site.url()).await.unwrap_err();
        assert!(failure.message.contains(&format!("sent to `{}in`", elsewhere.url())), "{failure:?}");
        assert_eq!(site.asked().iter().filter(|request| request.method() == "POST").count(), 1);
        assert!(elsewhere.asked().is_empty(), "the other server is not asked");
    }

    #[tokio::test]
    async fn a_logout_is_believed_when_the_files_page_is_nobodys() {
        let refusing = |html: bool| {
            LittleSite::start(move |request| match (request.method(), request.path()) {
                ("POST", _) => redirect(303, "/apps/files/"),
                (_, "/index.php/logout") => redirect(303, "/login?clear=1"),
                (_, "/index.php/apps/files/") if html => redirect(303, "/login?redirect_url=/index.php/apps/files/"),
                (_, "/index.php/apps/files/") => {
                    "401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".to_owned()
                }
                (_, "/login") => page(GUEST),
                (_, "/") => redirect(302, "/login"),
                _ => page(ANNA),
            })
        };
        for html in [true, false] {
            logged_in(refusing(html).url()).await.unwrap().log_out().await.unwrap();
        }
        let kept = answering(|_| redirect(303, "/apps/files/"));
        let failure = logged_in(kept.url()).await.unwrap().log_out().await.unwrap_err();
        assert!(failure.message.contains("still shown, to `anna`"), "{failure:?}");
    }

    #[test]
    fn login_pages_and_folders_are_known() {
        let url = |text: &str| Url::parse(text).unwrap();
        for login in ["https://a.example/index.php/login?user=x&direct=1", "https://a.example/login"] {
            assert!(is_login(&url(login)) && folder(&url(login)).is_none(), "{login}");
        }
        assert!(!is_login(&url("https://a.example/index.php/apps/files/")));
        assert_eq!(folder(&url("https://a.example/a/b/index.php/login?x=1")), Some("/a/b"));
        assert_eq!(folder(&url("https://a.example/apps/user_saml/saml/login")), None);
    }

    #[test]
    fn fields_are_encoded() {
        assert_eq!(form(&[("password", "a&b=c d+ü")]), "password=a%26b%3Dc+d%2B%C3%BC");
    }
}
