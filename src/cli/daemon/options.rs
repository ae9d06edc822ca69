//! What the daemon may be told, by flags or in its file, in the words of the official daemon.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use checked_json::placeholder_of_name;
use xray_daemon::{Config, Endpoint};

use super::log::LogLevel;
use crate::aws::http::HttpProxy;

/// Where a daemon listens when nobody says otherwise, UDP and TCP.
const ADDRESS_DEFAULT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2000);

/// The least memory that the official daemon takes, in MB.
const BUFFER_MB_MIN: u64 = 3;

/// More is a slip of the pen.
const BUFFER_MB_MAX: u64 = 1 << 20;

/// The most uploads at a time.
const CONCURRENCY_MAX: usize = 1000;

/// Everything is optional: the flags come first, then the file, then the defaults.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Options {
    /// Listen for segments on this UDP address [default: 127.0.0.1:2000]
    #[arg(short = 'b', long = "bind", value_name = "ADDRESS", value_parser = parse_address)]
    pub(super) udp: Option<SocketAddr>,

    /// Listen on this TCP address for calls for sampling rules, which are signed and forwarded, and
    /// for GET /healthz [default: 127.0.0.1:2000]
    #[arg(short = 't', long = "bind-tcp", value_name = "ADDRESS", value_parser = parse_address)]
    pub(super) tcp: Option<SocketAddr>,

    /// Memory for segments that wait for upload, at least 3 MB; 0 is the default, 16 MB
    #[arg(short = 'm', long = "buffer-memory", value_name = "MB", value_parser = parse_buffer)]
    pub(super) buffer_mb: Option<u64>,

    /// Send segments to X-Ray in this region [default: AWS_REGION, the profile, the ECS task's, the
    /// instance's]
    #[arg(short = 'n', long, value_parser = parse_region)]
    pub(super) region: Option<String>,

    /// Assume this IAM role to send segments, to another account for example
    #[arg(short = 'r', long, value_name = "ARN", value_parser = parse_role)]
    pub(super) role_arn: Option<String>,

    /// The ARN of the AWS resource that runs the daemon, for its telemetry
    #[arg(short = 'a', long, value_name = "ARN", value_parser = parse_arn)]
    pub(super) resource_arn: Option<String>,

    /// Do not ask the EC2 instance for region and credentials
    #[arg(
        short = 'o',
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    pub(super) local_mode: Option<bool>,

    /// Send segments through this HTTP proxy, such as http://proxy:3128
    #[arg(short = 'p', long, value_name = "URL")]
    pub(super) proxy_address: Option<HttpProxy>,

    /// Log to this file, not to stderr; at 50 MB it becomes FILE.1 and a new one begins
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,

    /// How much to log, from the most: dev, debug, info, prod, warn, error [default: prod]
    #[arg(short = 'l', long, value_name = "LEVEL", value_parser = LogLevel::parse)]
    pub(super) log_level: Option<LogLevel>,

    /// These are of the file alone, as with the official daemon.
    #[arg(skip)]
    pub(super) of_file: OfFile,
}

/// What only the file can say.
#[derive(Clone, Debug, Default)]
pub(super) struct OfFile {
    pub(super) concurrency: Option<usize>,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) log_rotation: Option<bool>,
}

impl Options {
    /// These, and where they say nothing, those.
    pub(super) fn or(self, others: Self) -> Self {
        Self {
            udp: self.udp.or(others.udp),
            tcp: self.tcp.or(others.tcp),
            buffer_mb: self.buffer_mb.filter(|mb| *mb > 0).or(others.buffer_mb),
            region: self.region.or(others.region),
            role_arn: self.role_arn.or(others.role_arn),
            resource_arn: self.resource_arn.or(others.resource_arn),
            local_mode: self.local_mode.or(others.local_mode),
            proxy_address: self.proxy_address.or(others.proxy_address),
            log_file: self.log_file.or(others.log_file),
            log_level: self.log_level.or(others.log_level),
            of_file: others.of_file,
        }
    }

    /// Where it listens on TCP.
    pub(super) fn tcp(&self) -> SocketAddr {
        self.tcp.unwrap_or(ADDRESS_DEFAULT)
    }

    /// The configuration of a daemon that is told this.
    pub(super) fn config(&self) -> Config {
        let default = Config::default();
        let buffer = self.buffer_mb.filter(|mb| *mb > 0);
        Config {
            udp: self.udp.unwrap_or(ADDRESS_DEFAULT),
            tcp: Some(self.tcp()),
            queue_bytes_max: buffer.map_or(default.queue_bytes_max, |mb| (mb as usize) << 20),
            upload_concurrency: self
                .of_file
                .concurrency
                .unwrap_or(default.upload_concurrency),
            ..default
        }
    }

    pub(super) fn is_local(&self) -> bool {
        self.local_mode == Some(true)
    }
}

/// `:2000` is all addresses, as for the official daemon.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let full = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None if text.starts_with(':') => format!("0.0.0.0{text}"),
        None => text.to_owned(),
    };
    full.parse().map_err(|_| {
        format!(
            "`{text}` is no address with a port: write one such as 127.0.0.1:2000 or [::1]:2000"
        )
    })
}

