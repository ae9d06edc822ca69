//! `xray-ecs map`: the service map.

use serde_json::json;

use super::{Common, Recent, ask, found};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::spec::Environment;
use crate::{query, view};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    recent: Recent,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    ask(&args.common, environment, async |client| {
        let services = query::service_graph(client, args.recent.window()).await?;
        if args.common.json {
            print::json(&json!({ "Services": services }))?;
        } else {
            print::result(&view::service_map(&services, print::style()))?;
        }
        Ok(found(&services))
    })
}
