//! The files that pages load: style sheets, scripts, the icon. They are in the program, under a path that
//! changes whenever one of them does, so browsers keep them.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer::GUARDS;
use crate::draw;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        Asset {
            name: $name,
            kind: $kind,
            text: include_str!(concat!("assets/", $name)),
        }
    };
}

const ASSETS: &[Asset] = &[
    Asset {
        name: "drawing.css",
        kind: CSS,
        text: draw::STYLE_SHEET,
    },
    asset!("console.css", CSS),
    asset!("lists.css", CSS),
    asset!("map.css", CSS),
    asset!("traces.css", CSS),
    asset!("trace.css", CSS),
    asset!("compare.css", CSS),
    asset!("runs.css", CSS),
    asset!("rejects.css", CSS),
    asset!("console.js", JS),
    asset!("place.js", JS),
    asset!("live.js", JS),
    asset!("map.js", JS),
    asset!("traces.js", JS),
    asset!("trace.js", JS),
    asset!("theme.js", JS),
    asset!("icon.svg", "image/svg+xml"),
];

/// FNV-1a over all of them.
const HASH: u64 = {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut asset = 0;
    while asset < ASSETS.len() {
        let bytes = ASSETS[asset].text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            at += 1;
        }
        asset += 1;
    }
    hash
};

/// The address of a file.
pub(super) fn url(name: &str) -> String {
    format!("/assets/{HASH:016x}/{name}")
}

/// A file. That of another version of this program is not there.
pub(super) async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    match asset.filter(|_| hash == format!("{HASH:016x}")) {
        Some(asset) => {
            let kept = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
            let kind = (header::CONTENT_TYPE, asset.kind);
            (GUARDS, [kind, kept], asset.text).into_response()
        }
        None => (StatusCode::NOT_FOUND, GUARDS).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_scripts_stay_small() {
        let scripts = ASSETS.iter().filter(|asset| asset.kind == JS);
        let lines = scripts.flat_map(|asset| asset.text.lines());
        // What is there for people does not count.
        let is_code = |line: &&str| {
            let line = line.trim_start();
            !line.starts_with("//") && !line.starts_with("/**")
        };
        let lines = lines.filter(is_code);
        let bytes: usize = lines.map(|line| line.len() + 1).sum();
        assert!(bytes <= 15_900, "{bytes} bytes of script");
    }
}
