//! The address of the endpoint: `http://HOST[:PORT]/PATH`.

use crate::settings::HostPort;

/// Where to connect, and which path to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: HostPort,
    /// Without a slash at its end.
    pub(super) path: String,
}

impl Address {
    /// Reads an address; the error completes the sentence that begins with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        // What goes into a request as it is must not end its line.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has characters that an address has not");
        }
        let rest = text
            .strip_prefix("http://")
            .ok_or("does not begin with http://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains(['@', '?', '#']) || path.contains(['?', '#']) {
            return Err("has more than host, port and path");
        }
        Ok(Self {
            host: parse_authority(authority)?,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// The whole address of what lies at `path` beneath it.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{}{path}", self.host, self.path)
    }
}

fn parse_authority(authority: &str) -> Result<HostPort, &'static str> {
    let no_port = "has a port that is no number from 1 to 65535";
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("has no `]` after its `[`")?;
            match port {
                "" => (host, None),
                _ => (host, Some(port.strip_prefix(':').ok_or(no_port)?)),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        None => 80,
        Some(port) => match port.parse() {
            Ok(number) if number > 0 => number,
            _ => return Err(no_port),
        },
    };
    if host.is_empty() || host.contains(['[', ']']) {
        return Err("has no host");
    }
    Ok(HostPort {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ecs_sets_is_read() {
        let address = Address::parse("http://169.254.170.2/v4/abc-123/").unwrap();
        assert_eq!(address.host.to_string(), "169.254.170.2:80");
        assert_eq!(
            address.url("/task"),
            "http://169.254.170.2:80/v4/abc-123/task"
        );
        let address = Address::parse("http://[fd00:ec2::23]:8080").unwrap();
        assert_eq!(address.url(""), "http://[fd00:ec2::23]:8080");
        assert_eq!(Address::parse("http://[::1]/a").unwrap().host.port, 80);
    }

    #[test]
    fn what_is_no_address_is_told() {
        for (text, why) in [
            ("https://h/v4", "does not begin with http://"),
            ("169.254.170.2", "does not begin with http://"),
            ("http://", "has no host"),
            ("http://:80/", "has no host"),
            (
                "http://h:0/",
                "has a port that is no number from 1 to 65535",
            ),
            (
                "http://h:99999/",
                "has a port that is no number from 1 to 65535",
            ),
            ("http://[::1/", "has no `]` after its `[`"),
            ("http://u@h/", "has more than host, port and path"),
            ("http://h/a?b", "has more than host, port and path"),
            (
                "http://h/a\r\nX: y",
                "has characters that an address has not",
            ),
        ] {
            assert_eq!(Address::parse(text), Err(why), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_an_address_or_a_reason(text: String, rest in "[\\[\\]:/@a-z0-9]{0,20}") {
            let _ = Address::parse(&text);
            if let Ok(address) = Address::parse(&format!("http://{rest}")) {
                proptest::prop_assert_eq!(Address::parse(&address.url("")), Ok(address));
            }
        }
    }
}
