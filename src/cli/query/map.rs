//! `xray-ecs map`: the service map, once or live.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use local_xray::draw::{self, Setting};
use local_xray::layout::Order;
use local_xray::map::Map;
use serde_json::{Value, json};
use xray_daemon::XrayClient;

use super::{Common, Recent, ask, check_filter, found, tells_of_older};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::query::TimeRangeType;
use crate::spec::Environment;
use crate::view::{self, Details};
use crate::{query, shutdown};

mod watch;

/// The most traces that a filtered map is made of: GetTraceGraph takes but five at a time.
const TRACES_MAX: usize = 5_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    recent: Recent,
    /// Only traces that match this filter expression of X-Ray, the newest 5,000 of them
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Show the numbers of the edges, too
    #[arg(long, conflicts_with_all = ["json", "svg"])]
    edges: bool,
    /// Draw the map as an SVG into FILE; `-` is stdout
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    svg: Option<PathBuf>,
    /// Look again every SECONDS until Ctrl-C; not on a terminal, print what has changed
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
        default_missing_value = "2", value_parser = parse_seconds, conflicts_with_all = ["svg", "until"])]
    watch: Option<Duration>,
    #[command(flatten)]
    common: Common,
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("expected seconds between 0.1 and 86400".to_owned()),
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    if let Some(filter) = &args.filter {
        check_filter(&args.common, filter)?;
    }
    ask(&args.common, environment, async |client| {
        if let Some(interval) = args.watch {
            let (source, stop) = shutdown::stop();
            shutdown::watch_signals(source).context("catch signals")?;
            return watch::watch(client, args, interval, &stop).await;
        }
        let services = services(client, args).await?;
        if services.is_empty() && !args.common.json && args.svg.is_none() {
            if args.filter.is_some() {
                print::note("no trace matches the filter");
                return Ok(found(&services));
            }
            if tells_of_older(client, &args.common, &args.recent).await? {
                return Ok(found(&services));
            }
        }
        match &args.svg {
            Some(file) => {
                let drawing = draw::service_map(&Map::new(&services), Setting::File, None);
                print::drawing(file, &drawing.svg)?;
            }
            None => print::result(&text(args, &services, None)?.0)?,
        }
        Ok(found(&services))
    })
}

/// The services to show.
async fn services(client: &XrayClient, args: &Args) -> anyhow::Result<Vec<Value>> {
    let window = args.recent.window()?;
    let Some(filter) = &args.filter else {
        return query::service_graph(client, window).await;
    };
    // GetServiceGraph takes no filter.
    let summaries =
        query::trace_summaries(client, window, TimeRangeType::Event, Some(filter)).await?;
    let ids: Vec<&str> = summaries
        .iter()
        .filter_map(|summary| summary["Id"].as_str())
        .collect();
    if ids.len() > TRACES_MAX {
        print::note(format_args!(
            "{} traces match; the map is of the newest {TRACES_MAX}: narrow the filter or --since",
            ids.len()
        ));
    }
    let newest = &ids[..ids.len().min(TRACES_MAX)];
    query::trace_graph(client, newest, args.common.local.is_some()).await
}

/// The services as text, for people or for machines, and the order in which they are shown.
fn text(
    args: &Args,
    services: &[Value],
    previous: Option<&Order>,
) -> anyhow::Result<(String, Order)> {
    if args.common.json {
        let text = serde_json::to_string_pretty(&json!({ "Services": services }))?;
        return Ok((text + "\n", Order::default()));
    }
    let details = match args.edges {
        true => Details::Edges,
        false => Details::Nodes,
    };
    let map = Map::new(services);
    Ok(view::map(&map, details, previous, print::style()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_some_seconds() {
        assert_eq!(parse_seconds("2"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["", "0", "-1", "x", "nan", "inf", "1e9"] {
            assert!(parse_seconds(text).is_err(), "{text}");
        }
    }
}
