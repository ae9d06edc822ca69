//! The configuration file of the official daemon, versions 1 and 2: YAML, read with all its faults.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use checked_json::{Fault, Faults, Position, suggestion};
use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};
use xray_daemon::Endpoint;

use super::log::LogLevel;
use super::options::{self, Options};
use crate::aws::http::HttpProxy;

/// Where a file is looked for when none is named: the first that is there counts.
pub(super) const SEARCHED: [&str; 2] = ["/etc/amazon/xray/cfg.yaml", "cfg.yaml"];

const KEYS: [&str; 15] = [
    "TotalBufferSizeMB",
    "Concurrency",
    "Region",
    "Endpoint",
    "Socket.UDPAddress",
    "Socket.TCPAddress",
    "Logging.LogRotation",
    "Logging.LogLevel",
    "Logging.LogPath",
    "LocalMode",
    "ResourceARN",
    "RoleARN",
    "NoVerifySSL",
    "ProxyAddress",
    "Version",
];

/// Keys of long ago, and what says the same now, if anything does.
const FORMER: [(&str, Option<&str>); 10] = [
    ("LogRotation", Some("Logging.LogRotation")),
    ("MemoryLimit", Some("TotalBufferSizeMB")),
    ("Processor.Endpoint", Some("Endpoint")),
    ("Processor.Region", Some("Region")),
    ("Processor.Routine", Some("Concurrency")),
    ("Logging.LogFormat", None),
    ("Processor.BatchProcessorQueueSize", None),
    ("Profile.CPU", None),
    ("Profile.Memory", None),
    ("Socket.BufferSizeKB", None),
];

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct FromFile {
    pub(super) options: Options,
    /// What nobody knows, where that is no error.
    pub(super) warnings: Faults,
}

/// Reads the named file, in which an unknown key is a fault; else the first of `searched` that is
/// there, in which it is a warning; else nothing.
///
/// # Errors
/// All that is wrong with the file.
pub(super) fn find(
    named: Option<&Path>,
    searched: impl IntoIterator<Item = PathBuf>,
) -> Result<FromFile, Faults> {
    let (path, is_named) = match named {
        Some(path) => (path.to_owned(), true),
        None => match searched.into_iter().find(|path| path.exists()) {
            Some(path) => (path, false),
            None => return Ok(FromFile::default()),
        },
    };
    let source_name = path.display().to_string();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Faults::cannot_be_read(&source_name, &error))?;
    read(&source_name, &text, is_named)
}

fn read(source_name: &str, text: &str, is_named: bool) -> Result<FromFile, Faults> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let position = position(error.marker());
        Faults::one(
            source_name,
            Some(position),
            format!("no YAML: {}", error.info()),
        )
    })?;
    let mut reader = Reader {
        source_name,
        found: FromFile::default(),
        faults: Faults::default(),
        has_version: false,
    };
    match &documents[..] {
        [] => {}
        [document] => reader.document(document, is_named),
        [_, second, ..] => reader.fault(second, "", "one document is read, here begins another"),
    }
    if !reader.has_version && reader.faults.told.is_empty() {
        let missing = "is missing, write `Version: 2`";
        reader.faults.told.push(Fault {
            source_name: source_name.to_owned(),
            position: None,
            field: "Version".to_owned(),
            message: missing.to_owned(),
        });
    }
    match reader.faults.count() {
        0 => Ok(reader.found),
        _ => Err(reader.faults.cut()),
    }
}

fn position(marker: &saphyr::Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

struct Reader<'a> {
    source_name: &'a str,
    found: FromFile,
    faults: Faults,
    has_version: bool,
}

