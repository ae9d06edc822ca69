//! The settings every X-Ray SDK reads from the environment, and where the daemon listens.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A host and a port, not yet resolved: the name may become known only later.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// A name, an IPv4 address or an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<std::net::SocketAddr> for HostPort {
    fn from(address: std::net::SocketAddr) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
        }
    }
}

/// Where the daemon listens: UDP for segments, TCP for the calls it forwards.
///
/// Its text is `host:port` for both, or `tcp:host:port udp:host:port` in either order, as in
/// `AWS_XRAY_DAEMON_ADDRESS`; an IPv6 address stands in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DaemonAddress {
    /// Where segments go.
    pub udp: HostPort,
    /// Where sampling rules come from; that it accepts tells that the daemon is up.
    pub tcp: HostPort,
}

impl Default for DaemonAddress {
    fn default() -> Self {
        let both = HostPort {
            host: "127.0.0.1".to_owned(),
            port: 2000,
        };
        Self {
            udp: both.clone(),
            tcp: both,
        }
    }
}

impl fmt::Display for DaemonAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.udp == self.tcp {
            self.udp.fmt(f)
        } else {
            write!(f, "udp:{} tcp:{}", self.udp, self.tcp)
        }
    }
}

/// A text that is no daemon address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("daemon address `{0}`: write `host:port`, or `tcp:host:port udp:host:port`")]
pub struct DaemonAddressError(String);

impl FromStr for DaemonAddress {
    type Err = DaemonAddressError;

    fn from_str(text: &str) -> Result<Self, DaemonAddressError> {
        parse_daemon_address(text).ok_or_else(|| DaemonAddressError(text.to_owned()))
    }
}

fn parse_daemon_address(text: &str) -> Option<DaemonAddress> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    match parts[..] {
        [both] => {
            let both = parse_host_port(both)?;
            Some(DaemonAddress {
                udp: both.clone(),
                tcp: both,
            })
        }
        [a, b] => {
            let (udp, tcp) = match (a.strip_prefix("udp:"), b.strip_prefix("udp:")) {
                (Some(udp), None) => (udp, b.strip_prefix("tcp:")?),
                (None, Some(udp)) => (udp, a.strip_prefix("tcp:")?),
                _ => return None,
            };
            Some(DaemonAddress {
                udp: parse_host_port(udp)?,
                tcp: parse_host_port(tcp)?,
            })
        }
        _ => None,
    }
}

fn parse_host_port(text: &str) -> Option<HostPort> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => {
            let address = bracketed.strip_suffix(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            address
        }
        None if host.is_empty() || host.contains(':') => return None,
        None => host,
    };
    // `u16::from_str` takes a leading `+`, an address does not.
    if !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    Some(HostPort {
        host: host.to_owned(),
        port: port.parse().ok().filter(|&port| port != 0)?,
    })
}

/// What to do when a call wants to be traced and there is no segment to hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextMissing {
    /// The call fails.
    RuntimeError,
    /// The call goes on; an error is logged.
    #[default]
    LogError,
    /// The call goes on, silently.
    IgnoreError,
}

/// What the environment says, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `AWS_XRAY_DAEMON_ADDRESS`, default 127.0.0.1:2000.
    pub daemon_address: DaemonAddress,
    /// `AWS_XRAY_TRACING_NAME`: the name of every segment; it wins over the code.
    pub tracing_name: Option<String>,
    /// `AWS_XRAY_CONTEXT_MISSING`, default `LOG_ERROR`.
    pub context_missing: ContextMissing,
    /// `AWS_XRAY_SDK_ENABLED=false` or `AWS_XRAY_SDK_DISABLED=true` turn tracing off.
    pub enabled: bool,
    /// The daemon is a sidecar, which may start later and stop earlier than the process: on ECS
    /// (`ECS_CONTAINER_METADATA_URI_V4` is set), at a loopback address.
    pub beside_sidecar: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            daemon_address: DaemonAddress::default(),
            tracing_name: None,
            context_missing: ContextMissing::default(),
            enabled: true,
            beside_sidecar: false,
        }
    }
}

/// A variable whose value is not one of those it takes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// The address is malformed.
    #[error("AWS_XRAY_DAEMON_ADDRESS: {0}")]
    DaemonAddress(#[source] DaemonAddressError),
    /// A word that is none of those listed.
    #[error("{variable}: `{value}` is not one of {known}")]
    UnknownValue {
        /// The variable.
        variable: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        known: &'static str,
    },
}

/// Every variable that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsErrors(pub Vec<SettingsError>);

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsErrors {}

