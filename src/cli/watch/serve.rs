//! The page and its events over HTTP: read-only, for whoever has the address.

use super::follow::PageState;
use super::token;
use crate::display;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::unfold;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch::Receiver;

/// How long nothing may be said before a sign of life: what lies between may drop a connection that is silent.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

struct Site {
    token: String,
    shown: Receiver<PageState>,
}

/// Serves until it cannot.
pub(super) async fn serve(listener: TcpListener, token: String, shown: Receiver<PageState>) -> std::io::Result<()> {
    let site = Arc::new(Site { token, shown });
    let app = Router::new().route("/{token}/", get(page)).route("/{token}/events", get(events)).with_state(site);
    axum::serve(listener, app).await
}

async fn page(State(site): State<Arc<Site>>, Path(word): Path<String>) -> Response {
    if !token::is(&word, &site.token) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let page = site.shown.borrow().page.to_string();
    (headers(), Html(page)).into_response()
}

/// What is now, and from then on what is new.
async fn events(State(site): State<Arc<Site>>, Path(word): Path<String>) -> Response {
    if !token::is(&word, &site.token) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut shown = site.shown.clone();
    shown.mark_changed();
    let told = Told { shown, version: None, left: Vec::new() };
    let all = unfold(told, |mut told| async move {
        let event = told.next().await?;
        Some((Ok::<Event, Infallible>(event), told))
    });
    (headers(), Sse::new(all).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE))).into_response()
}

/// What one reader was told.
struct Told {
    shown: Receiver<PageState>,
    /// The report that was told last.
    version: Option<u64>,
    /// What is still to be told of the moment, the first last.
    left: Vec<Event>,
}

impl Told {
    /// The next event; nothing when nobody tells any more.
    async fn next(&mut self) -> Option<Event> {
        while self.left.is_empty() {
            self.shown.changed().await.ok()?;
            let shown = self.shown.borrow_and_update();
            let event = |name: &str, data: &str| Event::default().event(name).data(data);
            if let Some(trouble) = &shown.trouble {
                self.left.push(event("trouble", trouble));
                continue;
            }
            if self.version != Some(shown.version) {
                self.version = Some(shown.version);
                self.left.push(event("report", &shown.report));
            }
            self.left.push(event("now", &shown.now));
        }
        self.left.pop()
    }
}

/// Nothing of it is kept, framed, or said to another site.
fn headers() -> HeaderMap {
    let policy = display::watch_policy();
    let all = [
        ("content-security-policy", policy.as_str()),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    let parsed =
        |(name, value): (&'static str, &str)| Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?));
    all.into_iter().filter_map(parsed).collect()
}
