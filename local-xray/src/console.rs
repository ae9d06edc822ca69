//! The console: service map, traces, runs and rejects as pages for a browser, served beside the API.
//!
//! Every page is whole without a script: links and forms say in the address what is shown. Scripts
//! put the same pages into each other's place, follow what happens, and make maps and timelines
//! pleasant to move in.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use tokio::sync::watch;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tracing_xray::{Clock, Timestamp};

use crate::store::{Mark, Store};

mod address;
mod answer;
mod assets;
mod command;
mod filter;
mod jobs;
mod live;
mod map;
mod page;
mod pages;
mod parts;
mod rejects;
mod runs;
mod trace;
mod traces;
mod window;

use address::Address;
use answer::Failure;

/// What the console tells of the world around it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where an X-Ray daemon listens that sends here, as in `AWS_XRAY_DAEMON_ADDRESS`.
    pub daemon: Option<String>,
    /// What makes commands of `xray-ecs` look here: `--local`, or `--local=DIR`.
    pub local: String,
}

impl Default for Surroundings {
    /// No daemon, and the directory that commands look into when none is named.
    fn default() -> Self {
        Self {
            daemon: None,
            local: "--local".to_owned(),
        }
    }
}

/// What pages are made of.
pub(crate) struct Console {
    store: Store,
    surroundings: Surroundings,
    clock: Clock,
    stopped: watch::Receiver<bool>,
    orders: map::Orders,
    last_traces: trace::LastRead,
}

impl Console {
    /// Pages over a store, until `stopped` says so.
    pub(crate) fn new(
        store: Store,
        surroundings: Surroundings,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        Self {
            store,
            surroundings,
            clock: Clock::System,
            stopped,
            orders: map::Orders::default(),
            last_traces: trace::LastRead::default(),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// What is asked of a page.
struct Request {
    /// The address of the page, with all that it says.
    address: Address,
    /// The URL of the server, as the browser calls it.
    origin: String,
    /// How far the store had come before the page was made.
    mark: Option<Mark>,
}

impl Request {
    fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let host = headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        Self {
            address: window::plain(&Address::of(uri)),
            origin: format!("http://{host}"),
            mark: None,
        }
    }
}

/// A page, or whatever else stands at an address.
type View = fn(&Console, &Request) -> Result<Response, Failure>;

/// The routes of the console beside those of an API, which answers what is no page.
pub(crate) fn routes(console: Console, api: Router) -> Router {
    let console = Arc::new(console);
    let views = Router::new()
        .route("/", view(map::page))
        .route("/map.svg", view(map::file))
        .route("/map/traces", view(map::traces))
        .route("/traces", view(traces::page))
        .route("/traces.jsonl", view(traces::documents))
        .route("/traces/{id}", view(trace::page))
        .route("/traces/{id}/compare", view(trace::compare))
        .route("/traces/{id}/rows", view(trace::rows))
        .route("/traces/{id}/raw", view(trace::raw))
        .route("/traces/{id}/export", view(trace::export))
        .route("/traces/{id}/timeline.svg", view(trace::svg))
        .route("/traces/{id}/segments/{segment}", view(trace::segment))
        .route("/runs", view(runs::page))
        .route("/runs/{*rest}", view(runs::page))
        .route("/jobs", view(jobs::page))
        .route("/jobs/{name}", view(jobs::page))
        .route("/rejects", view(rejects::page))
        .route("/filter", view(filter::check))
        .route("/live", get(live::events))
        .route("/assets/{hash}/{name}", get(assets::serve));
    let views = views
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(Arc::clone(&console));
    views.merge(api.layer(from_fn_with_state(console, in_words)))
}

/// Who looks for a page that is not there is answered with one, not with an error of the API.
async fn in_words(
    State(console): State<Arc<Console>>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let accepts = request.headers().get(header::ACCEPT);
    let accepts = accepts.and_then(|accepts| accepts.to_str().ok());
    let is_browser = request.method() == Method::GET
        && accepts.is_some_and(|accepts| accepts.contains("text/html"));
    let asked = Request::of(request.uri(), request.headers());
    let answer = next.run(request).await;
    if !is_browser || answer.status() != StatusCode::NOT_FOUND {
        return answer;
    }
    let path = asked.address.only(&[]);
    Failure::NotFound(format!("there is no page at {path}")).page(&console, &asked)
}

fn view(view: View) -> MethodRouter<Arc<Console>> {
    get(
        async move |State(console): State<Arc<Console>>, uri: Uri, headers: HeaderMap| {
            let mut request = Request::of(&uri, &headers);
            // The store blocks.
            let answer = tokio::task::spawn_blocking(move || {
                request.mark = console.store.mark().ok();
                let answer = view(&console, &request);
                answer.unwrap_or_else(|failure| failure.page(&console, &request))
            });
            answer
                .await
                .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
        },
    )
}
