//! What a page of Nextcloud says of itself: whose it is, its request token, and why a login was refused. Pure.
//!
//! Facts, with their sources in Nextcloud's server (the same in 24, 25 and 29):
//! - pages of a user and of a guest begin `<head data-user="ID" data-user-displayname="..." data-requesttoken="TOKEN">`,
//!   without `data-user` where nobody is logged in (core/templates/layout.user.php, layout.guest.php);
//! - attributes are written by `p()`: `htmlspecialchars` with `ENT_QUOTES`;
//! - what a page's script is told stands in `<input type="hidden" id="initial-state-APP-KEY" value="BASE64 of JSON">`
//!   (the same templates); the login page's `core-loginErrors` is the list of reasons why the last login was refused
//!   (core/Controller/LoginController.php, `showLoginForm`).

use aws_smithy_types::base64;

/// A page, as far as it concerns a visitor who logs in.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// The session's request token; only pages of Nextcloud have one.
    pub(super) token: Option<String>,
    /// The id of the user who is logged in.
    pub(super) user: Option<String>,
    /// Why the last login of this session was refused.
    pub(super) login_errors: Vec<String>,
}

impl Page {
    /// Reads a page's HTML.
    pub(super) fn read(html: &str) -> Self {
        let head = tags(html, "head").next().unwrap_or_default();
        let value = |name| attribute(head, name).filter(|value| !value.is_empty());
        Self { token: value("data-requesttoken"), user: value("data-user"), login_errors: login_errors(html) }
    }
}

fn login_errors(html: &str) -> Vec<String> {
    let state = tags(html, "input")
        .find(|tag| attribute(tag, "id").as_deref() == Some("initial-state-core-loginErrors"))
        .and_then(|tag| attribute(tag, "value"))
        .and_then(|value| base64::decode(value).ok())
        .and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
    let texts = state.as_ref().and_then(serde_json::Value::as_array).into_iter().flatten();
    texts.filter_map(serde_json::Value::as_str).map(str::to_owned).collect()
}

/// What stands between `<NAME` and `>` of each tag of this name.
fn tags<'a>(html: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    html.split('<').skip(1).filter_map(move |rest| {
        let inner = rest.strip_prefix(name)?;
        let inner = inner.split_once('>').map_or(inner, |(inner, _)| inner);
        (inner.is_empty() || inner.starts_with(char::is_whitespace)).then_some(inner)
    })
}

/// The value of a tag's attribute, unescaped.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (found, after) = rest.split_at(end);
        if found.is_empty() {
            return None;
        }
        rest = after.trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| ['"', '\''].contains(c));
            (value, rest) = match quote {
                Some(quote) => after[1..].split_once(quote)?,
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
        }
        if found.eq_ignore_ascii_case(name) {
            return Some(unescaped(value));
        }
    }
}

/// Character references resolved: those of `htmlspecialchars`, and by number.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let resolved = after.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        match resolved {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "lt" => Some('<'),
        "gt" => Some('>'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_page_tells_the_id_and_the_token() {
        let html = "<!DOCTYPE html>\n<html lang=\"en\">\n\t<head data-user=\"o&#039;brien &amp; co\" \
                    data-user-displayname=\"O\" data-requesttoken=\"ab/c&#43;:d=\">\n<title>x</title>";
        let page = Page::read(html);
        assert_eq!(page.user.as_deref(), Some("o'brien & co"));
        assert_eq!(page.token.as_deref(), Some("ab/c+:d="));
    }

    #[test]
    fn a_guests_page_has_nobody() {
        let page = Page::read("<html><head\n data-requesttoken=\"t\">\n<body data-user=\"x\">");
        assert_eq!(page, Page { token: Some("t".into()), ..Page::default() });
        assert_eq!(Page::read("<html><header data-requesttoken=\"t\">"), Page::default());
        assert_eq!(Page::read("<head data-user-displayname=\"A\" data-user=\"\" data-requesttoken='t'>").user, None);
    }

    #[test]
    fn the_login_page_gives_its_reason() {
        let page = |value: &str| {
            Page::read(&format!(
                "<head data-requesttoken=\"t\"><input type=\"hidden\" id=\"initial-state-core-loginMessages\" value=\"W10=\">\
                 <input type=\"hidden\" id=\"initial-state-core-loginErrors\" value=\"{value}\">"
            ))
        };
        let state = base64::encode(br#"["invalidpassword","More, <said> by an app"]"#);
        assert_eq!(page(&state).login_errors, ["invalidpassword", "More, <said> by an app"]);
        for nothing in ["", "W10=", "not base64 !", "e30="] {
            assert!(page(nothing).login_errors.is_empty(), "{nothing}");
        }
    }

    #[test]
    fn references_that_are_none_stay() {
        assert_eq!(unescaped("a & b &nothing; &#x2B;&#43;&lt;&gt;&apos;&quot; &"), "a & b &nothing; ++<>'\" &");
    }

    proptest::proptest! {
        #[test]
        fn any_page_can_be_read(html in "(?s).{0,200}|(<head|<input| id=|\"|'|>|&#x|;|data-user| |=|é){0,60}") {
            let _ = Page::read(&html);
        }

        #[test]
        fn what_is_written_is_read(user in "[^\\x00]{1,20}", token in "[ -~]{1,20}") {
            let escaped = |text: &str| {
                text.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#039;").replace('<', "&lt;").replace('>', "&gt;")
            };
            let html = format!("<head data-user=\"{}\" data-requesttoken=\"{}\">", escaped(&user), escaped(&token));
            let page = Page::read(&html);
            proptest::prop_assert_eq!(page.user, Some(user));
            proptest::prop_assert_eq!(page.token, Some(token));
        }
    }
}