pub(super) fn parse_buffer(text: &str) -> Result<u64, String> {
    let mb = text.parse().ok();
    mb.filter(|mb| *mb == 0 || (BUFFER_MB_MIN..=BUFFER_MB_MAX).contains(mb))
        .ok_or_else(|| {
            format!(
                "`{text}` is no such memory: write whole MB from {BUFFER_MB_MIN} to \
                 {BUFFER_MB_MAX}, or 0 for the default"
            )
        })
}

/// 0 is the default, as for the official daemon.
pub(super) fn parse_concurrency(text: &str) -> Result<Option<usize>, String> {
    let number = text.parse::<usize>().ok();
    match number.filter(|number| *number <= CONCURRENCY_MAX) {
        Some(0) => Ok(None),
        Some(number) => Ok(Some(number)),
        None => Err(format!(
            "`{text}` is no number of uploads: write one from 1 to {CONCURRENCY_MAX}"
        )),
    }
}

pub(super) fn parse_region(text: &str) -> Result<String, String> {
    match xray_daemon::default_endpoint(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!(
            "`{text}` is no region: write one such as eu-west-1"
        )),
    }
}

pub(super) fn parse_role(text: &str) -> Result<String, String> {
    filled(text)?;
    match parse_arn(text) {
        Ok(arn) if arn.contains(":iam:") && arn.contains(":role/") => Ok(arn),
        _ => Err(format!(
            "`{text}` is no role: write one such as arn:aws:iam::111122223333:role/xray"
        )),
    }
}

/// That nothing stands in a text that somebody was to replace.
pub(super) fn filled(text: &str) -> Result<(), String> {
    match placeholder_of_name(text) {
        Some(found) => Err(format!(
            "`{found}` is a placeholder that nobody filled in: write the value"
        )),
        None => Ok(()),
    }
}

pub(super) fn parse_arn(text: &str) -> Result<String, String> {
    filled(text)?;
    match text.starts_with("arn:") && text.split(':').count() >= 6 {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "`{text}` is no ARN: write arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_filled_in() {
        assert!(parse_role("arn:aws:iam::111122223333:role/xray").is_ok());
        for unfilled in [
            "arn:aws:iam::${AWS_ACCOUNT_ID}:role/xray",
            "arn:aws:iam::111122223333:role/<role>",
        ] {
            let told = parse_role(unfilled).unwrap_err();
            assert!(told.contains("is a placeholder"), "{told}");
            assert!(parse_arn(unfilled).is_err());
        }
    }

    #[test]
    fn an_address_may_leave_out_the_host() {
        let parsed = |text| parse_address(text).map(|address| address.to_string());
        assert_eq!(parsed(":2000").as_deref(), Ok("0.0.0.0:2000"));
        assert_eq!(parsed("localhost:1").as_deref(), Ok("127.0.0.1:1"));
        assert_eq!(parsed("[::1]:2000").as_deref(), Ok("[::1]:2000"));
        for bad in ["", "2000", "127.0.0.1", "xray:2000", "1.2.3.4:70000"] {
            let error = parsed(bad).unwrap_err();
            assert!(error.contains(&format!("`{bad}`")), "{error}");
        }
    }

    #[test]
    fn numbers_have_their_limits_and_zero_is_the_default() {
        let ok = |text| parse_buffer(text).ok();
        assert_eq!(
            ["0", "3", "1048576"].map(ok),
            [Some(0), Some(3), Some(1 << 20)]
        );
        assert_eq!(["1", "2", "-1", "", "1048577", "3MB"].map(ok), [None; 6]);
        assert_eq!(parse_concurrency("0"), Ok(None));
        assert_eq!(parse_concurrency("1000"), Ok(Some(1000)));
        assert!(parse_concurrency("1001").is_err() && parse_concurrency("-1").is_err());
    }

    #[test]
    fn arns_are_told_apart() {
        let role = "arn:aws-cn:iam::111122223333:role/path/xray";
        assert_eq!(parse_role(role).as_deref(), Ok(role));
        for bad in [
            "",
            "xray",
            "arn:aws:iam::111122223333:user/xray",
            "arn:aws:role/",
        ] {
            assert!(parse_role(bad).is_err(), "{bad}");
        }
        assert!(parse_arn("arn:aws:ec2:eu-west-1:111122223333:instance/i-1").is_ok());
        assert!(parse_arn("instance/i-1").is_err());
    }

    #[test]
    fn flags_come_before_the_file_and_both_before_the_defaults() {
        let flags = Options {
            buffer_mb: Some(0),
            region: Some("eu-west-1".to_owned()),
            ..Options::default()
        };
        let file = Options {
            buffer_mb: Some(4),
            region: Some("us-east-1".to_owned()),
            local_mode: Some(true),
            of_file: OfFile {
                concurrency: Some(2),
                ..OfFile::default()
            },
            ..Options::default()
        };
        let options = flags.or(file);
        assert_eq!(options.region.as_deref(), Some("eu-west-1"));
        assert!(options.is_local());
        let config = options.config();
        assert_eq!(config.queue_bytes_max, 4 << 20);
        assert_eq!(config.upload_concurrency, 2);
        assert_eq!(Options::default().config(), Config::default());
    }
}
