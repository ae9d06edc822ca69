//! CloudWatch Logs, as far as the log of a task is read: one call, signed by our own client.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use scheduler::run_task::{LogPage, LogStream, ReadLogs};
use serde::Deserialize;
use serde_json::json;
use xray_daemon::{CallError, Endpoint, SignedClient, service_endpoint};

use super::http::{self, Roots};
use crate::spec::Environment;

/// Reads the logs of tasks.
pub(crate) struct Logs {
    config: SdkConfig,
    /// The endpoint that the environment names.
    named: Option<Endpoint>,
    /// The region of streams that name none.
    region: String,
    roots: Roots,
    /// They keep their connections.
    clients: Mutex<BTreeMap<String, SignedClient>>,
}

/// What GetLogEvents answers (API reference of CloudWatch Logs).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    #[serde(default)]
    events: Vec<Event>,
    next_forward_token: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    message: String,
}

impl Logs {
    /// Those of a region, called as the configuration and the environment say:
    /// `AWS_ENDPOINT_URL_CLOUDWATCH_LOGS`, else `AWS_ENDPOINT_URL`, else AWS.
    ///
    /// # Errors
    /// The endpoint is none, or `AWS_CA_BUNDLE` names no file of certificates.
    pub(crate) fn new(
        config: &SdkConfig,
        environment: &Environment,
        region: &str,
    ) -> anyhow::Result<Self> {
        let own = environment.get_non_empty("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS")?;
        let named = own.or(config.endpoint_url());
        Ok(Self {
            config: config.clone(),
            named: named.map(str::parse).transpose()?,
            region: region.to_owned(),
            roots: Roots::of_environment(environment)?,
            clients: Mutex::default(),
        })
    }

    fn client(&self, region: Option<&str>) -> Result<SignedClient, String> {
        let region = region.unwrap_or(&self.region);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(region) {
            return Ok(client.clone());
        }
        let endpoint = match &self.named {
            Some(endpoint) => endpoint.clone(),
            None => service_endpoint("logs", region).map_err(|error| error.to_string())?,
        };
        let credentials = self.config.credentials_provider();
        let client = SignedClient::new("logs", endpoint, region.to_owned(), credentials)
            .with_connector(http::connector(self.roots.clone(), None));
        clients.insert(region.to_owned(), client.clone());
        Ok(client)
    }
}

impl ReadLogs for Logs {
    async fn read(&self, stream: &LogStream, from: Option<&str>) -> Result<LogPage, String> {
        let client = self.client(stream.region.as_deref())?;
        let mut body = json!({
            "logGroupName": stream.group,
            "logStreamName": stream.stream,
            "startFromHead": true,
        });
        if let Some(from) = from {
            body["nextToken"] = from.into();
        }
        let answer = client
            .call_json("Logs_20140328.GetLogEvents", body.to_string())
            .await;
        let answer = match answer {
            // A task that has written nothing has no stream yet.
            Err(CallError::Service { service, .. })
                if service.code == "ResourceNotFoundException" =>
            {
                return Ok(LogPage::default());
            }
            answer => answer.map_err(|error| format!("read the log {}: {error}", stream.stream))?,
        };
        let events: Events = serde_json::from_slice(&answer)
            .map_err(|error| format!("read the log {}: {error}", stream.stream))?;
        let lines = events.events.iter().flat_map(|event| event.message.lines());
        Ok(LogPage {
            is_there: true,
            lines: lines.map(str::to_owned).collect(),
            next: events.next_forward_token,
        })
    }
}
