//! The map, live: on a terminal redrawn in place, elsewhere printed again when it has changed.

use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::Context as _;
use chrono::Utc;
use local_xray::layout::Order;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use xray_daemon::XrayClient;

use super::{Args, services, text};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::shutdown::{Phase, Stop};
use crate::view;

/// Shows the map until somebody stops it or nobody reads it.
pub(super) async fn watch(
    client: &XrayClient,
    args: &Args,
    interval: Duration,
    stop: &Stop,
) -> anyhow::Result<ExitStatus> {
    let mut resized = signal(SignalKind::window_change()).context("catch signals")?;
    // Whether there is an X-Ray at all shows before the screen changes.
    let mut latest = services(client, args).await?;
    let mut shown = Shown::new(interval);
    let mut trouble = None;
    loop {
        if shown.show(args, &latest, trouble.as_deref())?.is_break() {
            return Ok(ExitStatus::Done);
        }
        tokio::select! {
            () = stop.reached(Phase::Draining) => break,
            _ = resized.recv() => continue,
            () = tokio::time::sleep(interval) => {}
        }
        let asked = tokio::select! {
            () = stop.reached(Phase::Draining) => break,
            asked = services(client, args) => asked,
        };
        match asked {
            Ok(services) => (latest, trouble) = (services, None),
            // A server that restarts is no reason to go.
            Err(error) => trouble = Some(format!("{error:#}")),
        }
    }
    shown.end()?;
    Ok(ExitStatus::Done)
}

/// What was shown last.
struct Shown {
    interval: Duration,
    screen: Option<Screen>,
    order: Order,
    text: String,
    trouble: Option<String>,
}

impl Shown {
    fn new(interval: Duration) -> Self {
        Self {
            interval,
            screen: None,
            order: Order::default(),
            text: String::new(),
            trouble: None,
        }
    }

    fn show(
        &mut self,
        args: &Args,
        services: &[Value],
        trouble: Option<&str>,
    ) -> anyhow::Result<ControlFlow<()>> {
        let (text, order) = text(args, services, Some(&self.order))?;
        self.order = order;
        let is_live = print::is_terminal() && !args.common.json;
        if !is_live {
            if trouble.is_some() && self.trouble.as_deref() != trouble {
                print::foreign(trouble.unwrap_or_default());
            }
            self.trouble = trouble.map(str::to_owned);
            if text == self.text {
                return Ok(ControlFlow::Continue(()));
            }
            let gap = if self.text.is_empty() { "" } else { "\n" };
            self.text = text;
            return print::next_result(&format!("{gap}{}", self.text));
        }
        let screen = match &self.screen {
            Some(screen) => screen,
            None => self.screen.insert(Screen::begin()?),
        };
        let state = match trouble {
            Some(trouble) => format!("{trouble}; looking again"),
            None => format!(
                "{} UTC · every {} s · Ctrl-C ends",
                Utc::now().format("%H:%M:%S"),
                self.interval.as_secs_f64()
            ),
        };
        self.text = text;
        screen.draw(&self.text, &state)
    }

    /// Gives the terminal back, with the last map on it.
    fn end(self) -> anyhow::Result<()> {
        match self.screen {
            Some(screen) => {
                drop(screen);
                print::result(&self.text)
            }
            None => Ok(()),
        }
    }
}

/// The terminal's other screen, as long as it is shown.
struct Screen;

impl Screen {
    /// Changes to the other screen and hides the cursor.
    fn begin() -> anyhow::Result<Self> {
        print::result("\x1b[?1049h\x1b[?25l")?;
        Ok(Self)
    }

    /// Draws over what is there, as much as there is room for, and the state in the last line.
    fn draw(&self, text: &str, state: &str) -> anyhow::Result<ControlFlow<()>> {
        print::next_result(&frame(text, state, print::size()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = print::result("\x1b[?25h\x1b[?1049l");
    }
}

/// What writes `text` into a terminal of this many columns and rows, and clears the rest.
fn frame(text: &str, state: &str, (columns, rows): (usize, usize)) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let room = rows.saturating_sub(1).max(1);
    let (shown, state) = match lines.len().saturating_sub(room) {
        0 => (&lines[..], state.to_owned()),
        more => {
            let more = view::count(more as u64, "more line");
            let more = format!("{more} below the terminal · {state}");
            (&lines[..room], more)
        }
    };
    let mut frame = String::from("\x1b[H");
    for line in shown {
        frame.push_str(line);
        frame.push_str("\x1b[K\r\n");
    }
    frame.push_str("\x1b[J");
    let state = view::clip(&state, columns);
    frame.push_str(&format!("\x1b[{rows};1H\x1b[2m{state}\x1b[0m"));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_ends_within_the_screen() {
        assert_eq!(
            frame("a\nb\n", "state", (80, 4)),
            "\x1b[Ha\x1b[K\r\nb\x1b[K\r\n\x1b[J\x1b[4;1H\x1b[2mstate\x1b[0m"
        );
        assert_eq!(
            frame("a\nb\nc\nd\n", "state", (20, 3)),
            "\x1b[Ha\x1b[K\r\nb\x1b[K\r\n\x1b[J\x1b[3;1H\x1b[2m2 more lines below …\x1b[0m"
        );
    }
}