impl Settings {
    /// Reads the settings through `variable`, which answers a variable's value; an empty value is
    /// as good as none.
    ///
    /// # Errors
    /// Every variable that cannot be understood, at once.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsErrors> {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut settings = Self {
            tracing_name: get("AWS_XRAY_TRACING_NAME"),
            ..Self::default()
        };
        let mut errors = Vec::new();
        if let Some(address) = get("AWS_XRAY_DAEMON_ADDRESS") {
            match address.parse() {
                Ok(address) => settings.daemon_address = address,
                Err(error) => errors.push(SettingsError::DaemonAddress(error)),
            }
        }
        if let Some(value) = get("AWS_XRAY_CONTEXT_MISSING") {
            match value.as_str() {
                "RUNTIME_ERROR" => settings.context_missing = ContextMissing::RuntimeError,
                "LOG_ERROR" => settings.context_missing = ContextMissing::LogError,
                "IGNORE_ERROR" => settings.context_missing = ContextMissing::IgnoreError,
                _ => errors.push(SettingsError::UnknownValue {
                    variable: "AWS_XRAY_CONTEXT_MISSING",
                    value,
                    known: "RUNTIME_ERROR, LOG_ERROR, IGNORE_ERROR",
                }),
            }
        }
        for (name, disabling) in [
            ("AWS_XRAY_SDK_ENABLED", false),
            ("AWS_XRAY_SDK_DISABLED", true),
        ] {
            let Some(value) = get(name) else { continue };
            match value.to_ascii_lowercase().parse::<bool>() {
                Ok(value) => settings.enabled &= value != disabling,
                Err(_) => errors.push(SettingsError::UnknownValue {
                    variable: name,
                    value,
                    known: "true, false",
                }),
            }
        }
        let on_ecs = get("ECS_CONTAINER_METADATA_URI_V4").is_some();
        settings.beside_sidecar = on_ecs && is_loopback(&settings.daemon_address.udp.host);
        if errors.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsErrors(errors))
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let ip = host.parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_vectors_of_daemon_addresses_hold() {
        let vectors: Value =
            serde_json::from_str(include_str!("../tests/vectors/daemon_address.json")).unwrap();
        // Better than any official SDK, and not a fault: brackets, and blanks around and between.
        let ours =
            |input: &str| input.contains("[::1]") || input.ends_with(' ') || input.contains("  ");
        for case in vectors["cases"].as_array().unwrap() {
            let input = case["input"].as_str().unwrap();
            let parsed = input.parse::<DaemonAddress>();
            let expected = case["must_accept"] == true || ours(input);
            assert_eq!(parsed.is_ok(), expected, "{input:?}");
            if case["must_accept"] == true {
                let parsed = parsed.unwrap();
                assert_eq!(parsed.udp.to_string(), case["python"]["udp"], "{input:?}");
                assert_eq!(parsed.tcp.to_string(), case["python"]["tcp"], "{input:?}");
            }
        }
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        let address: DaemonAddress = "tcp:[::1]:2001 udp:[::1]:2000".parse().unwrap();
        assert_eq!(address.udp.host, "::1");
        assert_eq!(address.to_string(), "udp:[::1]:2000 tcp:[::1]:2001");
        assert!("::1:2000".parse::<DaemonAddress>().is_err());
        assert!("[::x]:2000".parse::<DaemonAddress>().is_err());
        assert!("localhost:+20".parse::<DaemonAddress>().is_err());
        assert!("localhost:0".parse::<DaemonAddress>().is_err());
    }

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsErrors> {
        Settings::from_env(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        assert_eq!(read(&[]).unwrap(), Settings::default());
        assert_eq!(
            read(&[
                ("AWS_XRAY_DAEMON_ADDRESS", ""),
                ("AWS_XRAY_SDK_ENABLED", "")
            ]),
            read(&[])
        );
    }

    #[test]
    fn each_variable_is_read() {
        let settings = read(&[
            ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:3000"),
            ("AWS_XRAY_TRACING_NAME", "nightly"),
            ("AWS_XRAY_CONTEXT_MISSING", "IGNORE_ERROR"),
            ("AWS_XRAY_SDK_DISABLED", "TRUE"),
            ("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/x"),
        ])
        .unwrap();
        assert_eq!(settings.daemon_address.udp.port, 3000);
        assert_eq!(settings.tracing_name.as_deref(), Some("nightly"));
        assert_eq!(settings.context_missing, ContextMissing::IgnoreError);
        assert!(!settings.enabled);
        assert!(settings.beside_sidecar);
        assert!(!read(&[("AWS_XRAY_SDK_ENABLED", "false")]).unwrap().enabled);
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let errors = read(&[
            ("AWS_XRAY_DAEMON_ADDRESS", "nowhere"),
            ("AWS_XRAY_CONTEXT_MISSING", "log"),
            ("AWS_XRAY_SDK_ENABLED", "0"),
        ])
        .unwrap_err();
        assert_eq!(errors.0.len(), 3);
        assert_eq!(
            errors.0[1].to_string(),
            "AWS_XRAY_CONTEXT_MISSING: `log` is not one of RUNTIME_ERROR, LOG_ERROR, IGNORE_ERROR"
        );
    }
}
