//! A browser against a little site that answers as Nextcloud does.

use super::*;
use crate::action::site::little_site::{LittleSite, page, redirect};

fn site(base: &Url) -> BrowsedSite {
    let settings = Settings {
        ssh_config: None,
        trust: None,
        poll: Settings::POLL,
        pace: crate::model::Pace::USUAL,
        work_dir: std::env::temp_dir(),
        kept_dir: std::env::temp_dir(),
    };
    let options = HttpOptions { cookies: true, redirects: 10, ..HttpOptions::default() };
    BrowsedSite { client: http_client(&settings, &options).unwrap(), base: base.clone() }
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
        assert!(failure.by_hand().iter().any(|a| a.contains(advice)), "{errors}: {failure:?}");
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
    assert!(failure.by_hand()[0].contains("two-factor"), "{failure:?}");
    let throttled = answering(|_| "429 Too Many Requests\r\nContent-Length: 0\r\n\r\n".to_owned());
    let failure = logged_in(throttled.url()).await.unwrap_err();
    assert!(failure.by_hand()[0].contains("bruteforce:reset"), "{failure:?}");
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
    assert!(failure.by_hand()[0].contains("single sign-on"), "{failure:?}");
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
    assert!(logged_in(renamed.url()).await.unwrap_err().by_hand()[0].contains("overwritehost"));
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
