//! X-Ray from this process: a client of its API, and a daemon inside the process.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use xray_daemon::{Config, Counts, CountsHandle, Daemon, Endpoint, TelemetryOptions, XrayClient};

use crate::aws::http::{self, Roots};
use crate::spec::Environment;

/// A client of the X-Ray API as the environment describes it: `AWS_ENDPOINT_URL_XRAY`, else
/// `AWS_ENDPOINT_URL`, else AWS; `AWS_CA_BUNDLE`.
pub(crate) fn client(config: &SdkConfig, environment: &Environment) -> anyhow::Result<XrayClient> {
    let endpoint = endpoint(config, environment)?;
    let roots = Roots::of_environment(environment)?;
    client_at(endpoint, config, http::connector(roots, None))
}

/// The endpoint that the environment names, if it does.
pub(crate) fn endpoint(
    config: &SdkConfig,
    environment: &Environment,
) -> anyhow::Result<Option<Endpoint>> {
    let url = match environment.get_non_empty("AWS_ENDPOINT_URL_XRAY")? {
        Some(url) => Some(url),
        None => config.endpoint_url(),
    };
    let endpoint = url.map(str::parse).transpose();
    endpoint.context("AWS_ENDPOINT_URL_XRAY")
}

/// A client of the X-Ray API at this endpoint, else that of AWS.
pub(crate) fn client_at(
    endpoint: Option<Endpoint>,
    config: &SdkConfig,
    connector: SharedHttpConnector,
) -> anyhow::Result<XrayClient> {
    let region = config.region().map(|region| region.as_ref().to_owned());
    let (endpoint, region) = match (endpoint, region) {
        (Some(endpoint), region) => (endpoint, region.unwrap_or_else(|| "us-east-1".to_owned())),
        (None, Some(region)) => (xray_daemon::default_endpoint(&region)?, region),
        (None, None) => anyhow::bail!("no AWS region: set AWS_REGION, or a region in the profile"),
    };
    let client = XrayClient::new(endpoint, region, config.credentials_provider());
    Ok(client.with_connector(connector))
}

/// A daemon inside this process.
#[derive(Debug)]
pub(crate) struct EmbeddedDaemon {
    address: String,
    counts: CountsHandle,
    stop: oneshot::Sender<()>,
    cut: oneshot::Sender<()>,
    ended: JoinHandle<Counts>,
}

impl EmbeddedDaemon {
    /// Starts one at this address, UDP and TCP, that uploads through `client` and, with telemetry, tells
    /// what it did.
    pub(crate) fn start(
        address: SocketAddr,
        client: XrayClient,
        telemetry: Option<TelemetryOptions>,
    ) -> anyhow::Result<Self> {
        let config = Config {
            udp: address,
            tcp: Some(address),
            telemetry,
            ..Config::default()
        };
        let daemon = Daemon::bind(config)
            .context("start the daemon; choose another address with --daemon")?;
        let udp = daemon.udp_address();
        let address = match daemon.tcp_address() {
            Some(tcp) if tcp != udp => format!("udp:{udp} tcp:{tcp}"),
            _ => udp.to_string(),
        };
        let counts = daemon.counts();
        let (stop, stopped) = oneshot::channel();
        let (cut, was_cut) = oneshot::channel();
        let ended = tokio::spawn(daemon.run_until(
            client,
            async {
                let _ = stopped.await;
            },
            async {
                if was_cut.await.is_err() {
                    std::future::pending::<()>().await; // nobody is there to cut it off
                }
            },
        ));
        Ok(Self {
            address,
            counts,
            stop,
            cut,
            ended,
        })
    }

    /// Where it listens, as `AWS_XRAY_DAEMON_ADDRESS` has it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends it once all it has received is in X-Ray, or `limit` has passed, and says what became of
    /// everything.
    pub(crate) async fn drain(mut self, limit: Duration) -> Counts {
        let _ = self.stop.send(());
        let ended = match tokio::time::timeout(limit, &mut self.ended).await {
            Ok(ended) => ended,
            Err(_) => {
                let _ = self.cut.send(());
                self.ended.await
            }
        };
        ended.unwrap_or_else(|_| self.counts.read())
    }
}
