//! The schedule file of a command, and the AWS that it is for.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use aws_config::{Region, SdkConfig};
use chrono::{DateTime, Utc};
use scheduler::diff::Remote;
use scheduler::ecs::Ecs;
use scheduler::eventbridge::EventBridge;
use scheduler::file::{CheckedFile, Context, read};
use scheduler::place::Place;

use crate::cli::print;
use crate::spec::{Environment, Faults};
use crate::{aws, spec};

/// The file of a command.
#[derive(Debug, clap::Args)]
pub(super) struct File {
    /// The schedule file; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(super) path: PathBuf,
}

/// A schedule file and the AWS that it is for.
pub(super) struct Online {
    pub(super) file: CheckedFile,
    pub(super) config: SdkConfig,
    pub(super) eventbridge: EventBridge,
    pub(super) ecs: Ecs,
}

impl Online {
    /// The rules on AWS of the file's names and those of its schedule.
    pub(super) async fn remote(&self) -> anyhow::Result<Remote> {
        let names: Vec<&str> = self
            .file
            .rules
            .iter()
            .map(|rule| rule.name.as_str())
            .collect();
        let remote = self.eventbridge.read(&names, &self.file.name).await;
        remote.context("read the rules on AWS")
    }
}

/// What is known of the region and the account without asking anybody.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
}

impl Known {
    /// As the environment says.
    pub(super) fn of_environment(environment: &Environment) -> anyhow::Result<Self> {
        let region = match environment.get_non_empty("AWS_REGION")? {
            Some(region) => Some(region),
            None => environment.get_non_empty("AWS_DEFAULT_REGION")?,
        };
        let account = environment.get_non_empty("AWS_ACCOUNT_ID")?;
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|c| c.is_ascii_digit());
        if let Some(account) = account.filter(|account| !is_account(account)) {
            bail!("AWS_ACCOUNT_ID: `{account}` is no account, write its twelve digits");
        }
        Ok(Self {
            region: region.map(str::to_owned),
            account: account.map(str::to_owned),
        })
    }
}

impl File {
    /// What stands in it.
    pub(super) fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.path == Path::new("-") {
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            read.context("read the schedule from standard input")?;
            return Ok(bytes);
        }
        let name = self.path.display();
        std::fs::read(&self.path).with_context(|| match spec::nearest_file(&self.path) {
            Some(near) if !self.path.exists() => {
                format!(
                    "read schedule file {name}, did you mean `{}`?",
                    near.display()
                )
            }
            _ => format!("read schedule file {name}"),
        })
    }

    /// Reads and checks it with what is known.
    pub(super) fn check(
        &self,
        bytes: &[u8],
        environment: &Environment,
        known: Known,
        now: DateTime<Utc>,
    ) -> Result<CheckedFile, Faults> {
        let variable = |name: &str| match environment.get(name) {
            Ok(value) => Ok(value.map(str::to_owned)),
            Err(error) => Err(error.to_string()),
        };
        let context = Context {
            region: known.region,
            account: known.account,
            variable: &variable,
            now,
        };
        read(&self.path, bytes, &context)
    }

    /// That the credentials are of the account that the file names.
    pub(super) fn check_account(&self, named: Option<&str>, place: &Place) -> anyhow::Result<()> {
        if let Some(named) = named.filter(|named| *named != place.account) {
            bail!(
                "{} is for account {named}, and the credentials are of {}: sign in to the other one",
                self.path.display(),
                place.account
            );
        }
        Ok(())
    }

    /// Reads it and the AWS that it is for. Tells all faults and answers nothing when there are some.
    pub(super) async fn read_online(
        &self,
        environment: &Environment,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<Online>> {
        let bytes = self.bytes()?;
        Ok(told(self.online(&bytes, environment, now).await?))
    }

    /// Finds out whose credentials these are, and checks what stands in the file for their account.
    pub(super) async fn online(
        &self,
        bytes: &[u8],
        environment: &Environment,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Result<Online, Faults>> {
        // The file's own faults come before what is wrong with the credentials.
        let known = Known::of_environment(environment)?;
        let file = match self.check(bytes, environment, known, now) {
            Ok(file) => file,
            Err(faults) => return Ok(Err(faults)),
        };
        let (config, place) = find_place(environment, file.region.clone()).await?;
        self.check_account(file.account.as_deref(), &place)?;
        let known = Known {
            region: Some(place.region.clone()),
            account: Some(place.account.clone()),
        };
        let checked = self.check(bytes, environment, known, now);
        Ok(checked.map(|file| Online {
            file,
            eventbridge: EventBridge::new(&config, place.clone()),
            ecs: Ecs::new(&config, &place),
            config,
        }))
    }
}

/// The region, of the file or else of the configuration, and the account of the credentials as STS
/// says it: what the environment says of the account may be wrong, and something is going to be changed.
pub(super) async fn find_place(
    environment: &Environment,
    region: Option<String>,
) -> anyhow::Result<(SdkConfig, Place)> {
    let (config, region) = configured(environment, region).await?;
    let said = aws::credentials(&config, "").await?;
    let account = aws::account(&config, Some(&region)).await?;
    if let Some(said) = said.filter(|said| *said != account) {
        bail!(
            "the credentials are of account {account}, and AWS_ACCOUNT_ID or the profile says {said}: \
             correct it"
        );
    }
    Ok((config, Place { region, account }))
}

/// The same with the account that the credentials themselves say, where they do: for what only looks.
pub(super) async fn place_as_said(
    environment: &Environment,
    region: Option<String>,
) -> anyhow::Result<(SdkConfig, Place)> {
    let (config, region) = configured(environment, region).await?;
    let account = match aws::credentials(&config, "").await? {
        Some(account) => account,
        None => aws::account(&config, Some(&region)).await?,
    };
    Ok((config, Place { region, account }))
}

/// The configuration in the region of the file, else its own.
async fn configured(
    environment: &Environment,
    region: Option<String>,
) -> anyhow::Result<(SdkConfig, String)> {
    environment.check_text("AWS_")?;
    let config = aws::config_of_environment(environment).await?;
    let own = config.region().map(|region| region.as_ref().to_owned());
    let Some(region) = region.or(own.filter(|region| !region.is_empty())) else {
        bail!(
            "no AWS region: set AWS_REGION, or name it in the schedule file, for `dump` by --region"
        );
    };
    let config = config
        .to_builder()
        .region(Region::new(region.clone()))
        .build();
    Ok((config, region))
}

/// What was made of the file, when it has no faults; else they are told.
pub(super) fn told<T>(checked: Result<T, Faults>) -> Option<T> {
    match checked {
        Ok(made) => Some(made),
        Err(faults) => {
            print::foreign(&faults.to_string());
            None
        }
    }
}

/// Tells what is legal and may be regretted.
pub(super) fn warn(file: &CheckedFile) {
    for warning in &file.warnings {
        print::foreign(&format!("warning: {warning}"));
    }
}
