//! `xray-ecs completions`: what a shell needs to complete our command line.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::{Cli, print};
use crate::outcome::ExitStatus;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell; for bash: `xray-ecs completions bash > ~/.local/share/bash-completion/completions/xray-ecs`
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    // Into memory: the generator panics where a reader goes away.
    let mut script = Vec::new();
    generate(args.shell, &mut command, name, &mut script);
    // In bash's script clap_complete 4.6 spells a program with a hyphen in two ways, and completes nothing
    // after its first word (clap issue 6421).
    let script = String::from_utf8(script)?.replace("xray__subcmd__ecs", "xray__ecs");
    print::result(&script)?;
    Ok(ExitStatus::Done)
}