impl Reader<'_> {
    fn document(&mut self, document: &MarkedYaml<'_>, is_named: bool) {
        let Some(mapping) = document.data.as_mapping() else {
            self.fault(
                document,
                "",
                "wanted keys with values, such as `Version: 2`",
            );
            return;
        };
        for (key, value) in mapping {
            let name = key_of(key);
            match value.data.as_mapping() {
                Some(section) => {
                    for (key, value) in section {
                        let name = format!("{name}.{}", key_of(key));
                        self.entry(&name, key, value, is_named);
                    }
                }
                // A section of which everything is commented out.
                None if is_unset(value) && ["Socket", "Logging"].contains(&&*name) => {}
                None => self.entry(&name, key, value, is_named),
            }
        }
    }

    fn entry(&mut self, name: &str, key: &MarkedYaml<'_>, value: &MarkedYaml<'_>, is_named: bool) {
        if !KEYS.contains(&name) {
            let fault = self.at(key, name, unknown(name));
            match is_named {
                true => self.faults.told.push(fault),
                false => self.found.warnings.told.push(fault),
            }
            return;
        }
        if is_unset(value) {
            return;
        }
        let options = &mut self.found.options;
        let read = match name {
            "TotalBufferSizeMB" => {
                number(value, options::parse_buffer).map(|mb| options.buffer_mb = Some(mb))
            }
            "Concurrency" => number(value, options::parse_concurrency)
                .map(|number| options.of_file.concurrency = number),
            "Region" => {
                text(value, options::parse_region).map(|region| options.region = Some(region))
            }
            "Endpoint" => text(value, |text| {
                options::filled(text)?;
                from_str::<Endpoint>(text)
            })
            .map(|endpoint| options.of_file.endpoint = Some(endpoint)),
            "Socket.UDPAddress" => {
                text(value, options::parse_address).map(|address| options.udp = Some(address))
            }
            "Socket.TCPAddress" => {
                text(value, options::parse_address).map(|address| options.tcp = Some(address))
            }
            "Logging.LogRotation" => {
                boolean(value).map(|rotates| options.of_file.log_rotation = Some(rotates))
            }
            "Logging.LogLevel" => {
                text(value, LogLevel::parse).map(|level| options.log_level = Some(level))
            }
            "Logging.LogPath" => text(value, |path| Ok(PathBuf::from(path)))
                .map(|path| options.log_file = Some(path)),
            "LocalMode" => boolean(value).map(|is_local| options.local_mode = Some(is_local)),
            "ResourceARN" => {
                text(value, options::parse_arn).map(|arn| options.resource_arn = Some(arn))
            }
            "RoleARN" => text(value, options::parse_role).map(|arn| options.role_arn = Some(arn)),
            "ProxyAddress" => {
                text(value, from_str::<HttpProxy>).map(|proxy| options.proxy_address = Some(proxy))
            }
            "NoVerifySSL" => match boolean(value) {
                Ok(true) => Err(
                    "certificates are always verified: leave it out, and name the file with \
                     those of your own authority in AWS_CA_BUNDLE"
                        .to_owned(),
                ),
                checked => checked.map(drop),
            },
            _ => {
                self.has_version = true;
                number(value, version)
            }
        };
        if let Err(message) = read {
            self.fault(value, name, message);
        }
    }

    fn fault(&mut self, at: &MarkedYaml<'_>, name: &str, message: impl Into<String>) {
        let fault = self.at(at, name, message);
        self.faults.told.push(fault);
    }

    fn at(&self, at: &MarkedYaml<'_>, name: &str, message: impl Into<String>) -> Fault {
        Fault {
            source_name: self.source_name.to_owned(),
            position: Some(position(&at.span.start)),
            field: name.to_owned(),
            message: message.into(),
        }
    }
}

fn key_of(key: &MarkedYaml<'_>) -> String {
    match scalar(key) {
        Some(Scalar::String(name)) => name.to_string(),
        _ => told(key),
    }
}

fn scalar<'n, 'i>(node: &'n MarkedYaml<'i>) -> Option<&'n Scalar<'i>> {
    match &node.data {
        YamlData::Value(scalar) => Some(scalar),
        _ => None,
    }
}

/// Nothing, or an empty text, which the official daemon takes for nothing.
fn is_unset(value: &MarkedYaml<'_>) -> bool {
    match scalar(value) {
        Some(Scalar::Null) => true,
        Some(Scalar::String(text)) => text.is_empty(),
        _ => false,
    }
}

fn unknown(name: &str) -> String {
    if let Some((_, now)) = FORMER.iter().find(|(former, _)| *former == name) {
        return match now {
            Some(now) => format!("is called `{now}` now"),
            None => "is no key any more, leave it out".to_owned(),
        };
    }
    // A key in the wrong section, or in none.
    let word = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
    match KEYS.iter().find(|key| word(key) == word(name)) {
        Some(key) => format!("unknown key, did you mean `{key}`?"),
        None => format!("unknown key{}", suggestion(name, &KEYS)),
    }
}

fn text<T>(value: &MarkedYaml<'_>, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, String> {
    match scalar(value) {
        Some(Scalar::String(text)) => parse(text),
        _ => Err(format!("found {}, wanted a text", told(value))),
    }
}

fn number<T>(
    value: &MarkedYaml<'_>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, String> {
    match scalar(value) {
        Some(Scalar::Integer(number)) => parse(&number.to_string()),
        _ => Err(format!("found {}, wanted a whole number", told(value))),
    }
}

fn boolean(value: &MarkedYaml<'_>) -> Result<bool, String> {
    match scalar(value) {
        Some(Scalar::Boolean(is_true)) => Ok(*is_true),
        _ => Err(format!("found {}, wanted true or false", told(value))),
    }
}

fn version(text: &str) -> Result<(), String> {
    match text {
        "1" | "2" => Ok(()),
        _ => Err(format!("`{text}` is no version of this file: write 1 or 2")),
    }
}

fn from_str<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// A value in words.
fn told(value: &MarkedYaml<'_>) -> String {
    match &value.data {
        YamlData::Value(Scalar::Null) => "nothing".to_owned(),
        YamlData::Value(Scalar::Boolean(value)) => value.to_string(),
        YamlData::Value(Scalar::Integer(number)) => format!("the number {number}"),
        YamlData::Value(Scalar::FloatingPoint(number)) => format!("the number {number}"),
        YamlData::Value(Scalar::String(text)) => format!("the text `{text}`"),
        YamlData::Sequence(_) => "a list".to_owned(),
        YamlData::Mapping(_) => "keys with values".to_owned(),
        _ => "something else".to_owned(),
    }
}

#[cfg(test)]
mod tests;
