//! What an S3 request is about, read from its URL: every operation has it there, and no list of
//! operations and parameters has to be kept.

/// The bucket and the key, from a URL of either style.
pub(super) fn bucket_and_key(url: &str) -> (Option<String>, Option<String>) {
    let Some((_, rest)) = url.split_once("://") else {
        return (None, None);
    };
    let rest = rest.split('?').next().unwrap_or(rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.split(':').next().unwrap_or(authority);
    let (bucket, key) = match host_bucket(host) {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let decoded = |text: &str| (!text.is_empty()).then(|| percent_decode(text));
    (decoded(bucket), decoded(key))
}

/// The bucket of a virtual-hosted URL: `BUCKET.s3.REGION.amazonaws.com`, `BUCKET.s3-REGION...`, and
/// `BUCKET.localhost` for a local S3.
fn host_bucket(host: &str) -> Option<&str> {
    if let Some(bucket) = host.strip_suffix(".localhost") {
        return Some(bucket);
    }
    if !host.contains(".amazonaws.com") {
        return None;
    }
    // The last one: a bucket's own name may hold `.s3.`.
    let at = [".s3.", ".s3-", ".s3express-"]
        .iter()
        .filter_map(|mark| host.rfind(mark))
        .max()?;
    Some(&host[..at])
}

fn percent_decode(text: &str) -> String {
    let hex = |digit: u8| char::from(digit).to_digit(16);
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while place < bytes.len() {
        let escape = match bytes[place..] {
            [b'%', high, low, ..] => hex(high).zip(hex(low)),
            _ => None,
        };
        match escape {
            Some((high, low)) => {
                decoded.push((high * 16 + low) as u8);
                place += 3;
            }
            None => {
                decoded.push(bytes[place]);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles_of_urls_are_read() {
        for (url, bucket, key) in [
            ("https://s3.eu-west-1.amazonaws.com/", None, None),
            ("http://127.0.0.1:9000/acme", Some("acme"), None),
            ("http://127.0.0.1:9000/acme?versioning", Some("acme"), None),
            (
                "http://127.0.0.1:9000/acme/a/b%20c.json?x-id=GetObject",
                Some("acme"),
                Some("a/b c.json"),
            ),
            (
                "https://acme.s3.eu-west-1.amazonaws.com/k",
                Some("acme"),
                Some("k"),
            ),
            (
                "https://acme.s3.amazonaws.com/?encryption",
                Some("acme"),
                None,
            ),
            (
                "https://my.s3.logs.s3.eu-west-1.amazonaws.com/",
                Some("my.s3.logs"),
                None,
            ),
            (
                "https://acme.s3-us-west-2.amazonaws.com/",
                Some("acme"),
                None,
            ),
            (
                "https://acme.s3.dualstack.us-east-1.amazonaws.com/k",
                Some("acme"),
                Some("k"),
            ),
            ("http://acme.localhost:9000/k", Some("acme"), Some("k")),
            ("http://minio:9000/acme/k%zz", Some("acme"), Some("k%zz")),
            ("nothing", None, None),
        ] {
            let (found_bucket, found_key) = bucket_and_key(url);
            assert_eq!(
                (found_bucket.as_deref(), found_key.as_deref()),
                (bucket, key),
                "{url}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_url_is_read_without_a_panic(url: String) {
            let _ = bucket_and_key(&url);
            let _ = bucket_and_key(&format!("http://h/{url}"));
        }
    }
}
