//! The console in the user's browser.

use std::time::Duration;

use crate::cli::print;

/// How long the desktop may take to say that it has no browser.
const LIMIT: Duration = Duration::from_secs(2);

/// Opens a page of the console, and says where it is, since there may be no browser here.
pub(super) async fn open(url: String) {
    print::note(format_args!("console {url}"));
    let opened = tokio::task::spawn_blocking(move || open::that_detached_with_timeout(url, LIMIT));
    if let Ok(Err(error)) = opened.await {
        print::note(format_args!(
            "no browser opened: {error}; open the address above in one that reaches it"
        ));
    }
}
